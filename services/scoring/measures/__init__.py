"""Features from measures: one definition, live and in training, of what was known at a time and of no more.

`feature_table` sees of a world only what had been reported by then, the newest version of each record. What concerns
the whole population (how feeds spoke, peers, ties) is worked out of all of it once a time: `Context`.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from services.scoring.measures.breadth import breadth
from services.scoring.measures.naming import described
from services.scoring.measures.peers import Peers, peers_at
from services.scoring.measures.relatives import related, ties_at
from services.scoring.measures.series import Columns
from services.scoring.measures.snapshot import Snapshot
from services.scoring.worlds import World
from services.scoring.worlds.codes import canonical
from services.scoring.worlds.tables import Array

__all__ = ["Context", "context_at", "described", "feature_table"]

# Employers at a time: their series fit into the processor's cache.
_CHUNK = 16_384


@dataclass(frozen=True)
class Context:
    """What all employers have in common at a time: feeds, peers, ties."""

    snapshot: Snapshot
    peers: Peers
    ties: dict[str, pl.DataFrame]


def context_at(world: World, at: datetime) -> Context:
    """The context of an aware time. Costs the peers' features; use it again for every table of that time."""
    world.tables()
    snapshot = Snapshot(world, at)
    return Context(snapshot, peers_at(snapshot), ties_at(snapshot))


def feature_table(
    world: World, at: datetime, subjects: pl.Series | None = None, context: Context | None = None
) -> pl.DataFrame:
    """The features of employers as they were known at an aware time: `subject` and Float32 columns, a row an employer.

    `subjects`: codes in the order wanted; everyone known by then if not given. Null is not known; zero is known to be
    nothing. A code that the world has never heard of has no past, but feeds that list events tell of it: nothing.
    """
    context = context or context_at(world, at)
    subjects = world.subjects(at) if subjects is None else subjects
    numbers = world.register.look_up(canonical(subjects)).to_numpy().astype(np.int64)
    starts = range(0, max(len(numbers), 1), _CHUNK)
    parts = [_chunk(context, numbers[start : start + _CHUNK]) for start in starts]
    return pl.concat(parts).insert_column(0, subjects.alias("subject"))


def _chunk(context: Context, numbers: Array) -> pl.DataFrame:
    snapshot = context.snapshot
    columns: Columns = snapshot.columns(numbers)
    columns |= context.peers.ranks(snapshot, numbers, columns)
    columns |= breadth(columns, snapshot.book)
    columns |= related(snapshot, context.ties, numbers, columns)
    told = {name: column.astype(np.float32) for name, column in columns.items()}
    # Its height is told: where nothing was ever said of anyone there is no column.
    return pl.DataFrame(told or None, height=len(numbers), nan_to_null=True)
