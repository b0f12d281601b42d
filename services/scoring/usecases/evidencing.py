"""Keep with each new score what it stood on, so that it can be worked out again years later."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import polars as pl

from services.scoring import evidence
from services.scoring.rulebook import Dataset, Scored
from services.scoring.rules import Level
from services.scoring.store import evidence as store
from shared.db import Session


@dataclass(frozen=True)
class StoodOn:
    """What was read for some scores. modelled, readings: what the model counted for, and what it read, by subject."""

    versions: pl.DataFrame
    feeds: pl.DataFrame
    falls_at_once: bool
    modelled: Mapping[str, Level]
    readings: Mapping[str, bytes]


async def keep_evidence(
    session: Session, kind: Scored, scores: Mapping[str, UUID], stood_on: StoodOn, datasets: Mapping[str, Dataset]
) -> None:
    """Keep what new scores (by subject) stood on."""
    if not scores:
        return
    owners = evidence.own(kind, scores)
    if kind == "project":
        owners = pl.concat([owners, await store.aliases(session, list(scores))])
    found = evidence.of_each(stood_on.versions, owners, datasets)
    packed = evidence.packed_feeds(stood_on.feeds)
    await store.keep(
        session,
        kind,
        scores,
        found,
        feeds=packed,
        falls_at_once=stood_on.falls_at_once,
        modelled=[stood_on.modelled.get(subject) for subject in scores],
        readings=[stood_on.readings.get(subject) for subject in scores],
    )
