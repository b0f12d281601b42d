"""The indicators read on features: points by family, capped, floors; and that every column they name can be there."""

import re
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring import rulebook
from services.scoring.inputs.points import Step, points, shipped
from services.scoring.measurebook import shipped as measures

SCALE = rulebook.shipped().scale(date(2024, 1, 1))


def told(**values: float | None) -> float:
    table = pl.DataFrame([values], schema=dict.fromkeys(values, pl.Float32))
    return float(table.select(points(STEPS, table.columns, SCALE)).item())


STEPS = (
    Step(indicator="E01", family="tax_si", column="fee", at_least=1, points=8),
    Step(indicator="E01", family="tax_si", column="fee", at_least=3, points=25, floor="orange"),
    Step(indicator="E05", family="tax_si", column="tax", at_least=2, points=15),
    Step(indicator="E10", family="utilities", column="power", at_most=0.5, points=12),
)


def test_of_an_indicators_steps_the_gravest_counts_and_families_add_up() -> None:
    assert told(fee=2, tax=2, power=1.0) == pytest.approx(23.023)
    assert told(fee=2, tax=0, power=0.4) == pytest.approx(20.020)


def test_a_family_is_capped_and_a_floor_lifts() -> None:
    cap, orange = SCALE.family_cap, SCALE.bands["orange"]
    assert told(fee=5, tax=9, power=1.0) == pytest.approx(orange + cap / 1000)


def test_what_is_missing_gives_no_points() -> None:
    assert told(fee=None, tax=None, power=None) == 0
    assert told(other=9) == 0


@given(st.floats(0, 10), st.floats(0, 10))
def test_more_of_what_is_worse_never_gives_fewer_points(fee: float, more: float) -> None:
    assert told(fee=fee + more, tax=0, power=1) >= told(fee=fee, tax=0, power=1)


def test_every_step_names_a_measure_of_the_book_and_an_indicator_of_the_list() -> None:
    known = {f"{each.dataset}.{measure.code}" for each in measures().datasets for measure in each.measures}
    for step in shipped():
        assert step.column.rpartition(".")[0] in known, step
        assert re.fullmatch(r"E(0[1-9]|[12]\d|3[0-6])|P(0[1-9]|1\d|20)", step.indicator), step
        assert (step.at_least is None) != (step.at_most is None)
