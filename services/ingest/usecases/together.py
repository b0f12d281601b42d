"""Take in many small submissions of one feed in one transaction: what one costs is the transaction, not the record.

Nothing else differs: each has its receipt, its counts and its faults as if they had come one after the other. Who tells
of a record else than one before him waits for the next round. Whatever takes a closer look (a record that is nobody's
yet, a file that disagrees with itself or cannot be read, a key that was used) goes alone.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt
import polars as pl

from services.ingest.batches import KEY_HASH, ROW_HASH, Prepared, prepare
from services.ingest.catalogue import Dataset
from services.ingest.codecs import read_together
from services.ingest.models import SubmissionKey
from services.ingest.sealing import SealedBody, seal_body
from services.ingest.store import faults as fault_store
from services.ingest.store import past as past_store
from services.ingest.store import receipts as receipt_store
from services.ingest.store import waiting as waiting_store
from services.ingest.store.heads import Merged, Whose
from services.ingest.usecases.matching import NOTHING_ASKED, Origin, remember
from services.ingest.usecases.measuring import measure
from services.ingest.usecases.receipts import Taken, first_errors
from services.ingest.usecases.submission import Count, Submission, claim_of, keep_states, receipt_of, superseded
from services.ingest.usecases.telling import announce_records, table_of
from services.ingest.usecases.timeline import SAID_NOTHING, place, timeline
from services.ingest.validation import FEWEST_ROWS, ROW, Checker
from shared.crypto import Vault
from shared.db import Session
from shared.events.records import RECEIPT
from shared.telemetry import current_traceparent

Places = npt.NDArray[np.int64]
# So many bytes of text are made ready in some milliseconds. A thread takes several times that: between each two steps
# it waits for whoever is being answered to let go of the interpreter.
_LITTLE = 64 * 1024


class Member(NamedTuple):
    """A submission of a round, its sealed body and how many rows it has."""

    submission: Submission
    sealed: SealedBody
    rows: int


class Shared(NamedTuple):
    """What became of a round: who was taken, and who must wait for the next. Everybody else must go alone."""

    taken: dict[UUID, Taken]
    later: frozenset[UUID]


@dataclass(frozen=True)
class Round:
    """Submissions of one feed, and their rows as one batch, numbered through in their order."""

    members: Sequence[Member]
    batch: Prepared

    @cached_property
    def before(self) -> Places:
        """Of each member, how many rows come before its own."""
        return np.cumsum([0, *(member.rows for member in self.members)])[:-1]

    def owner(self, rows: pl.Series) -> Places:
        """Whose rows (by their numbers) these are: places among the members."""
        return np.searchsorted(self.before, rows.to_numpy().astype(np.int64) - 1, side="right") - 1

    def per_member(self, rows: pl.Series) -> Places:
        """How many of these rows each member has."""
        return np.bincount(self.owner(rows), minlength=len(self.members))

    def whose(self) -> Whose:
        """Which receipt a row is of."""
        return Whose([member.submission.receipt_id for member in self.members], self.before.tolist())

    def parts(self, table: pl.DataFrame, row: str = ROW) -> Iterator[tuple[int, pl.DataFrame]]:
        """What each member has of a table, by its own numbers of rows; members that have nothing are left out."""
        if table.is_empty():
            return
        owners = self.owner(table.get_column(row))
        own = table.get_column(row).cast(pl.Int64) - pl.Series(self.before[owners])
        mine = table.with_columns(own.cast(table.schema[row]).alias(row), pl.Series("#owner", owners))
        for (owner,), part in mine.group_by("#owner", maintain_order=True):
            yield int(str(owner)), part.drop("#owner")


async def submit_together(
    session: Session, submissions: Sequence[Submission], checker: Checker, vault: Vault
) -> Shared:
    """Take in plain submissions of one agency and dataset, in order of arrival."""
    taking, later = await _made_ready(submissions, checker, vault)
    taking = _only(taking, await _is_first(session, taking.members, checker.dataset))
    return Shared(await _taken(session, taking, checker.dataset) if taking.members else {}, later)


async def _taken(session: Session, taking: Round, dataset: Dataset) -> dict[UUID, Taken]:
    sender = taking.members[0].submission.sender
    placed = await place(session, await timeline(session, sender, dataset, SAID_NOTHING), taking.batch)
    rows = placed.batch.matched
    origin = Origin(dataset, sender.agency, sender.id, sender.at)
    merged = await keep_states(session, replace(placed.batch, matched=_each_once(taking, rows)), origin, taking.whose())
    changed = rows.filter(pl.col(ROW).is_in(merged.kept))
    await waiting_store.drop_matched(session, rows, dataset.dataset)
    await remember(session, NOTHING_ASKED, changed, taking.batch.unmatched, origin)
    late = pl.concat([placed.late, superseded(rows, changed, _alike(rows, merged.older))])
    await fault_store.keep_faults(session, pl.concat([taking.batch.faults, placed.notes, late]), taking.whose())
    news = await _with_late(session, taking, rows, changed, merged)
    announce_records(session, sender, dataset, _told(taking, table_of(news, merged.left)))
    await measure(session, (dataset.dataset, sender.agency), sender.at, taking.batch, dataset)
    return await _receipts(session, taking, dataset, (changed.get_column(ROW), late.get_column("row")))


async def _made_ready(
    submissions: Sequence[Submission], checker: Checker, vault: Vault
) -> tuple[Round, frozenset[UUID]]:
    if sum(len(each.body) for each in submissions) <= _LITTLE:
        return _prepared(submissions, checker, vault)
    return await asyncio.to_thread(_prepared, submissions, checker, vault)


def _prepared(submissions: Sequence[Submission], checker: Checker, vault: Vault) -> tuple[Round, frozenset[UUID]]:
    """The submissions that can go together, as one batch reported at one moment, and those that must wait for it."""
    files = read_together([(each.body, each.content_type) for each in submissions], checker.dataset)
    at = max(each.reported_at for each in submissions)
    members = [
        Member(replace(each, reported_at=at), seal_body(vault, each.body), count)
        for each, count in zip(submissions, files.counts, strict=True)
        if count is not None
    ]
    batch = prepare(files.batch, checker, vault, at, submissions[0].agency)
    everyone = Round(members, batch)
    plain = _only(everyone, _are_plain(everyone))
    later = _contradicting(plain)
    waiting = frozenset(plain.members[place_].submission.receipt_id for place_ in later)
    return _only(plain, [place_ not in later for place_ in range(len(plain.members))]), waiting


def _are_plain(taking: Round) -> list[bool]:
    """Who needs no closer look: every record has its subject, none has two states in one file, not all are wrong."""
    batch = taking.batch
    matched, lost = (taking.per_member(rows.get_column(ROW)) for rows in (batch.matched, batch.unmatched))
    sizes = np.array([member.rows for member in taking.members])
    alone = (lost > 0) | ((matched == 0) & (sizes >= FEWEST_ROWS))
    if sizes.max(initial=0) > 1:
        told = batch.matched.select(ROW, KEY_HASH, ROW_HASH, pl.Series("#owner", taking.owner(batch.matched[ROW])))
        differing = told.filter(pl.col(ROW_HASH) != pl.col(ROW_HASH).first().over(KEY_HASH, "#owner"))
        alone[differing.get_column("#owner")] = True
    return [not goes for goes in alone]


def _contradicting(taking: Round) -> set[int]:
    """Who tells of a record else than one before him, or of one of which somebody who waits tells."""
    rows = taking.batch.matched.select(ROW, KEY_HASH, ROW_HASH)
    keys = rows.get_column(KEY_HASH).n_unique()
    if keys == len(rows) or rows.n_unique([KEY_HASH, ROW_HASH]) == keys:
        return set()
    said: dict[str, str] = {}
    later: set[int] = set()
    # Few and small, and only where two disagree: who waits depends on who waits before him.
    for owner, part in taking.parts(rows):
        states = dict(part.select(KEY_HASH, ROW_HASH).iter_rows())
        if any(said.get(key, state) != state for key, state in states.items()):
            later.add(owner)
            states = dict.fromkeys(states, "")
        said |= states
    return later


def _only(taking: Round, stays: Sequence[bool]) -> Round:
    """The round of those who stay, their rows numbered anew."""
    if all(stays):
        return taking
    staying = np.array(stays, dtype=bool)
    sizes = np.array([member.rows for member in taking.members], dtype=np.int64)
    # Who leaves takes his rows with him: every later number is so much less.
    shift = np.cumsum(np.where(staying, 0, sizes))

    def kept(table: pl.DataFrame, row: str) -> pl.DataFrame:
        left = table.filter(pl.Series(staying[taking.owner(table.get_column(row))], dtype=pl.Boolean))
        owners = taking.owner(left.get_column(row))
        number = left.get_column(row).cast(pl.Int64) - pl.Series(shift[owners], dtype=pl.Int64)
        return left.with_columns(number.cast(table.schema[row]).alias(row))

    batch = taking.batch
    return Round(
        [member for member, stay in zip(taking.members, stays, strict=True) if stay],
        replace(
            batch,
            received=int(sizes[staying].sum()),
            matched=kept(batch.matched, ROW),
            unmatched=batch.unmatched.clear(),
            faults=kept(batch.faults, "row"),
            values=kept(batch.values, ROW),
        ),
    )


async def _is_first(session: Session, members: Sequence[Member], dataset: Dataset) -> list[bool]:
    """Whose Idempotency-Key (if he has one) nobody has used before, nor an earlier one of the same round."""
    claims: dict[str, SubmissionKey] = {}
    for submission, sealed, _ in members:
        if key := submission.idempotency_key:
            claims.setdefault(key, claim_of(submission, key, dataset, sealed))
    ours = await receipt_store.claim_keys(session, list(claims.values()))
    return [each.submission.idempotency_key is None or each.submission.receipt_id in ours for each in members]


def _each_once(taking: Round, rows: pl.DataFrame) -> pl.DataFrame:
    """Of records that several members told alike the first member's; of alike rows of his the last, as ever."""
    if rows.get_column(KEY_HASH).n_unique() == len(rows):
        return rows
    owned = rows.with_columns(pl.Series("#owner", taking.owner(rows.get_column(ROW))))
    once = owned.unique([KEY_HASH, "#owner"], keep="last", maintain_order=True)
    return once.unique(KEY_HASH, keep="first", maintain_order=True).drop("#owner")


