"""Every SQL statement of the issuer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import col, select

from gateway.issuer.models import Client, Code, LoginFailure, Person, RefreshToken, SigningKey
from gateway.issuer.rules.logins import FORGOTTEN_AFTER
from shared.db import Session, sql

_ROTATION_LOCK = "select pg_advisory_xact_lock(hashtext('issuer:rotation'))"
_REMEMBER_ASSERTION = """
insert into issuer.used_assertion (client_id, jti, expires_at) values (:client_id, :jti, :expires_at)
on conflict do nothing returning jti
"""
_COUNT_FAILURE = """
insert into issuer.login_failure (login, failures, last_at) values (:login, :failures, :now)
on conflict (login) do update set failures = :failures, last_at = greatest(login_failure.last_at, :now)
"""
# A person is locked before what hangs on him, by whoever locks both: so nobody waits for one who waits for him.
_LOCK_CODE_HOLDER = """
select 1 from issuer.person where login = (select login from issuer.code where hash = :digest) for share
"""
_LOCK_LOGIN_HOLDER = """
select 1 from issuer.person where login = (select login from issuer.refresh_token where hash = :digest) for share
"""


async def client(session: Session, client_id: str) -> Client | None:
    """The client, revoked or not."""
    return await session.get(Client, client_id)


async def client_for_update(session: Session, client_id: str) -> Client | None:
    """The client, locked: whoever changes what it may do goes one after the other."""
    return await session.get(Client, client_id, with_for_update=True)


async def clients(session: Session) -> list[Client]:
    """All of them, by id."""
    return list((await session.exec(select(Client).order_by(col(Client.client_id)))).all())


async def person(session: Session, login: str) -> Person | None:
    """The person, revoked or not."""
    return await session.get(Person, login)


async def person_as_is(session: Session, login: str) -> Person | None:
    """The person, whom nobody changes or revokes until the transaction ends."""
    return await session.get(Person, login, with_for_update={"read": True})


async def person_for_update(session: Session, login: str) -> Person | None:
    """The person, locked: whoever is about to issue something to him waits, and then sees what was changed."""
    return await session.get(Person, login, with_for_update=True)


async def people(session: Session) -> list[Person]:
    """All of them, by login."""
    return list((await session.exec(select(Person).order_by(col(Person.login)))).all())


async def signing_keys(session: Session) -> list[SigningKey]:
    """All keys that are kept, oldest first."""
    return list((await session.exec(select(SigningKey).order_by(col(SigningKey.signs_from)))).all())


async def lock_rotation(session: Session) -> None:
    """One process at a time makes keys; held until the transaction ends."""
    await sql(session, _ROTATION_LOCK)


async def forget(session: Session, now: datetime) -> None:
    """Drop what has run out: keys nobody meets any more, assertions, codes, refresh tokens, old wrong passwords."""
    await session.exec(delete(SigningKey).where(col(SigningKey.published_until) < now))
    await sql(session, "delete from issuer.used_assertion where expires_at < :now", now=now)
    await session.exec(delete(Code).where(col(Code.expires_at) < now))
    gone = (col(RefreshToken.expires_at) < now, col(RefreshToken.access_until) < now)
    await session.exec(delete(RefreshToken).where(*gone))
    # Anybody may type any login: without this their rows would only ever grow.
    await session.exec(delete(LoginFailure).where(col(LoginFailure.last_at) < now - FORGOTTEN_AFTER))


async def remember_assertion(session: Session, client_id: str, jti: str, expires_at: datetime) -> bool:
    """Whether this assertion is new. Two at once: exactly one of them is."""
    result = await sql(session, _REMEMBER_ASSERTION, client_id=client_id, jti=jti, expires_at=expires_at)
    return result.first() is not None


async def login_failure(session: Session, login: str) -> LoginFailure | None:
    """Wrong passwords so far. Whoever reads it holds the line: guesses at one login go one after the other."""
    await sql(session, "select pg_advisory_xact_lock(hashtext('login:' || :login))", login=login)
    return await session.get(LoginFailure, login)


async def count_failure(session: Session, login: str, failures: int, now: datetime) -> None:
    """Keep the number of wrong passwords in a row."""
    await sql(session, _COUNT_FAILURE, login=login, failures=failures, now=now)


async def forgive(session: Session, login: str) -> None:
    """The right password was given."""
    await session.exec(delete(LoginFailure).where(col(LoginFailure.login) == login))


async def code_for_update(session: Session, digest: str) -> Code | None:
    """The code, locked with its holder: of two that redeem it at once the second sees it used."""
    await sql(session, _LOCK_CODE_HOLDER, digest=digest)
    return (await session.exec(select(Code).where(col(Code.hash) == digest).with_for_update())).first()


async def refresh_token_for_update(session: Session, digest: str) -> RefreshToken | None:
    """The refresh token, locked with its holder."""
    await sql(session, _LOCK_LOGIN_HOLDER, digest=digest)
    return (await session.exec(select(RefreshToken).where(col(RefreshToken.hash) == digest).with_for_update())).first()


async def revoke_family(session: Session, family: UUID, now: datetime) -> list[RefreshToken]:
    """End a login's chain. Returns its links, whose access tokens may still be alive."""
    return await _revoke(session, col(RefreshToken.family) == family, now)


async def revoke_logins(session: Session, login: str, now: datetime) -> list[RefreshToken]:
    """End every chain of a person, and the codes that would begin one. Returns their links."""
    await session.exec(delete(Code).where(col(Code.login) == login))
    return await _revoke(session, col(RefreshToken.login) == login, now)


async def _revoke(session: Session, which: ColumnElement[bool], now: datetime) -> list[RefreshToken]:
    still_good = col(RefreshToken.revoked_at).is_(None)
    await session.exec(update(RefreshToken).where(which, still_good).values(revoked_at=now))
    return list((await session.exec(select(RefreshToken).where(which))).all())
