"""JOSE: signing what we issue, and reading what clients sign. ES256 for ours; FAPI's algorithms for theirs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, KeySetSerialization

from gateway.issuer.models import SigningKey
from gateway.issuer.rules.keys import Schedule, is_published, signs
from shared.crypto import Vault
from shared.errors import Overloaded

_PURPOSE = "signing-key"
# JSON can hold a NUL or half a character, which no database keeps.
_VISIBLE = re.compile(r"[\x21-\x7e]{1,256}")
# FAPI 2.0 section 5.4.1: PS256, ES256 or EdDSA, nothing weaker.
CLIENT_ALGORITHMS = ["ES256", "PS256", "Ed25519"]


@dataclass(frozen=True)
class Issued:
    """What somebody gets at the token endpoint (RFC 6749 section 5.1). expires_in: seconds."""

    access_token: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None


class InvalidAssertion(ValueError):
    """A client's signed statement is not what it must be; the message says why."""


def new_key(vault: Vault, times: Schedule) -> SigningKey:
    """A fresh P-256 key, its private half sealed."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
    key.ensure_kid()
    return SigningKey(
        kid=key.kid or "",
        public=dict(key.as_dict(private=False)),
        sealed=vault.seal(_PURPOSE, json.dumps(key.as_dict(private=True))),
        signs_from=times.signs_from,
        signs_until=times.signs_until,
        published_until=times.published_until,
    )


def jwks(keys: Sequence[SigningKey], now: datetime) -> dict[str, Any]:
    """The public keys (RFC 7517) that anybody may need now."""
    return {"keys": [key.public for key in keys if is_published(key, now)]}


class Signer:
    """The key that signs now."""

    def __init__(self, vault: Vault, keys: Sequence[SigningKey], now: datetime) -> None:
        current = next((key for key in keys if signs(key, now)), None)
        if current is None:
            raise Overloaded("There is no signing key yet.", detail_zh="签名密钥尚未就绪，请稍后重试。", retry_after=1)
        self._kid = current.kid
        self._key = ECKey.import_key(json.loads(vault.open(_PURPOSE, current.sealed)))

    def access_token(self, claims: dict[str, Any]) -> str:
        """RFC 9068: typ at+jwt, so that no other kind of token passes for one."""
        return self._sign("at+jwt", claims)

    def id_token(self, claims: dict[str, Any]) -> str:
        return self._sign("JWT", claims)

    def _sign(self, kind: str, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "ES256", "kid": self._kid, "typ": kind}, claims, self._key)


def own_claims(token: str, keys: Sequence[SigningKey]) -> dict[str, Any] | None:
    """The claims of an access token that we signed, expired or not; None for anything else."""
    try:
        found = jwt.decode(token, _key_set({"keys": [key.public for key in keys]}), algorithms=["ES256"])
    except (JoseError, ValueError):
        return None
    return dict(found.claims) if found.header.get("typ") == "at+jwt" else None


def client_assertion(
    text: str, registered: dict[str, Any], issuer: str, client_id: str, now: datetime
) -> dict[str, Any]:
    """The claims of a `private_key_jwt` (RFC 7523), checked all but for a second use. Raises InvalidAssertion."""
    try:
        found = jwt.decode(text, _key_set(registered), algorithms=CLIENT_ALGORITHMS)
        _assertion_rules(client_id, now).validate(found.claims)
    except (JoseError, ValueError) as error:
        raise InvalidAssertion(f"The client assertion was refused ({type(error).__name__}).") from error
    # FAPI 2.0 section 5.3.2.1: our issuer identifier, as a string, and nothing beside it.
    if found.claims["aud"] != issuer:
        raise InvalidAssertion("The client assertion's aud must be the issuer identifier, as a string.")
    if not isinstance(found.claims["jti"], str) or not _VISIBLE.fullmatch(found.claims["jti"]):
        raise InvalidAssertion("The client assertion's jti must be 1 to 256 visible ASCII characters.")
    if found.claims["exp"] - now.timestamp() > 600:
        raise InvalidAssertion("The client assertion lives longer than ten minutes.")
    return dict(found.claims)


def unverified_subject(text: str) -> str:
    """Whose assertion this claims to be, before anything is believed: only to find the keys. '' if unreadable."""
    try:
        body = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        subject = claims.get("sub", "")
        return subject if _VISIBLE.fullmatch(subject) else ""
    except (IndexError, ValueError, AttributeError, TypeError):
        return ""


def _assertion_rules(client_id: str, now: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=10,
        iss={"essential": True, "value": client_id},
        sub={"essential": True, "value": client_id},
        aud={"essential": True},
        exp={"essential": True},
        jti={"essential": True},
    )


def _key_set(serialised: dict[str, Any]) -> KeySet:
    return KeySet.import_key_set(cast(KeySetSerialization, serialised))


def new_secret() -> str:
    """An unguessable text (256 bits) for a code or a refresh token."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """How a secret is kept: it has enough entropy of its own, so a plain hash will do."""
    return hashlib.sha256(secret.encode()).hexdigest()
