"""Where an employer stands among its peers: those of its industry, size and town, as all were known at that time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from services.scoring.measurebook import Measurebook
from services.scoring.measures.series import Columns
from services.scoring.measures.snapshot import Snapshot, measure_of
from services.scoring.worlds.tables import Array

# From the closest peers to everyone.
_LEVELS = (("industry", "size", "town"), ("industry", "size"), ("industry",), ())


@dataclass(frozen=True)
class Peers:
    """Those who stand for the population: at each level the names of its groups and each one's group; their columns."""

    names: tuple[pl.Series, ...]
    groups: tuple[Array, ...]
    columns: Columns
    least: int

    def ranks(self, snapshot: Snapshot, numbers: Array, columns: Columns) -> Columns:
        """`<dataset>.<measure>.peer` (n,): the share of peers with less, ties by half; NaN where unknown.

        Who owes nothing stands at 0: half the share of all who owe nothing would be a number of the day.
        """
        texts = _groups(snapshot, numbers)
        groups = tuple(_place(text, names) for text, names in zip(texts, self.names, strict=True))
        there = [name for name in self.columns if name in columns]
        ranks = {name: self._rank(name, groups, columns[name]) for name in there}
        ranks |= {name: _of_debtors(ranks[name], columns[name]) for name in there if is_debt(name, snapshot.book)}
        return {f"{name.rpartition('.')[0]}.peer": rank for name, rank in ranks.items()}

    def _rank(self, name: str, groups: tuple[Array, ...], values: Array) -> Array:
        rank = np.full(len(values), np.nan)
        known = ~np.isnan(self.columns[name])
        theirs = self.columns[name][known]
        for level, (own, others) in enumerate(zip(groups, self.groups, strict=True)):
            is_open = np.isnan(rank) & ~np.isnan(values)
            least = self.least if level < len(_LEVELS) - 1 else 1
            rank[is_open] = _ranks(others[known], theirs, own[is_open], values[is_open], least)
        return rank


def is_debt(column: str, book: Measurebook) -> bool:
    """Whether a column is of amounts that should be zero."""
    found = measure_of(column, book)
    return found is not None and book.shape(found[1]) == "debt"


def _of_debtors(rank: Array, values: Array) -> Array:
    found: Array = np.where((values == 0) & ~np.isnan(rank), 0.0, rank)
    return found


@dataclass(frozen=True)
class Looks:
    """Of some who stand for the population: the names of their groups at each level, and their ranked columns."""

    groups: tuple[pl.Series, ...]
    columns: Columns


def peers_at(snapshot: Snapshot) -> Peers:
    """The peers of a time: those of the whole population known then who stand for it."""
    known = snapshot.world.known_numbers(snapshot.moment.at)
    codes = snapshot.world.register.codes.gather(pl.Series(known))
    return assembled([looks(snapshot, known[stand_for_all(codes, snapshot.book)])], snapshot.book)


def stand_for_all(codes: pl.Series, book: Measurebook) -> Array:
    """Who of a population stands for it (n,) of bool: everyone, or of a large one every n-th by a hash of the code."""
    every = max(1, -(-len(codes) // book.peers.sample))
    return np.asarray(codes.hash(3).to_numpy() % every == 0) if every > 1 else np.ones(len(codes), dtype=bool)


def looks(snapshot: Snapshot, numbers: Array) -> Looks:
    """What the ranks need of employers by number; of those who stand for all it may be asked for in parts."""
    ranked = {
        f"{each.dataset}.{measure.code}": measure.peers
        for each in snapshot.world.datasets
        for measure in each.measures
        if measure.peers
    }
    columns = snapshot.columns(numbers, only=frozenset(ranked)) if ranked else {}
    wanted = {f"{code}.{feature}" for code, feature in ranked.items()}
    return Looks(_groups(snapshot, numbers), {name: column for name, column in columns.items() if name in wanted})


def assembled(parts: Sequence[Looks], book: Measurebook) -> Peers:
    """The peers of all the parts; their order does not matter. `parts` has one at least."""
    texts = [pl.concat([part.groups[level] for part in parts]) for level in range(len(_LEVELS))]
    names = tuple(text.unique().sort() for text in texts)
    groups = tuple(_place(text, name) for text, name in zip(texts, names, strict=True))
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    return Peers(names, groups, columns, book.peers.least)


def _groups(snapshot: Snapshot, numbers: Array) -> tuple[pl.Series, ...]:
    profile = snapshot.world.profiles(numbers, snapshot.moment.at).fill_null("?")
    return tuple(
        profile.select(pl.concat_str([pl.lit(""), *level], separator="|").alias("group")).to_series()
        if level
        else pl.Series("group", [""] * len(numbers), dtype=pl.String)
        for level in _LEVELS
    )


def _ranks(groups: Array, theirs: Array, own: Array, values: Array, least: int) -> Array:
    """The share of one's group that is below, ties by half; NaN where the group has fewer than `least`.

    Group and value make one number, so that all groups are searched at once.
    """
    steps = np.unique(theirs)
    width = len(steps) + 1
    lines = np.sort(groups * width + np.searchsorted(steps, theirs))
    first, beyond = (np.searchsorted(lines, (own + more) * width) for more in (0, 1))
    less = np.searchsorted(lines, own * width + np.searchsorted(steps, values, side="left"))
    most = np.searchsorted(lines, own * width + np.searchsorted(steps, values, side="right"))
    size = np.where(own < 0, 0, beyond - first)
    rank = np.full(len(values), np.nan)
    np.divide(less + most - 2 * first, 2 * size, out=rank, where=size >= least)
    return rank


def _place(texts: pl.Series, names: pl.Series) -> Array:
    """Each text's place in sorted names; -1 where it is not there."""
    numbered = pl.DataFrame({"name": names}).with_row_index("place")
    found = pl.DataFrame({"name": texts}).join(numbered, on="name", how="left", maintain_order="left")
    return found.get_column("place").cast(pl.Int64).fill_null(-1).to_numpy()
