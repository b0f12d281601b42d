"""A file in which one item has the wrong type in every row: another dataset's file, or columns that changed places."""

import polars as pl

from services.ingest.validation.messages import CODES

# Below it every row is told by itself: a few wrong rows are no pattern.
FEWEST_ROWS = 20
TYPE_FAULTS = frozenset(code for code in CODES if code.endswith("_format")) | {"exponent", "nested", "not_an_object"}


def wrong_throughout(faults: pl.DataFrame, rows: int) -> frozenset[tuple[str, str]]:
    """The (item, code) that every one of `rows` rows has among its faults (row, item, code), of those about types."""
    of_type = faults.filter(pl.col("code").is_in(list(TYPE_FAULTS)))
    counted = of_type.group_by("item", "code").agg(pl.col("row").n_unique())
    return frozenset(counted.filter(pl.col("row") == rows).select("item", "code").iter_rows())
