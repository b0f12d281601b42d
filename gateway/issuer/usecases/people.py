"""People: login, authorization code (RFC 6749, 7636), rotating refresh tokens (RFC 9700)."""

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

from gateway.issuer import passwords, store, tokens
from gateway.issuer.models import Code, Person, RefreshToken
from gateway.issuer.roles import scopes_by_role
from gateway.issuer.rules import authorizations, claims, logins, scopes
from gateway.issuer.rules.authorizations import Fault
from gateway.issuer.usecases.desk import Desk, Form
from gateway.issuer.usecases.revocation import end_family
from shared import audit
from shared.db import Database, Session
from shared.errors import AnxinError
from shared.ids import new_id

log = logging.getLogger(__name__)

_LONGEST_PASSWORD = 1024


class UnknownClient(AnxinError):
    """The login was asked for by a program, or with a return address, that we do not know: nobody is sent there."""

    slug = "unknown-client"
    title = "This program may not ask for a login"
    title_zh = "该应用无权发起登录"


@dataclass(frozen=True)
class LoginRequest:
    """An authorization request, as its query says."""

    client_id: str
    redirect_uri: str
    response_type: str = ""
    scope: str = ""
    state: str = ""
    nonce: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""


@dataclass(frozen=True)
class LoginRefused:
    """wait: seconds until the next attempt may be made, 0 for at once."""

    wait: int = 0


@dataclass(frozen=True)
class _Attempt:
    """A password that may be looked at. failures: in a row, this one among them. stored: None when nobody has it."""

    failures: int
    stored: str | None


@dataclass(frozen=True)
class _Login:
    """Who logged in through what, and when: what every token of this login shares."""

    person: Person
    client_id: str
    scope: str
    family: UUID
    authenticated_at: datetime
    nonce: str | None = None


async def examine(session: Session, request: LoginRequest) -> Fault | None:
    """What is wrong with the request and may be told to the program; raises UnknownClient when it must not be."""
    client = await store.client(session, request.client_id)
    if (
        client is None
        or client.revoked_at
        or not authorizations.is_registered(request.redirect_uri, client.redirect_uris)
    ):
        raise UnknownClient("The client_id is unknown, or the redirect_uri is not registered for it.")
    return authorizations.fault_of(request.response_type, request.code_challenge, request.code_challenge_method)


async def log_in(
    db: Database, desk: Desk, request: LoginRequest, login: str, password: str
) -> str | Fault | LoginRefused:
    """An authorization code for the right password. A refusal is a value, so that the count of failures is kept.

    Two transactions, and between them the slow look at the password, which holds neither a connection nor a lock.
    """
    login = login.strip().lower()[:64]
    async with db.transaction() as session:
        attempt = await _begin_attempt(session, desk, login)
    if isinstance(attempt, LoginRefused):
        return attempt
    # Looked at whether or not there is such a person: how long the answer takes tells nobody.
    is_right = await passwords.is_right(password[:_LONGEST_PASSWORD], attempt.stored)
    async with db.transaction() as session:
        person = await _proven(session, login, attempt) if is_right else None
        return await _welcome(session, desk, request, person) if person else _refused(desk, attempt)


async def _begin_attempt(session: Session, desk: Desk, login: str) -> _Attempt | LoginRefused:
    """Count the password as a wrong one before it is looked at: of many sent at once each one is counted in time."""
    failure = await store.login_failure(session, login)
    count, last = (failure.failures, failure.last_at) if failure else (0, None)
    if not logins.may_try(count, last, desk.now):
        return LoginRefused(wait=_seconds(count, last, desk.now))
    count = logins.failures_after(count, last, desk.now)
    await store.count_failure(session, login, count, desk.now)
    person = await store.person(session, login)
    return _Attempt(count, person.password_hash if person and person.revoked_at is None else None)


async def _proven(session: Session, login: str, attempt: _Attempt) -> Person | None:
    """The person, unless he was revoked or got another password while this one was looked at."""
    person = await store.person_as_is(session, login)
    return person if person and person.revoked_at is None and person.password_hash == attempt.stored else None


def _refused(desk: Desk, attempt: _Attempt) -> LoginRefused:
    log.warning("login.refused", extra={"known": attempt.stored is not None, "failures": attempt.failures})
    return LoginRefused(wait=_seconds(attempt.failures, desk.now, desk.now))


async def _welcome(session: Session, desk: Desk, request: LoginRequest, person: Person) -> str | Fault:
    await store.forgive(session, person.login)
    try:
        scopes.granted(request.scope, scopes.of_roles(person.roles, scopes_by_role()))
    except scopes.ScopeNotGranted:
        return Fault("invalid_scope", "The person's roles do not include every requested scope.")
    details = {"roles": person.roles, "division": person.division}
    await audit.record(session, person.login, "login", request.client_id, details)
    return _keep_code(session, desk, request, person.login)


def _keep_code(session: Session, desk: Desk, request: LoginRequest, login: str) -> str:
    code = tokens.new_secret()
    row = Code(
        hash=tokens.digest(code),
        client_id=request.client_id,
        login=login,
        redirect_uri=request.redirect_uri,
        challenge=request.code_challenge,
        scope=request.scope,
        nonce=request.nonce or None,
        authenticated_at=desk.now,
        expires_at=desk.now + timedelta(seconds=desk.settings.code_lifetime_s),
        family=new_id(),
    )
    session.add(row)
    return code


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


def _seconds(failures: int, last: datetime | None, now: datetime) -> int:
    if last is None:
        return 0
    return max(0, round((last + logins.wait(failures) - now).total_seconds()))
