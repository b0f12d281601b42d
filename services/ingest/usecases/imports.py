"""Take in a large file that has arrived whole: claim it, store its records batch by batch, write the receipt."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from services.ingest.batches import Prepared
from services.ingest.catalogue import Dataset
from services.ingest.full_lists import shipped_guard
from services.ingest.message_signatures import DigestRefused
from services.ingest.models import Import, Snapshot
from services.ingest.store import faults as fault_store
from services.ingest.store import leases as lease_store
from services.ingest.store import proofs as proof_store
from services.ingest.store import receipts as receipt_store
from services.ingest.usecases import timeline
from services.ingest.usecases.full_lists import Stated
from services.ingest.usecases.proofs import Proof, evidence_of
from services.ingest.usecases.receipts import Error, first_errors
from services.ingest.usecases.submission import Count, Submission, receipt_of, take_in
from services.ingest.usecases.timeline import Said
from shared.db import Session
from shared.errors import AnxinError
from shared.telemetry import current_traceparent

# A file that was begun so often without getting on by a single batch is not tried again.
MOST_ATTEMPTS = 10
_ERRORS_SHOWN = 100


class LeaseLost(Exception):
    """Another worker has the file, or it has ended: whatever this one was about to write must not be."""


@dataclass(frozen=True)
class Lease:
    """A file in the hands of a worker; `seconds` of silence and it is anybody's."""

    file: Import
    worker: UUID
    seconds: float

    @property
    def submission(self) -> Submission:
        """The file as those that came in one request: reported when its last byte came."""
        file = self.file
        assert file.reported_at is not None  # noqa: S101 - a file that waits for a worker has arrived
        proof = Proof(evidence_of(file.evidence), None) if file.evidence else None
        sent = (file.import_id, file.agency, b"", file.content_type, None, file.reported_at)
        return Submission(*sent, proof, said_of(file))


@dataclass(frozen=True)
class Step:
    """A batch on its way into the store. `keys`: by their keys alone, if some rows of a full list were refused."""

    batch: Prepared
    keys: Prepared | None
    last_row: int


def said_of(file: Import) -> Said:
    """What its sender said of a file."""
    return Said(file.corrects, file.part_of, Stated(file.as_of, file.month) if file.as_of else None)


async def claim_import(session: Session, worker: UUID, seconds: float) -> Lease | None:
    """The next file for this worker; None when there is nothing to do."""
    found = await lease_store.claim(session, worker, seconds, MOST_ATTEMPTS)
    return Lease(found, worker, seconds) if found else None


async def renew_lease(session: Session, lease: Lease, rows_read: int) -> None:
    """Tell that the worker lives, and how many rows it has read. Raises LeaseLost."""
    if not await lease_store.renew(session, lease.file.import_id, lease.worker, lease.seconds, rows_read):
        raise LeaseLost


async def release_lease(session: Session, lease: Lease, pause_s: float, is_forgiven: bool) -> None:
    """Let the next worker have the file after a pause. `is_forgiven`: it was not the file's fault."""
    await lease_store.release(session, lease.file.import_id, lease.worker, pause_s=pause_s, is_forgiven=is_forgiven)


async def call_readable(
    session: Session, lease: Lease, dataset: Dataset, *, sha256: bytes, size: int, rows: int
) -> None:
    """The file was read to its end and makes sense: from here on its records are stored. Its list begins, if it is one.

    Raises LeaseLost, or what refuses the file because of what is said of it (see `timeline`).
    """
    if not await lease_store.readable(session, lease.file.import_id, lease.worker, sha256=sha256, size=size, rows=rows):
        raise LeaseLost
    submission = lease.submission
    await timeline.say(session, submission.sender, dataset, submission.said)


async def store_batch(session: Session, lease: Lease, dataset: Dataset, step: Step, count: Count) -> None:
    """Take in one batch and note, in the same transaction, how far the file is. Raises LeaseLost."""
    await _must_hold(session, lease, "storing")
    submission = lease.submission
    line = await timeline.continued(session, submission.sender, dataset, submission.said)
    await take_in(session, submission, dataset, step.batch, count, line=line)
    if step.keys and line.snapshot:
        count.keyless += await timeline.name(session, line.snapshot, step.keys)
    await lease_store.checkpoint(session, lease.file.import_id, lease.seconds, step.last_row, _counts(count))


async def finish_import(
    session: Session, lease: Lease, dataset: Dataset, count: Count, *, sha256: bytes, size: int
) -> None:
    """Every record is in: write the receipt, and apply the list if the file is all of one. Raises LeaseLost."""
    await _must_hold(session, lease, "storing")
    submission = lease.submission
    line = await timeline.last(session, submission.sender, dataset, submission.said)
    await lease_store.end(session, lease.file.import_id, "done", sha256=sha256, size=size, problem=None)
    await _keep_receipt(session, submission, dataset.dataset, count, sha256=sha256, size=size)
    await timeline.close(session, line, submission.sender, count.keyless, shipped_guard())


async def refuse_import(session: Session, lease: Lease, refusal: AnxinError, sha256: bytes, size: int) -> None:
    """The file is refused whole: no record of it was stored, and the receipt says so. Raises LeaseLost."""
    await _must_hold(session, lease, "reading")
    problem = _problem(lease.file, refusal)
    await lease_store.end(session, lease.file.import_id, "refused", sha256=sha256, size=size, problem=problem)
    submission = lease.submission
    if isinstance(refusal, DigestRefused):
        submission = replace(submission, proof=None)  # what was signed is another file
    await _keep_receipt(session, submission, lease.file.dataset, Count(), sha256=sha256, size=size)


async def list_of_import(session: Session, of: Import) -> Snapshot | None:
    """The full list that a file is a part of, or all of; None before that is opened."""
    return await session.get(Snapshot, of.list_id) if of.list_id else None


async def _keep_receipt(
    session: Session, submission: Submission, dataset: str, count: Count, *, sha256: bytes, size: int
) -> None:
    kept = receipt_of(submission, dataset, (sha256, size), count, current_traceparent())
    await receipt_store.keep_receipts(session, [kept])
    if submission.proof:
        await proof_store.keep_signature(session, submission.receipt_id, submission.proof.evidence)


async def import_errors(session: Session, of: Import, dataset: Dataset) -> list[Error]:
    """The first errors found so far."""
    page = await fault_store.faults(session, of.import_id, after=0, limit=_ERRORS_SHOWN, with_notes=False)
    return first_errors(page, dataset)


async def _must_hold(session: Session, lease: Lease, state: str) -> None:
    if not await lease_store.hold(session, lease.file.import_id, lease.worker, state):
        raise LeaseLost


def _counts(count: Count) -> dict[str, int]:
    names = ("received", "accepted", "superseded", "rejected", "unmatched", "keyless")
    return {name: getattr(count, name) for name in names}


def _problem(file: Import, refusal: AnxinError) -> dict[str, Any]:
    """The refusal as problem+json would have it, had the file come in one request."""
    told = {
        "type": f"urn:anxin:problem:{refusal.slug}",
        "title": refusal.title,
        "title_zh": refusal.title_zh,
        "status": refusal.status,
        "detail": refusal.detail,
        "instance": f"/v1/imports/{file.import_id}",
        "check": refusal.check,
        "errors": refusal.errors,
        **refusal.extra,
    }
    return {name: value for name, value in told.items() if value not in (None, [])}
