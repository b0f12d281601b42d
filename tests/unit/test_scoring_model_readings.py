"""What a model read is kept, and of one reading it says what it said among many: to the last bit."""

import lightgbm
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.model import Calibration, Head, Model, matrix, readings
from services.scoring.model.scorers import Binned, Blended, Boosted, Scorecard

COLUMNS = ("a", "b", "c", "d", "e")
VALUES = st.one_of(st.none(), st.floats(width=32, allow_nan=False, allow_infinity=False))
TABLES = st.lists(st.lists(VALUES, min_size=5, max_size=5), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def model() -> Model:
    """Trees and a scorecard together, as `anxin train` makes them."""
    draw = np.random.default_rng(7)
    values = draw.normal(size=(400, len(COLUMNS)))
    labels = (values[:, 0] + 0.3 * draw.normal(size=400)) > 0
    told = {"objective": "binary", "num_leaves": 7, "verbosity": -1, "num_threads": 1}
    trees = lightgbm.train(told, lightgbm.Dataset(values, labels), num_boost_round=30).model_to_string()
    bins = tuple(Binned(name, (-0.7, 0.1, 0.9), (-1.3, 0.2, 0.7, 1.1), 0.05, 0.37) for name in COLUMNS)
    ranks = Blended(((0.75, Boosted(trees, COLUMNS, -3.1)), (0.25, Scorecard(bins, -4.0))))
    calibration = Calibration((-6.0, -2.0, 3.0), (-7.0, -2.5, 1.0))
    return Model("model", Head(ranks, calibration), dict.fromkeys(COLUMNS, "bills"))


def a_table(rows: list[list[float | None]]) -> pl.DataFrame:
    columns = {name: pl.Series([row[place] for row in rows], dtype=pl.Float32) for place, name in enumerate(COLUMNS)}
    return pl.DataFrame({"subject": [f"s{number}" for number in range(len(rows))]} | columns)


@given(rows=TABLES)
@settings(max_examples=60, deadline=None)
def test_of_a_kept_reading_a_model_says_what_it_said_among_many(model: Model, rows: list[list[float | None]]) -> None:
    table = a_table(rows)
    kept = readings.packed(table, model.columns)
    among_many, reasons = model.foretell(table), model.reasons(table, 3)
    for place, subject in enumerate(table["subject"]):
        alone = readings.unpacked(kept[subject], subject, model.columns)
        assert np.array_equal(matrix(alone, COLUMNS), matrix(table, COLUMNS)[place : place + 1], equal_nan=True)
        assert model.foretell(alone) == [among_many[place]]
        assert model.reasons(alone, 3) == [reasons[place]]


def test_a_column_that_the_table_lacks_is_kept_as_not_known() -> None:
    kept = readings.packed(pl.DataFrame({"subject": ["s"], "a": [1.5]}), ("a", "b"))
    assert readings.unpacked(kept["s"], "s", ("a", "b")).row(0)[:2] == ("s", 1.5)
    assert np.isnan(readings.unpacked(kept["s"], "s", ("a", "b"))["b"][0])


def test_a_reading_of_other_columns_is_refused() -> None:
    kept = readings.packed(a_table([[1.0] * 5]), COLUMNS)
    with pytest.raises(ValueError, match="5 values were read, the model has 2 columns"):
        readings.unpacked(kept["s0"], "s0", ("a", "b"))
