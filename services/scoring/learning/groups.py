"""How often alerts are right and how many arrears the levels see, for all and by group, and how groups differ. Pure.

Precision stands on what was found behind alerts. Recall and the rates of the levels stand on random inspections alone:
what was visited because of an alert says nothing about those whom no alert named.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from services.scoring.learning.shares import Array, Share, difference, weighted, wilson

ALL = "all"
UNKNOWN = "unknown"
GROUPINGS = ("level", "town", "industry", "size")
# Between these, alerts should be equally right, and arrears equally seen.
FAIR = ("town", "industry", "size")


@dataclass(frozen=True)
class Figure:
    """A share of a group: of `rows`, so many were `hits`. `grouping` is "all" for everybody."""

    name: str
    grouping: str
    group: str
    rows: int
    hits: int
    share: Share


@dataclass(frozen=True)
class Gap:
    """A group against all others: `share` is the difference. `beyond_chance`: also with as many looks as were taken."""

    name: str
    grouping: str
    group: str
    rows: int
    others: int
    share: Share
    beyond_chance: bool


def precision(alerts: pl.DataFrame, confidence: float) -> list[Figure]:
    """Of the alerts that somebody has answered (`hit` not null), how many were right. Columns: hit, and GROUPINGS."""
    known = alerts.filter(pl.col("hit").is_not_null())
    return [PRECISION.figure(*group, confidence) for group in _grouped(known)]


def recall(visits: pl.DataFrame, confidence: float) -> list[Figure]:
    """Of those found in arrears by random inspection, how many had been told. Columns: hit, told, weight, GROUPINGS.

    Rows whose `hit` is null (nobody met, not visited yet) say nothing; their stratum's other rows carry their weight.
    """
    # By level it would be no question: who has a high one was told, who has none was not.
    groups = [group for group in _grouped(visits.filter(pl.col("hit"))) if group[0] != "level"]
    return [RECALL.figure(*group, confidence) for group in groups]


def rates(visits: pl.DataFrame, confidence: float) -> list[Figure]:
    """The share in arrears among all, and among those of each level, that random inspections found."""
    known = visits.filter(pl.col("hit").is_not_null())
    return [RATE.figure(*group, confidence) for group in _grouped(known) if group[0] in (ALL, "level")]


def weighed(visits: pl.DataFrame) -> pl.DataFrame:
    """The visits with `weight`: how many of the register each stands for.

    In its stratum, the population over those with an answer; samples count by how much they asked, so that a small one
    does not count as much as a large one. Columns: sample_id, stratum, stratum_population, hit.
    """
    answered = pl.col("hit").is_not_null()
    in_stratum = pl.col("stratum_population") / answered.sum().over("sample_id", "stratum")
    size = answered.sum().over("sample_id") / answered.sum()
    return visits.with_columns(pl.when(answered).then(in_stratum * size).otherwise(0.0).alias("weight"))


def gaps(asked: "Asked", rows: pl.DataFrame, least: int, confidence: float) -> list[Gap]:
    """Each group of the groupings that should be fair, against all the others of its grouping, the widest gap first.

    Only groups with `least` rows on both sides. So many comparisons find something by chance alone: the interval's
    confidence is that of all of them together (Bonferroni).
    """
    pairs = [pair for grouping in FAIR for pair in _pairs(rows, grouping) if min(map(len, pair[2:])) >= least]
    stricter = 1 - (1 - confidence) / max(len(pairs), 1)
    found = []
    for grouping, group, mine, others in pairs:
        gap = difference(asked.share(mine, stricter), asked.share(others, stricter))
        beyond = gap.low is not None and gap.high is not None and not gap.low <= 0 <= gap.high
        found.append(Gap(asked.name, grouping, group, len(mine), len(others), gap, beyond))
    return sorted(found, key=lambda each: (-abs(each.share.value or 0), each.grouping, each.group))


@dataclass(frozen=True)
class Asked:
    """Which share of rows is asked for: its name, the column of hits, and whether rows have a `weight`."""

    name: str
    hit: str
    is_weighted: bool

    def share(self, rows: pl.DataFrame, confidence: float) -> Share:
        """The share of hits among some rows."""
        if self.is_weighted:
            return weighted(_array(rows[self.hit]), _array(rows["weight"]), confidence)
        return wilson(float(rows[self.hit].sum() or 0), len(rows), confidence)

    def figure(self, grouping: str, group: str, rows: pl.DataFrame, confidence: float) -> Figure:
        """The figure of a group."""
        hits = int(rows[self.hit].sum() or 0)
        return Figure(self.name, grouping, group, len(rows), hits, self.share(rows, confidence))


PRECISION = Asked("precision", "hit", is_weighted=False)
RECALL = Asked("recall", "told", is_weighted=True)
RATE = Asked("rate", "hit", is_weighted=True)


def _pairs(rows: pl.DataFrame, grouping: str) -> Iterator[tuple[str, str, pl.DataFrame, pl.DataFrame]]:
    known = rows.drop_nulls(grouping)
    for group in sorted(known[grouping].unique().to_list()):
        is_mine = pl.col(grouping) == group
        yield grouping, group, known.filter(is_mine), known.filter(~is_mine)


def _grouped(rows: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    yield ALL, ALL, rows
    for grouping in GROUPINGS:
        named = rows.with_columns(pl.col(grouping).fill_null(UNKNOWN)).sort(grouping, maintain_order=True)
        for (group,), part in named.partition_by(grouping, as_dict=True, maintain_order=True).items():
            yield grouping, str(group), part


def _array(column: pl.Series) -> Array:
    return column.cast(pl.Float64).to_numpy().astype(np.float64)
