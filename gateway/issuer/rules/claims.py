"""What stands in a token (RFC 9068 access tokens, OpenID Connect id_tokens). Times are seconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any


def _times(now: datetime, lifetime: timedelta) -> dict[str, int]:
    return {"iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}


def agency_token(
    *, issuer: str, audience: str, client_id: str, scopes: Iterable[str], thumbprint: str, token_id: str,
    now: datetime, lifetime: timedelta,
) -> dict[str, Any]:  # fmt: skip
    """An agency's access token, bound to its certificate (RFC 8705 section 3.1)."""
    return {
        "iss": issuer,
        "aud": audience,
        "sub": client_id,
        "client_id": client_id,
        "scope": " ".join(scopes),
        "jti": token_id,
        "cnf": {"x5t#S256": thumbprint},
        **_times(now, lifetime),
    }


def person_token(
    *, issuer: str, audience: str, client_id: str, login: str, name: str, roles: Iterable[str], division: str | None,
    sig_jkt: str | None, scopes: Iterable[str], token_id: str, now: datetime, lifetime: timedelta,
) -> dict[str, Any]:  # fmt: skip
    """A person's access token: roles and jurisdiction, and the thumbprint of the key that he or she signs with."""
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": login,
        "client_id": client_id,
        "scope": " ".join(scopes),
        "jti": token_id,
        "name": name,
        "roles": list(roles),
        "division": division,
        "sig_jkt": sig_jkt,
        **_times(now, lifetime),
    }
    return {key: value for key, value in claims.items() if value is not None}


def id_token(
    *, issuer: str, client_id: str, login: str, name: str, nonce: str | None, authenticated_at: datetime,
    now: datetime, lifetime: timedelta,
) -> dict[str, Any]:  # fmt: skip
    """The OpenID Connect id_token: tells the client who logged in, and opens nothing."""
    claims = {
        "iss": issuer,
        "aud": client_id,
        "sub": login,
        "name": name,
        "nonce": nonce,
        "auth_time": int(authenticated_at.timestamp()),
        **_times(now, lifetime),
    }
    return {key: value for key, value in claims.items() if value is not None}
