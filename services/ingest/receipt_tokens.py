"""A receipt as a JWS (RFC 7515, ES256) that a stranger can verify years later, and the keys that sign it. Pure.

ES256 rather than EdDSA: every JOSE library reads it. The payload is a JWT claims set without an end.
"""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from services.ingest.message_signatures import Evidence
from services.ingest.models import Receipt, ReceiptKey
from shared.crypto import Vault

TYPE = "receipt+jwt"
ALGORITHM = "ES256"
_PURPOSE = "receipt-key"


@dataclass(frozen=True)
class Signature:
    """A signed receipt: the compact JWS, and the `kid` of the key that signed it."""

    token: str
    kid: str


def new_key(vault: Vault, made_at: datetime, signs_until: datetime) -> ReceiptKey:
    """A fresh P-256 key, its private half sealed."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM})
    key.ensure_kid()
    return ReceiptKey(
        kid=key.kid or "",
        public=dict(key.as_dict(private=False)),
        sealed=vault.seal(_PURPOSE, json.dumps(key.as_dict(private=True))),
        made_at=made_at,
        signs_until=signs_until,
    )


def jwks(keys: Iterable[ReceiptKey]) -> dict[str, Any]:
    """Every public key that ever signed a receipt (RFC 7517)."""
    return {"keys": [key.public for key in keys]}


def sign(claims: dict[str, Any], key: ReceiptKey, vault: Vault) -> Signature:
    """The claims as a compact JWS. ValueError when the key's private half is gone."""
    if key.sealed is None:
        raise ValueError(f"the receipt key {key.kid} signs no more")
    private = ECKey.import_key(json.loads(vault.open(_PURPOSE, key.sealed)))
    token = jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}, claims, private)
    return Signature(token, key.kid)


def claims(receipt: Receipt, evidence: Evidence | None, issuer: str, at: datetime) -> dict[str, Any]:
    """What a receipt proves: who (`sub`) sent what (`file`) when (`reported_at`), and what became of its rows.

    `iss` is the platform's address for agencies, `jti` the receipt's id, `iat` when it was signed.
    """
    return {
        "iss": issuer,
        "sub": receipt.agency,
        "jti": str(receipt.receipt_id),
        "iat": int(at.timestamp()),
        "dataset": receipt.dataset,
        "reported_at": _moment(receipt.reported_at),
        "file": {
            "sha256": receipt.sha256.hex(),
            "bytes": receipt.bytes,
            "content_type": receipt.content_type,
        },
        "rows": {
            name: getattr(receipt, name)
            for name in ("received", "accepted", "unchanged", "superseded", "rejected", "unmatched")
        },
        "sender_signature": _told(evidence) if evidence else None,
    }


def _told(evidence: Evidence) -> dict[str, Any]:
    """The sender's own signature, with all that is needed to verify it again without us."""
    return {
        "keyid": evidence.keyid,
        "alg": evidence.algorithm,
        "created": _moment(evidence.created_at),
        "base": evidence.base,
        "signature": _base64(evidence.signature),
        "x5c": [_base64(evidence.certificate)],
        "sent_sha256": evidence.sent_sha256.hex(),
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
