"""Take a submission: check, match, keep, announce."""

import asyncio
import io
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import polars as pl

from services.ingest.batches import KEY_HASH, ROW_HASH, Prepared, only_keys, prepare
from services.ingest.catalogue import Dataset
from services.ingest.codecs import read_stream, refused_throughout, too_many_records, unpacked
from services.ingest.full_lists import shipped_guard
from services.ingest.models import SubmissionKey
from services.ingest.rules import must_be_the_same
from services.ingest.sealing import SealedBody, seal_pieces
from services.ingest.store import faults as fault_store
from services.ingest.store import heads as head_store
from services.ingest.store import past as past_store
from services.ingest.store import receipts as receipt_store
from services.ingest.store import unlearning
from services.ingest.store import waiting as waiting_store
from services.ingest.store.heads import Merged, Whose
from services.ingest.store.identities import keep_identities
from services.ingest.store.receipts import NewReceipt
from services.ingest.store.subject_places import keep_places
from services.ingest.usecases.full_lists import Sender
from services.ingest.usecases.matching import Origin, remember, resolve
from services.ingest.usecases.measuring import measure
from services.ingest.usecases.proofs import Proof, keep_proof
from services.ingest.usecases.receipts import ERRORS_IN_ANSWER, Taken, first_errors, receipt
from services.ingest.usecases.telling import announce_records, table_of
from services.ingest.usecases.timeline import SAID_NOTHING, Said, Timeline, finish, place, timeline
from services.ingest.validation import FAULTS, FEWEST_ROWS, ROW, Batch, Checker, messages, wrong_throughout
from shared.clock import local_date
from shared.crypto import Vault
from shared.db import Session
from shared.telemetry import current_traceparent

_NO_FAULTS = pl.DataFrame(schema=FAULTS)


