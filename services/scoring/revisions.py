"""What agencies take back or tell the end of: noted, and whom it is about scored again."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid5

import polars as pl

from services.scoring import folding, usecases
from services.scoring.store import facts as fact_store
from services.scoring.store import revisions as store
from services.scoring.store import subjects as subject_store
from services.scoring.store.facts import ROWS, Batch
from services.scoring.store.revisions import Revised
from services.scoring.usecases import Moment
from shared.db import Session
from shared.errors import Poison
from shared.events import RecordsClosed, RecordsUnlinked, RecordsWithdrawn

# Of a file of 260,000 rows that was taken back the first are scored at once, the others by the review's next turns.
EMPLOYERS_AT_ONCE = 2000


async def take_back(
    session: Session, event: RecordsWithdrawn, moment: Moment, at_once: int = EMPLOYERS_AT_ONCE
) -> None:
    """Let rows of a receipt count no more: from then on, for whoever asks about an earlier time still sees them."""
    revised = await store.keep_withdrawn(session, event)
    await _score_again(session, event.dataset, revised, _not_before(event.withdrawn_at, moment), at_once)


async def end(session: Session, event: RecordsClosed, moment: Moment) -> None:
    """Let records end that a full list does not name any more."""
    revised = await store.keep_closings(session, event)
    await _score_again(session, event.dataset, revised, _not_before(event.reported_at, moment), EMPLOYERS_AT_ONCE)


async def take_away(session: Session, event: RecordsUnlinked, moment: Moment) -> None:
    """Let records leave subjects that they are not about."""
    touched = await fact_store.keep_facts(session, _without_bodies(event), can_move=False) or set()
    await _score_again(
        session, event.dataset, Revised(touched, event.keys), _not_before(event.unlinked_at, moment), EMPLOYERS_AT_ONCE
    )


def _without_bodies(event: RecordsUnlinked) -> Batch:
    """A version of each record without a body: newer than the one that it takes away, whichever comes first."""
    if len({len(event.keys), len(event.subject_ids), len(event.rows), len(event.source_times)}) > 1:
        raise Poison(f"The columns of the undoing {event.undo_id} differ in length.")
    columns = {
        "id": event.subject_ids,
        "left": None,
        "key": event.keys,
        "source_time": event.source_times,
        "row_no": event.rows,
        "receipt_id": str(event.undo_id),
        "body": None,
    }
    return Batch(
        # One undoing is told once a dataset and agency: a link by name leads records of many of them astray.
        batch_id=uuid5(event.undo_id, f"{event.dataset}|{event.agency}"),
        kind=event.subject_kind,
        dataset=event.dataset,
        agency=event.agency,
        receipt_id=event.undo_id,
        reported_at=event.unlinked_at,
        rows=pl.DataFrame(columns, schema=ROWS),
    )


async def _score_again(session: Session, dataset: str, revised: Revised, moment: Moment, at_once: int) -> None:
    touched = {key for key in revised.subjects if key[0] != "person"}
    if not touched:
        return
    await subject_store.lock_subjects(session, touched)
    await folding.fold_attendance(session, dataset, revised.keys, touched)
    employers = sorted(subject for kind, subject in touched if kind == "employer")
    later = employers[at_once:]
    await usecases.rescore(session, touched - {("employer", subject) for subject in later}, moment)
    await usecases.make_due(session, "employer", later, moment)


def _not_before(told: datetime, moment: Moment) -> Moment:
    """What was told must be visible, even where our own clock is a moment behind.

    Who ends or takes back what he said is believed at once: no level of it is held.
    """
    return replace(moment, at=max(moment.at, told), falls_at_once=True)
