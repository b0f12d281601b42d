"""Keep what senders signed, and sign receipts: once, when somebody first asks, so that no submission pays for it."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.ingest import receipt_tokens
from services.ingest.message_signatures import Evidence
from services.ingest.models import Receipt, ReceiptKey, SignedReceipt
from services.ingest.sealing import seal_body
from services.ingest.store import proofs as store
from services.ingest.store import receipts as receipt_store
from shared import audit
from shared.crypto import Vault
from shared.db import Session


@dataclass(frozen=True)
class Seal:
    """What it takes to sign: the vault of the keys, how long each signs, and the platform's address for agencies."""

    vault: Vault
    period: timedelta
    issuer: str


@dataclass(frozen=True)
class Proof:
    """A sender's signature that held. `sent`: the body as sent, where that is not the file (Content-Encoding)."""

    evidence: Evidence
    sent: bytes | None


def evidence_as_text(evidence: Evidence) -> dict[str, str]:
    """The evidence as JSON holds it, until it is known whether the file is the one that was signed."""
    return {
        "keyid": evidence.keyid,
        "algorithm": evidence.algorithm,
        "created_at": evidence.created_at.isoformat(),
        "base": evidence.base,
        "signature": base64.b64encode(evidence.signature).decode(),
        "certificate": base64.b64encode(evidence.certificate).decode(),
        "sent_sha256": evidence.sent_sha256.hex(),
    }


def evidence_of(told: dict[str, str]) -> Evidence:
    """The way back."""
    return Evidence(
        keyid=told["keyid"],
        algorithm=told["algorithm"],
        created_at=datetime.fromisoformat(told["created_at"]),
        base=told["base"],
        signature=base64.b64decode(told["signature"]),
        certificate=base64.b64decode(told["certificate"]),
        sent_sha256=bytes.fromhex(told["sent_sha256"]),
    )


async def keep_proof(session: Session, receipt_id: UUID, proof: Proof, vault: Vault) -> None:
    """Keep the sender's signature with its receipt, and the very bytes that he signed."""
    await store.keep_signature(session, receipt_id, proof.evidence)
    if proof.sent is not None:
        await receipt_store.keep_body(session, await asyncio.to_thread(seal_body, vault, proof.sent))


async def signed_receipt(session: Session, receipt: Receipt, seal: Seal, at: datetime) -> str:
    """The receipt as a compact JWS: the same bytes for ever, from the first time on."""
    if known := await store.signed_receipt(session, receipt.receipt_id):
        return known.token
    key = await _signing_key(session, seal, at)
    evidence = await store.signature(session, receipt.receipt_id)
    made = receipt_tokens.sign(receipt_tokens.claims(receipt, evidence, seal.issuer, at), key, seal.vault)
    signed = SignedReceipt(receipt_id=receipt.receipt_id, kid=made.kid, token=made.token, signed_at=at)
    if not await store.keep_signed(session, signed):
        return await signed_receipt(session, receipt, seal, at)
    return made.token


async def receipt_keys(session: Session, seal: Seal, at: datetime) -> dict[str, Any]:
    """Every public key that receipts were or will be signed with, as a JWK set: whoever keeps it needs us no more."""
    await _signing_key(session, seal, at)
    return receipt_tokens.jwks(await store.keys(session))


async def _signing_key(session: Session, seal: Seal, at: datetime) -> ReceiptKey:
    """The key that signs now. When none does, one is made, and the private halves of those before it are destroyed."""
    if key := await store.signing_key(session, at):
        return key
    await store.lock_keys(session)
    if key := await store.signing_key(session, at):
        return key
    key = receipt_tokens.new_key(seal.vault, at, at + seal.period)
    session.add(key)
    await store.destroy_private_halves(session, at)
    await audit.record(session, "SYSTEM", "receipt-key.made", key.kid, {"signs_until": key.signs_until.isoformat()})
    return key
