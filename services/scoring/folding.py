"""Attendance is folded when it arrives, and read folded: sixty thousand punches a year become some hundred months."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from services.scoring.frames import Stopped, horizons
from services.scoring.rulebook import Dataset, Scored
from services.scoring.store import attendance, punches
from services.scoring.store import facts as fact_store
from services.scoring.store import subjects as subject_store
from services.scoring.store.facts import Batch
from services.scoring.store.subjects import Key
from shared.db import Session

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)


async def fold_attendance(session: Session, dataset: str, keys: Sequence[str], touched: set[Key]) -> None:
    """Fold the months that new versions of these records touch; whatever else the records are of, nothing happens."""
    projects = {key for key in touched if key[0] == "project"} if dataset == attendance.DATASET else set()
    if not projects:
        return
    # Held first: what another transaction is adding to the same months is then either in sight or folds after us.
    await subject_store.lock_subjects(session, projects)
    whose = sorted(subject for _, subject in projects)
    await attendance.fold(session, whose, keys)
    await punches.note_revised(session, whose, keys)


async def count_attendance(session: Session, batch: Batch) -> None:
    """Count the punches of a batch that was folded; whatever else the records are of, nothing happens."""
    if (batch.dataset, batch.kind) == (attendance.DATASET, "project"):
        await punches.add(session, batch)


async def known_versions(
    session: Session,
    kind: Scored,
    ids: Sequence[str],
    datasets: Mapping[str, Dataset],
    at: datetime,
    *,
    stopped: Stopped | None = None,
) -> pl.DataFrame:
    """The newest versions about these subjects (store.facts.newest), of attendance each worker's last one of a month.

    The rules ask in which months who came, never how often, so the answers are those of all the punches.
    """
    whole = {code: dataset for code, dataset in datasets.items() if code != attendance.DATASET}
    versions = await fact_store.newest(session, kind, ids, whole, at, stopped=stopped)
    if attendance.DATASET not in datasets:
        return versions
    since = horizons(datasets, at, stopped).get(attendance.DATASET, _ALWAYS)
    return pl.concat([versions, await attendance.last_punches(session, ids, since)])
