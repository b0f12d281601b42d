"""Taking back what was given (RFC 7009): every service hears of it and refuses from then on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from gateway.issuer import store, tokens
from gateway.issuer.models import RefreshToken
from gateway.issuer.usecases import clients
from gateway.issuer.usecases.desk import Desk, Form
from shared import audit
from shared.db import Session
from shared.events import IdentityRevoked
from shared.outbox import announce


def announce_revoked(
    session: Session,
    kind: Literal["token", "client", "person"],
    value: str,
    now: datetime,
    until: datetime | None = None,
) -> None:
    """Tell every service. `until`: when the fact no longer matters."""
    announce(session, IdentityRevoked(kind=kind, value=value, revoked_at=now, until=until))


async def end_family(session: Session, family: UUID, now: datetime) -> None:
    """Nothing of this login is worth anything from now on."""
    _announce_links(session, await store.revoke_family(session, family, now), now)


async def end_logins(session: Session, login: str, now: datetime) -> None:
    """Nothing of any login of this person is worth anything from now on. The person must be locked."""
    _announce_links(session, await store.revoke_logins(session, login, now), now)


def _announce_links(session: Session, links: Iterable[RefreshToken], now: datetime) -> None:
    for link in links:
        if link.access_until > now:
            announce_revoked(session, "token", link.access_jti, now, link.access_until)


async def revoke(session: Session, desk: Desk, form: Form) -> None:
    """End a token of the asking client. What is not its own, or no token, is passed over in silence (RFC 7009 2.2)."""
    if desk.side == "agencies":
        client, _ = await clients.authenticate(session, desk, form)
        client_id = client.client_id
    else:
        # A public client has nothing to prove itself with: holding the token is what counts.
        client_id = form.get("client_id", "")
        await _revoke_login(session, desk, form.get("token", ""), client_id)
    await _revoke_access_token(session, desk, form.get("token", ""), client_id)


async def _revoke_access_token(session: Session, desk: Desk, token: str, client_id: str) -> None:
    found = tokens.own_claims(token, await store.signing_keys(session))
    if not found or found.get("client_id") != client_id:
        return
    announce_revoked(session, "token", found["jti"], desk.now, datetime.fromtimestamp(found["exp"], UTC))
    await audit.record(session, client_id, "token.revoked", found["jti"], {"sub": found["sub"]})


async def _revoke_login(session: Session, desk: Desk, token: str, client_id: str) -> None:
    link = await store.refresh_token_for_update(session, tokens.digest(token))
    if link is None or link.client_id != client_id:
        return
    await end_family(session, link.family, desk.now)
    await audit.record(session, link.login, "login.ended", client_id, {"family": str(link.family)})