def _alike(rows: pl.DataFrame, older: list[int]) -> list[int]:
    """The rows that came too late, and those of others that told the same."""
    if not older:
        return older
    keys = rows.filter(pl.col(ROW).is_in(older)).get_column(KEY_HASH)
    return rows.filter(pl.col(KEY_HASH).is_in(keys.implode())).get_column(ROW).to_list()


async def _with_late(
    session: Session, taking: Round, rows: pl.DataFrame, changed: pl.DataFrame, merged: Merged
) -> pl.DataFrame:
    """What changed, and older states that nobody knew of, each kept under its receipt."""
    unknown: list[int] = []
    for owner, part in taking.parts(rows.filter(pl.col(ROW).is_in(merged.older))):
        kept = await past_store.keep_late(session, part, taking.members[owner].submission.receipt_id)
        unknown += [row + int(taking.before[owner]) for row in kept]
    return pl.concat([changed, rows.filter(pl.col(ROW).is_in(unknown))]) if unknown else changed


def _told(taking: Round, table: pl.DataFrame) -> pl.DataFrame:
    """The table with each row under its own receipt and number."""
    owners = taking.owner(table.get_column(ROW))
    receipts = np.array([str(member.submission.receipt_id) for member in taking.members])
    own = table.get_column(ROW) - pl.Series(taking.before[owners], dtype=pl.Int64)
    if len(taking.members) == 1:
        return table
    return table.with_columns(own.alias(ROW), pl.Series(RECEIPT, receipts[owners], dtype=pl.String))


async def _receipts(
    session: Session, taking: Round, dataset: Dataset, rows: tuple[pl.Series, pl.Series]
) -> dict[UUID, Taken]:
    """Keep the bodies and the receipts. `rows`: those that were accepted, and those that came too late."""
    accepted, late = map(taking.per_member, rows)
    good = taking.per_member(taking.batch.matched.get_column(ROW))
    told = {owner: first_errors(part, dataset) for owner, part in taking.parts(taking.batch.faults, "row")}
    receipts = []
    trace = current_traceparent()
    for place_, (submission, sealed, size) in enumerate(taking.members):
        count = Count(size, int(accepted[place_]), int(late[place_]), size - int(good[place_]))
        receipts.append(receipt_of(submission, dataset.dataset, (sealed.sha256, sealed.bytes), count, trace))
    await receipt_store.keep_bodies(session, [member.sealed for member in taking.members])
    await receipt_store.keep_receipts(session, receipts)
    return {each.receipt_id: Taken(each, told.get(place_, [])) for place_, each in enumerate(receipts)}