@dataclass(frozen=True)
class Submission:
    """A file as an agency handed it in: as it was sent, and unpacked to at most `most_bytes` whenever it is read."""

    receipt_id: UUID
    agency: str
    body: bytes
    content_type: str
    idempotency_key: str | None
    reported_at: datetime
    proof: Proof | None = None
    said: Said = SAID_NOTHING
    content_encoding: str = "identity"
    most_bytes: int | None = None

    @property
    def most(self) -> int:
        """How many bytes the file may have as unpacked."""
        return len(self.body) if self.most_bytes is None else self.most_bytes

    def pieces(self) -> Iterator[bytes]:
        """The file as unpacked. Raises BadFile, FileTooLarge."""
        return unpacked(io.BytesIO(self.body), self.content_encoding, self.most)

    def read(self, dataset: Dataset, most_rows: int | None = None) -> Iterator[Batch]:
        """Batches of its records. Raises as codecs.read_stream does."""
        source = io.BytesIO(self.body)
        return read_stream(source, self.content_type, self.content_encoding, dataset, self.most, most_rows=most_rows)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is said of it, and nothing proves it, that would need a look of its own."""
        return self.proof is None and self.said == SAID_NOTHING

    @property
    def sender(self) -> Sender:
        """Whose it is, and when it came."""
        return Sender(self.receipt_id, self.agency, self.reported_at)


@dataclass
class Count:
    """What has become of the rows so far. `keyless`: rows of a full list whose key cannot be read (imports only)."""

    received: int = 0
    accepted: int = 0
    superseded: int = 0
    rejected: int = 0
    unmatched: int = 0
    keyless: int = 0
    faults: list[pl.DataFrame] = field(default_factory=list)
    wrong: frozenset[tuple[str, str]] | None = None

    @property
    def unchanged(self) -> int:
        return self.received - self.accepted - self.rejected - self.unmatched

    def add(self, batch: Prepared, accepted: int, superseded: int) -> None:
        """Take in what became of one more batch."""
        self.received += batch.received
        self.accepted += accepted
        self.superseded += superseded
        self.rejected += batch.rejected
        self.unmatched += len(batch.unmatched)
        self._remember(batch.faults)
        # Looked for only while every row was refused: nothing else can be wrong throughout.
        here = wrong_throughout(batch.faults, batch.received) if self.rejected == self.received else frozenset()
        self.wrong = here if self.wrong is None else self.wrong & here

    def _remember(self, faults: pl.DataFrame) -> None:
        """Keep the first errors for the answer."""
        room = ERRORS_IN_ANSWER - sum(map(len, self.faults))
        if room > 0:
            self.faults.append(faults.head(room))


async def submit(session: Session, submission: Submission, checker: Checker, vault: Vault, max_rows: int) -> Taken:
    """Take a submission: check, match, keep, announce. Raises BadFile, UnknownItems, KeyReused and their kind."""
    dataset = checker.dataset
    sealed = await asyncio.to_thread(seal_pieces, vault, submission.pieces())
    if earlier := await _earlier(session, submission, dataset, sealed):
        return earlier
    line = await timeline(session, submission.sender, dataset, submission.said)
    count = Count()
    batches = submission.read(dataset, max_rows)
    prepared = (prepare(batch, checker, vault, submission.reported_at, submission.agency) for batch in batches)
    async with aclosing(_ahead(prepared)) as coming:
        async for batch in coming:
            await take_in(session, submission, dataset, batch, count, line=line)
            if count.received > max_rows:
                raise too_many_records(max_rows)
    must_have_sense(count, dataset)
    await receipt_store.keep_body(session, sealed)
    taken = receipt_of(submission, dataset.dataset, (sealed.sha256, sealed.bytes), count, current_traceparent())
    await receipt_store.keep_receipts(session, [taken])
    if submission.proof:
        await keep_proof(session, submission.receipt_id, submission.proof, vault)
    await finish(session, line, submission.sender, _keys(submission, checker, vault, count), shipped_guard())
    return Taken(taken, first_errors(pl.concat([_NO_FAULTS, *count.faults]), dataset))


async def _ahead(prepared: Iterator[Prepared]) -> AsyncGenerator[Prepared, None]:
    """Each of them; while one is stored, a thread prepares the next."""
    coming = asyncio.ensure_future(asyncio.to_thread(next, prepared, None))
    try:
        while batch := await coming:
            coming = asyncio.ensure_future(asyncio.to_thread(next, prepared, None))
            yield batch
    finally:
        # Whoever leaves before the end does not ask what came of it.
        coming.add_done_callback(lambda task: task.cancelled() or task.exception())
        coming.cancel()


def _keys(submission: Submission, checker: Checker, vault: Vault, count: Count) -> Iterator[Prepared]:
    """The rows by their keys alone, if any was refused."""
    if not count.rejected:
        return
    keys = Checker(only_keys(checker.dataset))
    for batch in submission.read(checker.dataset):
        yield prepare(batch, keys, vault, submission.reported_at, submission.agency)


def must_have_sense(count: Count, dataset: Dataset) -> None:
    """Refuse a file whole (WrongThroughout) in which one item has the wrong type in every row."""
    if count.wrong and count.received >= FEWEST_ROWS:
        told = {item: (code, *messages(dataset, item, code)) for item, code in sorted(count.wrong)}
        raise refused_throughout(told, count.received)


async def _earlier(session: Session, submission: Submission, dataset: Dataset, sealed: SealedBody) -> Taken | None:
    """The receipt that the same key led to before, if it came with the same body."""
    if submission.idempotency_key is None:
        return None
    claim = claim_of(submission, submission.idempotency_key, dataset, sealed)
    known = await receipt_store.claim_key(session, claim)
    if known is None:
        return None
    must_be_the_same((known.dataset, known.sha256), (claim.dataset, claim.sha256))
    return await receipt(session, known.receipt_id, submission.agency, {dataset.dataset: dataset})


def claim_of(submission: Submission, key: str, dataset: Dataset, sealed: SealedBody) -> SubmissionKey:
    """What a submission with that Idempotency-Key claims."""
    return SubmissionKey(
        agency=submission.agency,
        key=key,
        receipt_id=submission.receipt_id,
        dataset=dataset.dataset,
        sha256=sealed.sha256,
    )


async def take_in(
    session: Session,
    submission: Submission,
    dataset: Dataset,
    batch: Prepared,
    count: Count,
    *,
    line: Timeline | None = None,
) -> None:
    """Take in one batch of a submission, in this transaction. `line`: what was read of its timeline in it."""
    line = line or await timeline(session, submission.sender, dataset, submission.said)
    placed = await place(session, line, batch)
    receipt_id, batch = submission.receipt_id, placed.batch
    origin = Origin(dataset, submission.agency, receipt_id, submission.reported_at)
    batch, resolution = await resolve(session, batch, origin)
    whose = Whose.all_of(receipt_id)
    merged = await keep_states(session, batch, origin, whose)
    # Most of the time every row is new: what nothing is wrong with costs no look.
    all_new = len(merged.kept) == len(batch.matched)
    changed = batch.matched if all_new else batch.matched.filter(pl.col(ROW).is_in(merged.kept))
    await _wait_or_leave(session, dataset, batch, receipt_id)
    news = await _with_late(session, submission, batch.matched, changed, merged.older)
    await remember(session, resolution, changed, batch.unmatched, origin, news=news)
    late = placed.late if all_new else pl.concat([placed.late, superseded(batch.matched, changed, merged.older)])
    await fault_store.keep_faults(session, pl.concat([batch.faults, placed.notes, late]), whose)
    announce_records(session, submission.sender, dataset, table_of(news, merged.left))
    count.add(batch, accepted=len(changed), superseded=len(late))
    await measure(session, (dataset.dataset, submission.agency), submission.reported_at, batch, dataset)


async def keep_states(session: Session, batch: Prepared, origin: Origin, whose: Whose) -> Merged:
    """Keep the states that a batch's matched rows tell, and what else is known by them: identities and places."""
    dataset = origin.dataset
    await keep_identities(session, batch.identities, dataset.dataset, local_date(origin.at))
    merged = await head_store.merge(session, batch.matched, dataset.dataset, whose)
    if len(merged.left):
        moved = batch.matched.join(merged.left, on=ROW).get_column(KEY_HASH).to_list()
        await unlearning.unlearn(session, moved, origin.at)
    if dataset.traces.place:
        await keep_places(session, batch.matched, dataset.traces.place, dataset.subject.kind)
    return merged


