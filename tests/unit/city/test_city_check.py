"""The figures by which a city is judged, by hand; and one city of moderate size within bounds that size allows."""

from pathlib import Path

import numpy as np
import pytest

from city.building import build
from city.check.figures import auc, average_precision, logistic_fit, logistic_score
from city.check.measuring import measure
from city.check.reading import READ, read
from city.check.verdict import judged
from city.parameters import checks
from city.writing import write

EMPLOYERS = 26_000


def test_auc_counts_ties_half() -> None:
    happened = np.array([True, False, True, False])
    assert auc(np.array([2, 1, 1, 0], np.float32), happened) == pytest.approx(3.5 / 4)
    assert np.isnan(auc(np.zeros(3, np.float32), np.zeros(3, bool)))


def test_average_precision_is_the_mean_precision_over_the_hits() -> None:
    score, happened = np.array([4, 3, 2, 1], np.float32), np.array([True, False, True, False])
    assert average_precision(score, happened) == pytest.approx((1 + 2 / 3) / 2)


def test_the_regression_finds_what_it_was_made_from() -> None:
    stream = np.random.default_rng(0)
    columns = stream.standard_normal((20_000, 2)).astype(np.float32)
    happened = stream.random(20_000) < 1 / (1 + np.exp(-(1.5 * columns[:, 0] - 1)))
    beta = logistic_fit(columns, happened, np.ones(20_000, np.float32))
    assert beta == pytest.approx([1.5, 0, -1], abs=0.08)
    assert logistic_score(columns[:1], beta)[0] == pytest.approx(float(columns[0] @ beta[:2] + beta[2]), abs=1e-5)


def test_a_figure_out_of_its_bounds_is_told_apart() -> None:
    told = {one.name: one.is_good for one in judged({"yearly_rate": 0.004, "months_behind": 0.9}, checks())}
    assert told == {"yearly_rate": True, "months_behind": False}


@pytest.mark.timeout(900)  # five seconds alone; the machine may be full of other tests
def test_a_tenth_of_the_district_is_about_as_hard_as_life(tmp_path: Path) -> None:
    """A hundred cases a year leave an AUC uncertain by some 0.03: the bounds are that much wider here."""
    assert dict(write(build(3, EMPLOYERS, 3), tmp_path, only=READ))
    told = measure(read(tmp_path), checks())
    bounds = checks().ranges
    for name in ("claims_foretell_claims", "months_behind", "six_months_of_bills"):
        assert bounds[name][0] - 0.045 < told[name] < bounds[name][1] + 0.045, name
    assert 0.0025 < told["yearly_rate"] < 0.0055
    assert 0.82 < told["discovered_share"] < 0.92
    assert 0.8 < told["hazard_over_starts"] < 1.25
    assert told["oracle_auc"] > max(told[name] for name in told if name.endswith("_alone"))
