"""Receipts, the keys that led to them, and the bodies they are about."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import insert, text
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


_CLAIM_KEYS = """
insert into ingest.submission_key (agency, key, receipt_id, dataset, sha256)
select * from unnest(cast(:agency as text[]), cast(:key as text[]), cast(:receipt_id as uuid[]),
    cast(:dataset as text[]), cast(:sha256 as bytea[])) as given (agency, key, receipt_id, dataset, sha256)
order by given.key
on conflict do nothing
returning receipt_id
"""


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
    await keep_bodies(session, [body])


async def keep_bodies(session: Session, bodies: Iterable[SealedBody]) -> None:
    """Keep what was handed in, each once; in one order, so that two transactions never wait for each other."""
    ordered = sorted(bodies, key=lambda body: body.sha256)
    await (await session.connection()).execute(text(_KEEP_BODY), [vars(body) for body in ordered])


async def keep_receipts(session: Session, receipts: Sequence[Receipt]) -> None:
    """Keep several receipts."""
    await session.exec(insert(Receipt), params=[receipt.model_dump() for receipt in receipts])
