"""How a person logs in: the program's request, the password, the code that is worth tokens (RFC 6749, 7636)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.issuer import passwords, store, tokens
from gateway.issuer.models import Code, Person
from gateway.issuer.roles import scopes_by_role
from gateway.issuer.rules import authorizations, logins, scopes
from gateway.issuer.rules.authorizations import Fault
from gateway.issuer.usecases.desk import Desk
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


async def examine(session: Session, request: LoginRequest) -> Fault | None:
    """What is wrong with the request and may be told to the program; raises UnknownClient when it must not be."""
    client = await store.client(session, request.client_id)
    if (
        client is None
        or client.revoked_at
        or not authorizations.is_registered(request.redirect_uri, client.redirect_uris)
    ):
        raise UnknownClient(
            "The client_id is unknown, or the redirect_uri is not registered for it.",
            detail_zh="client_id 未知，或其 redirect_uri 未登记。",
        )
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


def _seconds(failures: int, last: datetime | None, now: datetime) -> int:
    if last is None:
        return 0
    return max(0, round((last + logins.wait(failures) - now).total_seconds()))
