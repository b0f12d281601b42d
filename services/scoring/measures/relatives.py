"""How those fare who are tied to an employer: the same legal representative, the same project."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from services.scoring.measurebook import Measurebook, Tie
from services.scoring.measures.breadth import breadth
from services.scoring.measures.series import Columns
from services.scoring.measures.snapshot import Snapshot
from services.scoring.worlds.tables import Array
from services.scoring.worlds.views import rows_at


@dataclass(frozen=True)
class Pairs:
    """Who is tied to whom: places (m,) in the employers asked for, and the numbers (m,) of their relatives."""

    places: Array
    numbers: Array


def ties_at(snapshot: Snapshot) -> dict[str, pl.DataFrame]:
    """Of each kind of tie the members of every group that was known then: group, number."""
    kinds = {tie.code: tie for tie in snapshot.book.ties}
    return {code: circles(members, kinds[code]).sort("group", "number") for code, members in named(snapshot).items()}


def named(snapshot: Snapshot) -> dict[str, pl.DataFrame]:
    """Of each kind of tie who named which group, each once: group, number."""
    return {tie.code: _members(snapshot, tie) for tie in snapshot.book.ties if _parties(snapshot, tie)}


def circles(members: pl.DataFrame, tie: Tie) -> pl.DataFrame:
    """The members of those groups that are a tie: of more than one, and not of too many."""
    size = pl.len().over("group")
    return members.filter((size > 1) & (size <= tie.most))


def _parties(snapshot: Snapshot, tie: Tie) -> list[tuple[str, str]]:
    there = {each.dataset for each in snapshot.world.datasets}
    named = [(party.dataset, party.item) for party in tie.of if party.dataset in there]
    return [(code, item) for code, item in named if item in snapshot.world.table(code).words]


def _members(snapshot: Snapshot, tie: Tie) -> pl.DataFrame:
    everyone = np.arange(len(snapshot.world.register.codes))
    told = []
    for code, item in _parties(snapshot, tie):
        table = snapshot.world.table(code)
        places, values = table.words[item]
        rows, numbers = rows_at(table, everyone, snapshot.moment.at)
        groups = values.gather(pl.Series(places[rows]).replace(-1, None)).alias("group")
        told.append(pl.DataFrame([groups, pl.Series("number", numbers)]).drop_nulls())
    return pl.concat(told).unique()


def related(snapshot: Snapshot, ties: dict[str, pl.DataFrame], numbers: Array, own: Columns) -> Columns:
    """`related.<tie>.others`, and the worst and the mean of each key column of theirs; NaN where none is known."""
    pairs = {code: _pairs(members, numbers) for code, members in ties.items()}
    relatives = np.unique(np.concatenate([np.empty(0, np.int64), *(each.numbers for each in pairs.values())]))
    keys = _keys(snapshot, relatives, numbers, own)
    found: Columns = {}
    for code, each in pairs.items():
        found[f"related.{code}.others"] = np.bincount(each.places, minlength=len(numbers)).astype(np.float64)
        at = np.searchsorted(relatives, each.numbers)
        for name, column in keys.items():
            worst, mean = _worst_and_mean(each.places, column[at], len(numbers))
            found |= {f"related.{code}.{name}_worst": worst, f"related.{code}.{name}_mean": mean}
    return found


def _pairs(members: pl.DataFrame, numbers: Array) -> Pairs:
    asked = pl.DataFrame({"number": numbers, "place": np.arange(len(numbers))}, schema_overrides={"number": pl.Int64})
    tied = asked.join(members, on="number").join(members, on="group", suffix="_other")
    each = tied.filter(pl.col("number") != pl.col("number_other")).select("place", "number_other").unique()
    each = each.sort("place", "number_other")
    return Pairs(each.get_column("place").to_numpy(), each.get_column("number_other").to_numpy())


def _keys(snapshot: Snapshot, relatives: Array, numbers: Array, own: Columns) -> Columns:
    """The key columns of the relatives (m,): of those who were asked for as they are, of the others worked out."""
    wanted = {each.code: each.column for each in snapshot.book.relatives if each.column in own}
    order = np.argsort(numbers, kind="stable")
    at = np.minimum(np.searchsorted(numbers[order], relatives), max(len(numbers) - 1, 0))
    is_asked = numbers[order][at] == relatives if len(numbers) else np.zeros(len(relatives), dtype=bool)
    strangers = relatives[~is_asked]
    others = snapshot.columns(strangers, only=_looked_at(snapshot.book)) if len(strangers) else {}
    others |= breadth(others, snapshot.book)
    keys = {}
    for code, column in wanted.items():
        keys[code] = np.empty(len(relatives))
        keys[code][is_asked] = own[column][order[at[is_asked]]]
        if len(strangers):
            keys[code][~is_asked] = others[column]
    return keys


def _looked_at(book: Measurebook) -> frozenset[str]:
    """The measures that the key columns are made of: what counts for breadth, and those that are named."""
    bad = {
        f"{each.dataset}.{measure.code}"
        for each in book.datasets
        for measure in each.measures
        if measure.risk > 0 and book.shape(measure) in ("debt", "event")
    }
    return frozenset(bad | {each.column.rpartition(".")[0] for each in book.relatives})


def _worst_and_mean(places: Array, values: Array, count: int) -> tuple[Array, Array]:
    known = ~np.isnan(values)
    worst = np.full(count, -np.inf)
    np.maximum.at(worst, places[known], values[known])
    sums = np.bincount(places[known], weights=values[known], minlength=count)
    told = np.bincount(places[known], minlength=count)
    mean = np.divide(sums, told, out=np.full(count, np.nan), where=told > 0)
    return np.where(np.isneginf(worst), np.nan, worst), mean