async def _wait_or_leave(session: Session, dataset: Dataset, batch: Prepared, receipt_id: UUID) -> None:
    """Records without a subject wait; those that have found theirs wait no longer."""
    await waiting_store.keep_unmatched(
        session, batch.unmatched, dataset.subject, dataset=dataset.dataset, receipt_id=receipt_id
    )
    await waiting_store.drop_matched(session, batch.matched, dataset.dataset)


async def _with_late(
    session: Session, submission: Submission, rows: pl.DataFrame, changed: pl.DataFrame, older: list[int]
) -> pl.DataFrame:
    """What changed, and older states that nobody knew of: should the newer be taken back, they stand again."""
    if not older:
        return changed
    late = rows.filter(pl.col(ROW).is_in(older))
    unknown = await past_store.keep_late(session, late, submission.receipt_id)
    return pl.concat([changed, late.filter(pl.col(ROW).is_in(unknown))])


def superseded(rows: pl.DataFrame, changed: pl.DataFrame, older: list[int]) -> pl.DataFrame:
    """Notes (row, item, code) for rows that came after a newer state, or whose file holds a newer one."""
    if changed.is_empty() and not older:
        return pl.DataFrame(schema=FAULTS)
    winners = changed.select(KEY_HASH, pl.col(ROW_HASH).alias("winner"))
    lost = rows.join(winners, on=KEY_HASH).filter(pl.col(ROW_HASH) != pl.col("winner")).get_column(ROW)
    late = pl.concat([lost.cast(pl.Int64), pl.Series(ROW, older, dtype=pl.Int64)]).unique().sort()
    notes = pl.DataFrame({"row": late}).with_columns(pl.lit("").alias("item"), pl.lit("superseded").alias("code"))
    return notes.cast(FAULTS)  # type: ignore[arg-type]


def receipt_of(
    submission: Submission, dataset: str, file: tuple[bytes, int], count: Count, traceparent: str | None
) -> NewReceipt:
    """The receipt of a submission. `file`: its SHA-256 and size. `traceparent`: where its records go on."""
    sha256, size = file
    return NewReceipt(
        receipt_id=submission.receipt_id,
        agency=submission.agency,
        dataset=dataset,
        reported_at=submission.reported_at,
        sha256=sha256,
        bytes=size,
        content_type=submission.content_type[:100],
        received=count.received,
        accepted=count.accepted,
        unchanged=count.unchanged,
        superseded=count.superseded,
        rejected=count.rejected,
        unmatched=count.unmatched,
        signed=submission.proof is not None,
        traceparent=traceparent,
    )
