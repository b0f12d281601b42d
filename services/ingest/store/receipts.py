"""Receipts, the keys that led to them, and the bodies they are about."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlmodel import col, select

from services.ingest.models import Receipt, SubmissionKey
from services.ingest.sealing import SealedBody
from shared.db import Session, sql

_KEEP_BODY = """
insert into ingest.body (sha256, content, sealed_key, bytes) values (:sha256, :content, :sealed_key, :bytes)
on conflict do nothing
"""
# By hash: one order for all, so that two transactions never wait for each other.
_KEEP_BODIES = """
insert into ingest.body (sha256, content, sealed_key, bytes)
select sha256, content, sealed_key, bytes
from jsonb_to_recordset(cast(:bodies as jsonb)) as given (sha256 bytea, content bytea, sealed_key text, bytes bigint)
order by sha256
on conflict do nothing
"""
_KEEP_RECEIPTS = """
insert into ingest.receipt (receipt_id, agency, dataset, reported_at, sha256, bytes, content_type, received, accepted,
    unchanged, superseded, rejected, unmatched, signed, traceparent)
select receipt_id, agency, dataset, reported_at, sha256, bytes, content_type, received, accepted,
    unchanged, superseded, rejected, unmatched, signed, traceparent
from jsonb_populate_recordset(null::ingest.receipt, cast(:receipts as jsonb))
"""

_CLAIM_KEY = """
insert into ingest.submission_key (agency, key, receipt_id, dataset, sha256)
values (:agency, :key, :receipt_id, :dataset, :sha256)
on conflict do nothing
"""


_CLAIM_KEYS = """
insert into ingest.submission_key (agency, key, receipt_id, dataset, sha256)
select * from unnest(cast(:agency as text[]), cast(:key as text[]), cast(:receipt_id as uuid[]),
    cast(:dataset as text[]), cast(:sha256 as bytea[])) as given (agency, key, receipt_id, dataset, sha256)
order by given.key
on conflict do nothing
returning receipt_id
"""


class NewReceipt(NamedTuple):
    """A receipt on its way to its table: the columns of `models.Receipt`."""

    receipt_id: UUID
    agency: str
    dataset: str
    reported_at: datetime
    sha256: bytes
    bytes: int
    content_type: str
    received: int
    accepted: int
    unchanged: int
    superseded: int
    rejected: int
    unmatched: int
    signed: bool
    traceparent: str | None


async def claim_keys(session: Session, claims: Sequence[SubmissionKey]) -> set[UUID]:
    """Take the keys of several submissions of one agency, no two alike. Returns the receipts whose key is ours."""
    if not claims:
        return set()
    columns = {name: [getattr(claim, name) for claim in claims] for name in SubmissionKey.model_fields}
    return set((await sql(session, _CLAIM_KEYS, **columns)).scalars())


async def claim_key(session: Session, claim: SubmissionKey) -> SubmissionKey | None:
    """Take the key for this submission. Returns None when it is ours, or who took it before.

    Of two at the same time, the second waits here until the first has committed or given up.
    """
    taken = await sql(session, _CLAIM_KEY, **claim.model_dump())
    if taken.rowcount:
        return None
    return await session.get(SubmissionKey, (claim.agency, claim.key))


async def receipt(session: Session, receipt_id: UUID) -> Receipt | None:
    """The receipt of that id."""
    return (await session.exec(select(Receipt).where(col(Receipt.receipt_id) == receipt_id))).first()


async def keep_body(session: Session, body: SealedBody) -> None:
    """Keep what was handed in, once."""
    await sql(session, _KEEP_BODY, **vars(body))


async def keep_bodies(session: Session, bodies: Iterable[SealedBody]) -> None:
    """Keep several small bodies, each once."""
    await sql(session, _KEEP_BODIES, bodies=_as_json(map(vars, bodies)))


async def keep_receipts(session: Session, receipts: Sequence[NewReceipt]) -> None:
    """Keep several receipts."""
    await sql(session, _KEEP_RECEIPTS, receipts=_as_json(receipt._asdict() for receipt in receipts))


def _as_json(rows: Iterable[dict[str, Any]]) -> str:
    """Rows as a JSON array, for statements that read many at once: no driver writes arrays of texts as fast."""
    spelled = [{name: _spelled(value) for name, value in row.items()} for row in rows]
    return msgspec.json.encode(spelled).decode()


def _spelled(value: object) -> object:
    return "\\x" + value.hex() if isinstance(value, bytes) else value
