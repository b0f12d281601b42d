"""How many kinds of sources say that an employer is in trouble, and how long the longest trouble has lasted."""

import numpy as np

from services.scoring.measurebook import Breadth, Measurebook, Measured
from services.scoring.measures.series import Columns
from services.scoring.worlds.tables import Array


def breadth(columns: Columns, book: Measurebook) -> Columns:
    """`breadth.<code>.bad` and `.months` of the columns of a snapshot; NaN where nothing is known."""
    found: Columns = {}
    for group in book.breadth:
        datasets = [each for each in book.datasets if each.family in group.of]
        found |= _of(group, datasets, columns, book)
    return found


def _of(group: Breadth, datasets: list[Measured], columns: Columns, book: Measurebook) -> Columns:
    bad = [level for each in datasets if (level := _is_bad(each, columns, book)) is not None]
    named = [f"{each.dataset}.{m.code}.months" for each in datasets for m in each.measures if m.risk > 0]
    runs = [columns[name] for name in named if name in columns]
    found = {"bad": _total(bad)} if bad else {}
    found |= {"months": np.fmax.reduce(runs)} if runs else {}
    return {f"breadth.{group.code}.{feature}": column for feature, column in found.items()}


def _is_bad(dataset: Measured, columns: Columns, book: Measurebook) -> Array | None:
    """1 where any measure of a dataset says so, 0 where none does, NaN where none speaks; None without a column."""
    signs = {"debt": ("level",), "event": ("count_90",), "flow": (), "record": ()}
    names = [
        f"{dataset.dataset}.{measure.code}.{feature}"
        for measure in dataset.measures
        if measure.risk > 0
        for feature in signs[book.shape(measure)]
    ]
    told = [np.where(np.isnan(columns[name]), np.nan, columns[name] > 0) for name in names if name in columns]
    return np.fmax.reduce(told) if told else None


def _total(parts: list[Array]) -> Array:
    stacked = np.stack(parts)
    is_known = ~np.isnan(stacked)
    return np.where(is_known.any(axis=0), np.where(is_known, stacked, 0).sum(axis=0), np.nan)
