"""From a table of features to the matrix that a model reads."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.integer[Any]]


def matrix(table: pl.DataFrame, columns: Sequence[str]) -> Floats:
    """(rows, columns) float32, NaN where a value is missing; a column that the table does not have is all missing."""
    known = set(table.columns)
    there = [place for place, name in enumerate(columns) if name in known]
    told = table.select(pl.col(columns[place]).cast(pl.Float32).fill_null(float("nan")) for place in there)
    values = np.full((table.height, len(columns)), np.nan, dtype=np.float32, order="F")
    for place, column in zip(there, told.iter_columns(), strict=True):
        values[:, place] = column.to_numpy()
    return values
