"""A person's tokens: authorization code (RFC 6749, 7636), rotating refresh tokens (RFC 9700)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from gateway.issuer import store, tokens
from gateway.issuer.models import Code, Person, RefreshToken
from gateway.issuer.roles import scopes_by_role
from gateway.issuer.rules import authorizations, claims, scopes
from gateway.issuer.usecases.desk import Desk, Form
from gateway.issuer.usecases.revocation import end_family
from shared.db import Session
from shared.ids import new_id

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Login:
    """Who logged in through what, and when: what every token of this login shares."""

    person: Person
    client_id: str
    scope: str
    family: UUID
    authenticated_at: datetime
    nonce: str | None = None


async def issue_to_person(session: Session, desk: Desk, form: Form) -> tokens.Issued | OAuth2Error:
    """The authorization_code and refresh_token grants. Raises OAuth2Error; *returns* one when something stolen was
    used, so that what it led to is revoked for good."""
    grant = form.get("grant_type", "none")
    if grant == "authorization_code":
        return await _redeem_code(session, desk, form)
    if grant == "refresh_token":
        return await _refresh(session, desk, form)
    raise UnsupportedGrantTypeError(grant)


async def _redeem_code(session: Session, desk: Desk, form: Form) -> tokens.Issued | OAuth2Error:
    code = await store.code_for_update(session, tokens.digest(_required(form, "code")))
    if code is None:
        raise InvalidGrantError("The code is unknown or has expired.")
    if code.used_at is not None:
        await _break_family(session, desk, code.family)
        return InvalidGrantError("The code was used before; everything it led to is revoked.")
    if not _is_redeemable(code, desk, form):
        raise InvalidGrantError("The code is not for this client, address or verifier, or has expired.")
    code.used_at = desk.now
    person = await _holder(session, code.login)
    login = _Login(person, code.client_id, code.scope, code.family, code.authenticated_at, code.nonce)
    return await _issue(session, desk, login)


def _is_redeemable(code: Code, desk: Desk, form: Form) -> bool:
    proven = create_s256_code_challenge(_required(form, "code_verifier")) == code.challenge
    return proven and authorizations.is_redeemable(
        issued_to=code.client_id,
        redirect_uri=code.redirect_uri,
        expires_at=code.expires_at,
        client_id=_required(form, "client_id"),
        given_redirect_uri=_required(form, "redirect_uri"),
        now=desk.now,
    )


async def _refresh(session: Session, desk: Desk, form: Form) -> tokens.Issued | OAuth2Error:
    old = await store.refresh_token_for_update(session, tokens.digest(_required(form, "refresh_token")))
    if old is None or old.client_id != _required(form, "client_id") or desk.now >= old.expires_at:
        raise InvalidGrantError("The refresh token is unknown or has expired.")
    if old.used_at is not None or old.revoked_at is not None:
        await _break_family(session, desk, old.family)
        return InvalidGrantError("The refresh token was used before; its whole family is revoked.")
    old.used_at = desk.now
    person = await _holder(session, old.login)
    scope = form.get("scope") or old.scope
    if set(scope.split()) - set(old.scope.split()) and old.scope:
        raise InvalidScopeError("A refresh cannot widen the scope.")
    return await _issue(session, desk, _Login(person, old.client_id, scope, old.family, old.authenticated_at))


async def _holder(session: Session, login: str) -> Person:
    person = await store.person(session, login)
    if person is None or person.revoked_at is not None:
        raise InvalidGrantError("The person may no longer log in.")
    return person


async def _issue(session: Session, desk: Desk, login: _Login) -> tokens.Issued:
    granted = _granted(login)
    signer = tokens.Signer(desk.vault, await store.signing_keys(session), desk.now)
    token_id = str(new_id())
    wants_identity = "openid" in login.scope.split()
    return tokens.Issued(
        access_token=signer.access_token(_access_claims(desk, login, granted, token_id)),
        expires_in=desk.settings.token_lifetime_s,
        scope=" ".join(granted),
        refresh_token=_keep_refresh_token(session, desk, login, token_id),
        id_token=signer.id_token(_identity_claims(desk, login)) if wants_identity else None,
    )


def _granted(login: _Login) -> tuple[str, ...]:
    try:
        return scopes.granted(login.scope, scopes.of_roles(login.person.roles, scopes_by_role()))
    except scopes.ScopeNotGranted as error:
        raise InvalidScopeError("The person's roles no longer include every scope.") from error


def _access_claims(desk: Desk, login: _Login, granted: tuple[str, ...], token_id: str) -> dict[str, object]:
    person = login.person
    return claims.person_token(
        issuer=desk.issuer,
        audience=desk.settings.audience,
        client_id=login.client_id,
        login=person.login,
        name=person.name,
        roles=person.roles,
        division=person.division,
        sig_jkt=person.sig_jkt,
        scopes=granted,
        token_id=token_id,
        now=desk.now,
        lifetime=desk.settings.token_lifetime,
    )


def _identity_claims(desk: Desk, login: _Login) -> dict[str, object]:
    return claims.id_token(
        issuer=desk.issuer,
        client_id=login.client_id,
        login=login.person.login,
        name=login.person.name,
        nonce=login.nonce,
        authenticated_at=login.authenticated_at,
        now=desk.now,
        lifetime=desk.settings.token_lifetime,
    )


def _keep_refresh_token(session: Session, desk: Desk, login: _Login, token_id: str) -> str:
    """A working day from the login, however often it is renewed."""
    token = tokens.new_secret()
    row = RefreshToken(
        hash=tokens.digest(token),
        family=login.family,
        client_id=login.client_id,
        login=login.person.login,
        scope=login.scope,
        authenticated_at=login.authenticated_at,
        access_jti=token_id,
        access_until=desk.now + desk.settings.token_lifetime,
        expires_at=login.authenticated_at + timedelta(seconds=desk.settings.refresh_lifetime_s),
    )
    session.add(row)
    return token


async def _break_family(session: Session, desk: Desk, family: UUID) -> None:
    """Somebody else holds a copy: nothing of this login is worth anything from now on."""
    await end_family(session, family, desk.now)
    log.warning("family.revoked", extra={"family": str(family)})


def _required(form: Form, name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise InvalidRequestError(f"The parameter {name} is missing.")
    return value
