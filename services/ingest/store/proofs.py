"""What proves a submission: keys, signed receipts, and the senders' own signatures."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from services.ingest.message_signatures import Evidence
from services.ingest.models import ReceiptKey, SenderSignature, SignedReceipt
from shared.db import Session, sql

_KEY_LOCK = "select pg_advisory_xact_lock(hashtext('ingest:receipt-key'))"
_KEEP_SIGNED = """
insert into ingest.signed_receipt (receipt_id, kid, token, signed_at) values (:receipt_id, :kid, :token, :signed_at)
on conflict do nothing
"""


async def lock_keys(session: Session) -> None:
    """One process at a time makes keys; held until the transaction ends."""
    await sql(session, _KEY_LOCK)


async def keys(session: Session) -> list[ReceiptKey]:
    """Every key that ever signed, oldest first."""
    return list((await session.exec(select(ReceiptKey).order_by(col(ReceiptKey.made_at)))).all())


async def signing_key(session: Session, at: datetime) -> ReceiptKey | None:
    """The key that signs at that moment."""
    newest = select(ReceiptKey).where(col(ReceiptKey.signs_until) > at, col(ReceiptKey.sealed).is_not(None))
    return (await session.exec(newest.order_by(col(ReceiptKey.made_at).desc()).limit(1))).first()


async def destroy_private_halves(session: Session, at: datetime) -> None:
    """What signs no more cannot be stolen any more."""
    await session.exec(update(ReceiptKey).where(col(ReceiptKey.signs_until) <= at).values(sealed=None))


async def signed_receipt(session: Session, receipt_id: UUID) -> SignedReceipt | None:
    """The receipt as it was signed; None before the first time."""
    return await session.get(SignedReceipt, receipt_id)


async def keep_signed(session: Session, signed: SignedReceipt) -> bool:
    """Keep a signed receipt. False when another had been kept before: of two at once the second waits, and sees it."""
    return bool((await sql(session, _KEEP_SIGNED, **signed.model_dump())).rowcount)


async def keep_signature(session: Session, receipt_id: UUID, evidence: Evidence) -> None:
    """Keep the sender's own signature with its receipt."""
    session.add(SenderSignature(receipt_id=receipt_id, **asdict(evidence)))


async def signature(session: Session, receipt_id: UUID) -> Evidence | None:
    """The sender's own signature; None when he did not sign."""
    kept = await session.get(SenderSignature, receipt_id)
    return Evidence(**kept.model_dump(exclude={"receipt_id"})) if kept else None
