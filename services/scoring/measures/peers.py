"""Where an employer stands among its peers: those of its industry, size and town, as all were known at that time."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from services.scoring.measures.series import Columns
from services.scoring.measures.snapshot import Snapshot
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
        """`<dataset>.<measure>.peer` (n,): the share of peers with less, ties by half; NaN where unknown."""
        texts = _groups(snapshot, numbers)
        groups = tuple(_place(text, names) for text, names in zip(texts, self.names, strict=True))
        return {
            f"{name.rpartition('.')[0]}.peer": self._rank(name, groups, columns[name])
            for name in self.columns
            if name in columns
        }

    def _rank(self, name: str, groups: tuple[Array, ...], values: Array) -> Array:
        rank = np.full(len(values), np.nan)
        known = ~np.isnan(self.columns[name])
        theirs = self.columns[name][known]
        for level, (own, others) in enumerate(zip(groups, self.groups, strict=True)):
            is_open = np.isnan(rank) & ~np.isnan(values)
            least = self.least if level < len(_LEVELS) - 1 else 1
            rank[is_open] = _ranks(others[known], theirs, own[is_open], values[is_open], least)
        return rank


def peers_at(snapshot: Snapshot) -> Peers:
    """The peers of a time: the whole population known then, or of a large one every n-th by a hash of the code."""
    world, policy = snapshot.world, snapshot.book.peers
    known = world.known_numbers(snapshot.moment.at)
    every = max(1, -(-len(known) // policy.sample))
    if every > 1:
        hashes = world.register.codes.gather(pl.Series(known)).hash(3).to_numpy()
        known = known[hashes % every == 0]
    ranked = {
        f"{each.dataset}.{measure.code}": measure.peers
        for each in world.datasets
        for measure in each.measures
        if measure.peers
    }
    columns = snapshot.columns(known, only=frozenset(ranked)) if ranked else {}
    wanted = {f"{code}.{feature}" for code, feature in ranked.items()}
    kept = {name: column for name, column in columns.items() if name in wanted}
    texts = _groups(snapshot, known)
    names = tuple(text.unique().sort() for text in texts)
    groups = tuple(_place(text, name) for text, name in zip(texts, names, strict=True))
    return Peers(names, groups, kept, policy.least)


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
