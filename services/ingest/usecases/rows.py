"""Show one row as it was sent, and what became of it."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.ingest.catalogue import Dataset
from services.ingest.models import Receipt
from services.ingest.retention import Retention, State, retention_of, shipped, state_of
from services.ingest.rows_as_sent import (
    Identified,
    Origin,
    Original,
    RowAsSent,
    divisions,
    original,
    row_as_sent,
)
from services.ingest.store import raw_files, rows, withdrawals
from services.ingest.store.rows import Linked, Present
from services.ingest.store.subject_places import place_of
from services.ingest.usecases.uploads import open_file
from services.ingest.validation import Checker
from shared.clock import local_date
from shared.crypto import Vault
from shared.db import Database, Session
from shared.errors import NotFound

Outcome = Literal["accepted", "unchanged", "superseded", "rejected", "unmatched", "withdrawn"]
FileState = State | Literal["gone"]


@dataclass(frozen=True)
class Fate:
    """Whether a row is, or was, the state of its record; whether it was taken back; how a link found its subject."""

    is_taken: bool
    is_taken_back: bool
    linked: Linked | None


@dataclass(frozen=True)
class Row:
    """A row of a receipt: what was sent (None when the file is gone), its faults, and the record's newest state."""

    receipt: Receipt
    number: int
    sent: RowAsSent | None
    faults: list[tuple[str, str]]
    fate: Fate
    present: Present | None
    retention: Retention
    file: FileState
    places: list[str]

    @property
    def identified(self) -> Identified | None:
        return self.sent.identified if self.sent else None

    @property
    def is_present(self) -> bool | None:
        """Whether the record still stands as this row says; None when the file is gone and nobody can tell."""
        if self.sent is None:
            return None
        found = self.identified
        return bool(found and self.present and self.present.row_hash == found.row_hash)

    @property
    def outcome(self) -> Outcome:
        """What became of the row. Told from the store, so that it is known when the file is gone as well."""
        codes = {code for _, code in self.faults}
        if self.fate.is_taken_back:
            return "withdrawn"
        if "superseded" in codes:
            return "superseded"
        if self.fate.is_taken:
            return "accepted"
        if self.sent is None:
            return "rejected" if codes - {"unmatched"} else "unmatched" if codes else "unchanged"
        if self.identified is None:
            return "rejected"
        return "unchanged" if self.identified.subject or self.fate.linked else "unmatched"


async def _must_reach(session: Session, receipt: Receipt, number: int) -> None:
    last = await withdrawals.last_row(session, receipt.receipt_id, receipt.received)
    if number > last:
        raise NotFound(
            f"The receipt {receipt.receipt_id} has rows up to {last}.",
            detail_zh=f"回执 {receipt.receipt_id} 的行号至 {last} 为止。",
        )


async def row(
    db: Database, receipt: Receipt, number: int, checker: Checker, vault: Vault, *, today: date, seconds: float
) -> Row:
    """A row of a receipt. No connection waits while the file is read.

    Raises NotFound when there is no such row, and TooDeep when a large file is not read up to it within `seconds`.
    """
    async with db.transaction() as session:
        if number > receipt.received:
            await _must_reach(session, receipt, number)
        body = await raw_files.raw_file(session, receipt.sha256)
        large = None if body else await raw_files.import_file(session, receipt.receipt_id)
    if body:
        kept = await asyncio.to_thread(original, body, vault)
    elif large:
        kept = Original(open_file(db, vault, large, seconds), large.content_encoding, receipt.bytes)
    else:
        kept = None
    origin = Origin(receipt.agency, receipt.reported_at, receipt.content_type)
    sent = await asyncio.to_thread(row_as_sent, kept, number, origin, checker, vault) if kept else None
    if kept and not sent:
        raise NotFound(
            f"Line {number} of the receipt {receipt.receipt_id} is blank.",
            detail_zh=f"回执 {receipt.receipt_id} 的第 {number} 行为空行。",
        )
    async with db.transaction() as session:
        here = (receipt.receipt_id, number)
        faults = await rows.row_faults(session, *here)
        fate = Fate(
            await rows.was_taken(session, *here),
            await rows.was_taken_back(session, *here),
            await rows.linked(session, *here),
        )
        key = sent.identified.key_hash if sent and sent.identified else None
        present = await rows.present(session, key) if key else None
        places = await _places(session, sent, fate, checker.dataset)
    retention = retention_of(checker.dataset, shipped(), today)
    return Row(
        receipt=receipt,
        number=number,
        sent=sent,
        faults=faults,
        fate=fate,
        present=present,
        retention=retention,
        file=state_of(retention, local_date(receipt.reported_at), today) if sent else "gone",
        places=places,
    )


async def _places(session: Session, sent: RowAsSent | None, fate: Fate, dataset: Dataset) -> list[str]:
    """The places that a row names, else the one where its register says that its subject is; none: nobody knows."""
    if named := divisions(sent.texts, dataset) if sent else []:
        return named
    stated = sent.identified.subject if sent and sent.identified else None
    subject = fate.linked.subject_id if fate.linked else stated
    place = await place_of(session, dataset.subject.kind, subject) if subject else None
    return [place] if place else []
