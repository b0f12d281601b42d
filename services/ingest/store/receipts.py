"""Receipts, the keys that led to them, and the bodies they are about."""

from uuid import UUID

from sqlmodel import col, select

from services.ingest.models import Receipt, SubmissionKey
from services.ingest.sealing import SealedBody
from shared.db import Session, sql

_KEEP_BODY = """
insert into ingest.body (sha256, content, sealed_key, bytes) values (:sha256, :content, :sealed_key, :bytes)
on conflict do nothing
"""

_CLAIM_KEY = """
insert into ingest.submission_key (agency, key, receipt_id, dataset, sha256)
values (:agency, :key, :receipt_id, :dataset, :sha256)
on conflict do nothing
"""


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
    await sql(
        session,
        _KEEP_BODY,
        sha256=body.sha256,
        content=body.content,
        sealed_key=body.sealed_key,
        bytes=body.bytes,
    )
