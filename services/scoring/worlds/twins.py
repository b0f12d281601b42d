"""Which codes of the datasets are one employer's, written in several ways. Decided by the data: a world may name its
employers by ids of which every letter's case counts, or write one in ten of its codes in small letters.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from services.scoring.worlds.codes import FOLDS, is_shaped, plain
from services.scoring.worlds.tables import Table

# Fewer twins are chance. Of the codes that are written otherwise than most so many have one, and one only.
_LEAST = 5
_LEAST_SHARE = 0.5
_MOST_UNSURE = 0.1
# Of two employers most months are told twice, of one that is written in two ways few; where a code has one row a month.
_MOST_SHARED = 0.5
_LEAST_MONTHS = 20
_MOST_AGAIN = 0.1
# Where months do not tell: what is common in one dataset beside the usual way of writing is no slip.
_MOST_ROWS = 0.34


@dataclass(frozen=True)
class Twins:
    """`meant`: the code that is kept (`meant`) of each `code` that is its twin. `slips`: which of `FOLDS` are slips."""

    meant: pl.DataFrame
    slips: frozenset[str]


Fold = Callable[[pl.Series], pl.Series]
NONE = Twins(pl.DataFrame(schema={"code": pl.String(), "meant": pl.String()}), frozenset())


# How a code is written: null where it has nothing of that. Whoever is not written like most rows is odd.
_STYLES: Mapping[str, pl.Expr] = {
    "case": pl.when(pl.col("alike").str.contains(r"\p{L}")).then(
        pl.col("alike").str.contains(r"\p{Lu}").cast(pl.Int32)
        + 2 * pl.col("alike").str.contains(r"\p{Ll}").cast(pl.Int32)
    ),
    "letters": pl.col("alike").str.count_matches("[Oo]"),
    "noughts": pl.when(pl.col("alike").str.contains("^[0-9]+$")).then(pl.col("alike").str.len_chars()),
}


def twins(codes: pl.Series, tables: Collection[Table]) -> Twins:
    """Of the codes (n,) by number; width and blanks alone never tell two employers apart."""
    asked = pl.DataFrame({"code": codes, "rows": _rows(codes, tables)}).with_row_index("number")
    asked = asked.filter(~is_shaped(codes))
    asked = asked.with_columns(plain(asked.get_column("code")).alias("alike"))
    slips = set[str]()
    for kind, fold in FOLDS.items():
        seen = asked.join(_written(asked, kind, fold), on="alike", how="left", maintain_order="left")
        if _are_slips(seen, tables):
            alike = pl.when(pl.col("is_odd") & (pl.col("usual") == 1)).then("twin").otherwise("alike")
            asked = seen.select(*asked.columns[:-1], alike.alias("alike"))
            slips.add(kind)
    kept = pl.col("code").sort_by(["rows", "code"], descending=[True, False]).first().over("alike")
    meant = asked.select("code", kept.alias("meant")).filter(pl.col("code") != pl.col("meant"))
    return Twins(meant, frozenset(slips))


def _rows(codes: pl.Series, tables: Collection[Table]) -> pl.Series:
    counts = [np.bincount(table.subject, minlength=len(codes)) for table in tables]
    return pl.Series(np.sum([np.zeros(len(codes), np.int64), *counts], axis=0), dtype=pl.Int64)


def _written(asked: pl.DataFrame, kind: str, fold: Fold) -> pl.DataFrame:
    """alike, folded, is_odd (null: of another kind), and of the codes that fold to the same `usual`, how many of them
    are written as most are, and `twin`, the first of those. Nobody, where each code folds to one of its own.
    """
    each = asked.group_by("alike").agg(pl.col("rows").sum()).sort("alike").with_columns(_STYLES[kind].alias("style"))
    each = each.with_columns(fold(each.get_column("alike")).alias("folded"))
    if each.get_column("folded").n_unique() == each.height:
        each = each.clear()
    styles = each.drop_nulls("style").group_by("style").agg(pl.col("rows").sum()).sort("rows", "style")
    is_odd = pl.col("style") != pl.lit(next(iter(styles["style"].reverse()), None), dtype=styles.schema["style"])
    usual = pl.col("alike").filter(~pl.col("is_odd"))
    told = each.with_columns(is_odd.alias("is_odd"))
    told = told.with_columns(twin=usual.first().over("folded"), usual=usual.len().over("folded"))
    return told.select("alike", "folded", "is_odd", "twin", "usual")


def _are_slips(seen: pl.DataFrame, tables: Collection[Table]) -> bool:
    """Whether what is written oddly is what is usual, slipped."""
    odd = seen.filter("is_odd").unique("alike")
    sure, unsure = (odd.filter(has).height for has in (pl.col("usual") == 1, pl.col("usual") > 1))
    if sure < max(_LEAST, _LEAST_SHARE * odd.height) or unsure > _MOST_UNSURE * (sure + unsure):
        return False
    shared, months = np.sum([_months(seen, table) for table in tables], axis=0)
    if months >= _LEAST_MONTHS:
        return bool(shared <= _MOST_SHARED * months)
    rarer, rows = np.sum([_balance(seen, table) for table in tables], axis=0)
    return bool(rarer <= _MOST_ROWS * rows)


def _months(seen: pl.DataFrame, table: Table) -> tuple[int, int]:
    """Months told of an odd code whose twin is told of, too, and how many of them of the twin; where there is one row a
    month.
    """
    if "month" not in table.columns:
        return 0, 0
    rows = pl.DataFrame({"number": table.subject, "month": table.month})
    rows = rows.filter(~pl.Series(np.isin(np.arange(rows.height), table.gone)))
    each = rows.unique()
    if each.height < (1 - _MOST_AGAIN) * rows.height:
        return 0, 0
    of_pairs = seen.filter(pl.col("usual") == 1).select(pl.col("number").cast(pl.Int32), "folded", "is_odd")
    told = (
        each.join(of_pairs, on="number")
        .group_by("folded", "month")
        .agg(pl.col("is_odd").any().alias("odd"), (~pl.col("is_odd")).any().alias("usual"))
    )
    both = told.filter(pl.col("usual").any().over("folded") & pl.col("odd"))
    return int(both.get_column("usual").sum()), both.height


def _balance(seen: pl.DataFrame, table: Table) -> tuple[int, int]:
    """Of a dataset's rows those written in the rarer way, odd or usual, and all."""
    told = pl.DataFrame({"number": table.subject}).group_by("number").len()
    of_codes = seen.select(pl.col("number").cast(pl.Int32), "is_odd").drop_nulls()
    told = told.join(of_codes, on="number").group_by("is_odd").agg(pl.col("len").sum())
    rows = told.get_column("len").to_list()
    return min(rows) if len(rows) > 1 else 0, sum(rows)
