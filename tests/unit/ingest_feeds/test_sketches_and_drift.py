"""Sketches add up, and drift is found where it is and not where it is not."""

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.catalogue import Dataset, shipped
from services.ingest.feeds.drift import by_chance, drifts, psi
from services.ingest.feeds.sketches import MOST_WORDS, OTHER, Sketch, added, bucket_middle, quantiles, sketch
from services.ingest.validation import FAULTS, ROW, Batch, Checker
from tests.ingest_rows import NOW, a_dataset, an_item

NO_FAULTS = pl.DataFrame(schema=FAULTS)
MONEY = a_dataset(an_item("money"))
WORD = a_dataset(an_item("enum", open=True))


def amounts(values: Sequence[float | None]) -> Sketch:
    texts = [None if value is None else Decimal(str(round(value, 2))) for value in values]
    frame = pl.DataFrame(
        {"id": [str(number) for number in range(len(values))], "value": texts},
        schema={"id": pl.String, "value": pl.Decimal(18, 2)},
    )
    return sketch(frame, NO_FAULTS, MONEY)


def words(values: list[str | None]) -> Sketch:
    frame = pl.DataFrame({"id": ["1"] * len(values), "value": values}, schema={"id": pl.String, "value": pl.String})
    return sketch(frame, NO_FAULTS, WORD)


def lognormal(count: int, seed: int, middle: float = 9.0) -> list[float | None]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [chance.lognormvariate(middle, 1.5) for _ in range(count)]


def test_completeness_is_the_share_of_rows_in_which_an_item_is_there() -> None:
    found = amounts([1.0, None, 3.0, None])
    assert found.completeness() == {"id": 1.0, "value": 0.5}
    assert Sketch().completeness() == {}


def test_faults_are_counted_by_item_and_code() -> None:
    faults = pl.DataFrame([(1, "value", "negative"), (4, "value", "negative")], schema=FAULTS, orient="row")
    assert sketch(pl.DataFrame(schema={"id": pl.String, "value": pl.Float64}), faults, MONEY).faults == {
        "value:negative": 2
    }


def test_personal_items_are_counted_and_never_looked_at() -> None:
    dataset = shipped().datasets["hc_payroll_detail"]
    personal = {item.item for item in dataset.items if item.sensitivity != "P1"}
    frame = pl.DataFrame({item.item: ["330106199001011234"] for item in dataset.items if item.kind in ("str", "idno")})
    missing = [item.item for item in dataset.items if item.item not in frame.columns]
    found = sketch(frame.with_columns(pl.lit(None, pl.String).alias(name) for name in missing), NO_FAULTS, dataset)
    assert personal
    assert personal <= set(found.filled)
    assert not personal & (set(found.words) | set(found.numbers))


@given(st.lists(st.lists(st.sampled_from([None, 0.0, -5.5, 0.01, 12.0, 99999.0]), max_size=20), min_size=1, max_size=5))
def test_a_days_sketch_is_that_of_all_its_rows_however_they_came(batches: list[list[float | None]]) -> None:
    assert added(map(amounts, batches)) == added([amounts([value for batch in batches for value in batch])])


def test_rare_words_share_one_name_and_no_row_is_lost() -> None:
    total = added([words([f"kind {number}" for number in range(300)]), words(["common"] * 50)])
    counts = total.words["value"]
    assert len(counts) == MOST_WORDS
    assert (counts["common"], sum(counts.values())) == (50, 350)
    assert OTHER in counts


@pytest.mark.parametrize("amount", [0.01, 1.0, 123.45, 9_999_999.0, -77.0])
def test_a_bucket_names_its_numbers_within_a_third(amount: float) -> None:
    (bucket,) = amounts([amount]).numbers["value"]
    assert bucket_middle(bucket) == pytest.approx(amount, rel=0.34)


def test_quantiles_are_those_of_the_rows() -> None:
    counts = amounts([0.0] * 50 + [100.0] * 40 + [10_000.0] * 10).numbers["value"]
    low, middle, high = quantiles(counts, (0.1, 0.9, 0.95))
    assert low == 0
    assert middle == pytest.approx(100, rel=0.34)
    assert high == pytest.approx(10_000, rel=0.34)


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=12), st.data())
def test_psi_is_never_negative_and_nothing_of_equal_shares(past: list[int], data: Any) -> None:
    now = data.draw(st.lists(st.integers(0, 10_000), min_size=len(past), max_size=len(past)))
    assert psi(past, now) >= 0
    assert psi(past, past) == pytest.approx(0)


def test_psi_of_a_worked_example() -> None:
    # Shares 0.5/0.5 against 0.9/0.1: (0.9-0.5) ln(0.9/0.5) + (0.1-0.5) ln(0.1/0.5) = 0.2351 + 0.6438.
    assert psi([500_000, 500_000], [900_000, 100_000]) == pytest.approx(0.8789, abs=1e-3)


def test_chance_allows_less_the_more_rows_there_are() -> None:
    bounds = [by_chance(rows, rows, 10, 3.09) for rows in (200, 2_000, 20_000)]
    assert bounds == sorted(bounds, reverse=True)
    # 27.88 is the 99.9 % quantile of chi-square with 9 degrees of freedom.
    assert bounds[0] == pytest.approx(27.88 / 100, rel=0.01)


@given(st.integers(0, 10_000))
def test_two_samples_of_one_population_do_not_drift(seed: int) -> None:
    past, now = amounts(lognormal(1500, seed)), amounts(lognormal(300, seed + 1))
    assert not [each for each in drifts(past, now) if each.is_beyond]


def test_amounts_in_fen_instead_of_yuan_drift() -> None:
    (found,) = drifts(amounts(lognormal(1500, 1)), amounts(lognormal(300, 2, middle=9.0 + 4.6)))
    assert (found.item, found.is_beyond) == ("value", True)


def test_a_dictionary_that_changed_drifts() -> None:
    (found,) = drifts(words(["增值税", "个人所得税"] * 200), words(["VAT", "IIT"] * 150))
    assert found.is_beyond


def test_few_rows_say_nothing() -> None:
    assert drifts(amounts(lognormal(1500, 1)), amounts([1.0] * 199)) == []


@pytest.mark.parametrize("dataset", shipped().datasets.values(), ids=lambda dataset: dataset.dataset)
def test_every_dataset_of_the_catalogue_can_be_sketched(dataset: Dataset) -> None:
    texts = pl.DataFrame(
        [{item.item: None for item in dataset.items}] * 3, schema=dict.fromkeys(dataset.by_name, pl.String)
    )
    checked = Checker(dataset).check(Batch(texts.with_row_index(ROW, offset=1), NO_FAULTS), NOW)
    assert sketch(checked.values, checked.faults, dataset).rows == len(checked.values)
    assert sum(sketch(checked.values, checked.faults, dataset).faults.values()) == len(checked.faults)
