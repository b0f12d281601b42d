"""The issuer speaks: keys and revocations."""

from datetime import datetime
from typing import Any, Literal

from shared.events.base import Event


class IdentityRevoked(Event, frozen=True, kw_only=True):
    """issuer -> every service. A token, a client or a person is refused from now on."""

    subject = "identity.revoked"
    source = "issuer"
    kind: Literal["token", "client", "person"]
    value: str
    revoked_at: datetime
    until: datetime | None = None


class GrantEnded(Event, frozen=True, kw_only=True):
    """issuer -> every service. An agency's grant ran out or was taken back: tokens issued by then lack the scope now.

    Tokens that were issued later are good: the agency was given the scope again.
    """

    subject = "identity.grant.ended"
    source = "issuer"
    agency: str
    scope: str
    reason: Literal["expired", "revoked"]
    ended_at: datetime


class SigningKeysPublished(Event, frozen=True, kw_only=True):
    """issuer -> every service. The public keys (RFC 7517 JWK set) that access tokens are signed with from now on."""

    subject = "identity.keys"
    source = "issuer"
    jwks: dict[str, Any]
