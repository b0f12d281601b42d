"""Registering agencies and people, and ending their access: the operators' work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.issuer import passwords, store
from gateway.issuer.models import Client, Person
from gateway.issuer.roles import roles as known_roles
from gateway.issuer.rules.jurisdictions import must_fit
from gateway.issuer.usecases import grants
from gateway.issuer.usecases.revocation import announce_revoked, end_logins
from shared import audit
from shared.db import Session
from shared.errors import NotFound, Unprocessable

_SHORTEST_PASSWORD = 12


async def add_client(
    session: Session,
    *,
    client_id: str,
    name: str,
    scopes: Sequence[str],
    now: datetime,
    actor: str = "operator",
    subject: str | None = None,
    thumbprints: Sequence[str] = (),
    jwks: dict[str, Any] | None = None,
) -> Client:
    """Register an agency, or change what it is granted. Its certificate's subject is CN=<client_id> unless said
    otherwise; with `jwks` it must sign an assertion as well (private_key_jwt).

    With `thumbprints` (base64url SHA-256) only these certificates are the agency's, and tokens bound to others end;
    without, those named before stay. Raises Unprocessable for a revoked agency that names none: the authority's
    signature on its old certificate still holds, and so would whoever has got it.
    """
    client = await store.client_for_update(session, client_id) or Client(
        client_id=client_id, name=name, auth_method="tls_client_auth", created_at=now
    )
    if client.revoked_at and not thumbprints:
        raise Unprocessable(
            f"{client_id} was revoked: it comes back with the thumbprint of a new certificate only.",
            detail_zh=f"{client_id} 已被撤销，须以新证书的指纹重新登记。",
        )
    _pin(session, client, thumbprints, now)
    client.name, client.scopes = name, sorted(set(scopes))
    client.auth_method = "private_key_jwt" if jwks else "tls_client_auth"
    client.subject, client.jwks, client.revoked_at = subject or f"CN={client_id}", jwks, None
    session.add(client)
    await session.flush()
    await grants.register(session, client, now, actor)
    await audit.record(session, actor, "client.registered", client_id, {"scopes": client.scopes})
    return client


def _pin(session: Session, client: Client, thumbprints: Sequence[str], now: datetime) -> None:
    """Take these certificates from now on, and no token of another one. A revoked agency has no token left."""
    known = client in session and client.revoked_at is None
    if known and thumbprints and set(client.thumbprints or [""]) - set(thumbprints):
        # A token's time is in whole seconds: one of this second may already be the new certificate's.
        announce_revoked(session, "client", client.client_id, now.replace(microsecond=0) - timedelta(microseconds=1))
    client.thumbprints = list(thumbprints) or client.thumbprints


async def revoke_client(session: Session, client_id: str, now: datetime, actor: str = "operator") -> None:
    """No more tokens for it, and none of its tokens is good any more. Raises NotFound."""
    client = await store.client_for_update(session, client_id)
    if client is None:
        raise NotFound(f"There is no client {client_id}.", detail_zh=f"没有客户端 {client_id}。")
    client.revoked_at = now
    await grants.end_all(session, client_id, now, actor)
    announce_revoked(session, "client", client_id, now)
    await audit.record(session, actor, "client.revoked", client_id, {})


async def add_person(
    session: Session,
    *,
    login: str,
    name: str,
    password: str,
    roles: Sequence[str],
    division: str | None,
    now: datetime,
    sig_jkt: str | None = None,
    actor: str = "operator",
) -> Person:
    """Register a person, or change roles, place, key and password; then every login of before has ended. Raises
    Unprocessable for an unknown role, a division wider than a role may see, or a password under twelve characters (NIST
    SP 800-63B asks for length, not for odd characters)."""
    if unknown := set(roles) - set(known_roles()):
        raise Unprocessable(
            f"Unknown roles: {', '.join(sorted(unknown))}.", detail_zh=f"未知角色：{'、'.join(sorted(unknown))}。"
        )
    must_fit(division, (known_roles()[role].jurisdiction for role in roles))
    if len(password) < _SHORTEST_PASSWORD:
        raise Unprocessable(
            f"A password has at least {_SHORTEST_PASSWORD} characters.",
            detail_zh=f"口令至少 {_SHORTEST_PASSWORD} 个字符。",
        )
    digest = await passwords.hashed(password)
    person = await store.person_for_update(session, login)
    if person:
        await end_logins(session, login, now)
    else:
        person = Person(login=login, name=name, password_hash="", created_at=now)
    person.name, person.password_hash, person.roles = name, digest, sorted(set(roles))
    person.division, person.sig_jkt, person.revoked_at = division, sig_jkt, None
    session.add(person)
    await audit.record(session, actor, "person.registered", login, {"roles": person.roles, "division": division})
    return person


async def revoke_person(session: Session, login: str, now: datetime, actor: str = "operator") -> None:
    """No more logins, and none of the person's tokens is good any more. Raises NotFound."""
    person = await store.person_for_update(session, login)
    if person is None:
        raise NotFound(f"There is no person {login}.", detail_zh=f"没有人员 {login}。")
    person.revoked_at = now
    await end_logins(session, login, now)
    announce_revoked(session, "person", login, now)
    await audit.record(session, actor, "person.revoked", login, {})
