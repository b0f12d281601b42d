"""Signing keys over time, on a real database, and what every service hears of them."""

import base64
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag
from sqlmodel import col, select

from gateway.issuer import store, tokens
from gateway.issuer.rules.keys import Rotation, Schedule
from gateway.issuer.usecases.rotation import rotate
from shared.crypto import Vault
from shared.db import Database, Session, sql
from shared.events import SigningKeysPublished
from shared.outbox import OutboxRow
from tests.conftest import SettingsOf
from tests.issuer_desk import DATA_KEY

NOW = datetime(2027, 1, 1, tzinfo=UTC)
ROTATION = Rotation(period=timedelta(days=30), lead=timedelta(days=1), grace=timedelta(minutes=20))
VAULT = Vault(base64.b64decode(DATA_KEY))


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("issuer"))
    async with database.transaction() as session:
        await sql(session, "delete from issuer.signing_key")
        await sql(session, "delete from issuer.outbox")
    yield database
    async with database.transaction() as session:
        await sql(session, "delete from issuer.signing_key")
    await database.close()


async def turn(db: Database, now: datetime, *, tell: bool = False) -> bool:
    async with db.transaction() as session:
        return await rotate(session, VAULT, ROTATION, now, tell=tell)


async def announced(session: Session) -> list[list[str]]:
    """The key ids of every SigningKeysPublished, in order."""
    found = select(OutboxRow).where(col(OutboxRow.subject) == SigningKeysPublished.subject).order_by(col(OutboxRow.id))
    bodies = [json.loads(row.body)["data"]["jwks"] for row in (await session.exec(found)).all()]
    return [[key["kid"] for key in body["keys"]] for body in bodies]


async def test_nothing_is_said_when_nothing_changes_except_at_a_start(db: Database) -> None:
    assert await turn(db, NOW) is True
    assert await turn(db, NOW) is False
    assert await turn(db, NOW, tell=True) is False
    async with db.transaction() as session:
        assert len(await announced(session)) == 2


async def test_the_successor_is_told_a_day_before_it_signs_and_the_old_key_outlives_its_tokens(db: Database) -> None:
    await turn(db, NOW)
    await turn(db, NOW + timedelta(days=29))
    change = NOW + timedelta(days=30)
    async with db.transaction() as session:
        keys = await store.signing_keys(session)
        old, new = (key.kid for key in keys)
        assert (await announced(session))[-1] == [old, new]
        before = tokens.Signer(VAULT, keys, change - timedelta(seconds=1)).access_token({"iss": "x"})
        after = tokens.Signer(VAULT, keys, change).access_token({"iss": "x"})
    assert [_kid(before), _kid(after)] == [old, new]
    await turn(db, change + timedelta(minutes=19))
    async with db.transaction() as session:
        assert len(tokens.jwks(await store.signing_keys(session), change + timedelta(minutes=19))["keys"]) == 2
    await turn(db, change + timedelta(minutes=21))
    async with db.transaction() as session:
        assert (await announced(session))[-1] == [new]


async def test_a_private_key_never_lies_open_in_the_database(db: Database) -> None:
    await turn(db, NOW)
    async with db.transaction() as session:
        row = json.dumps((await sql(session, "select * from issuer.signing_key")).one()._asdict(), default=str)
    assert '"d"' not in row


async def test_a_key_sealed_with_another_data_key_does_not_sign(db: Database) -> None:
    await turn(db, NOW)
    async with db.transaction() as session:
        keys = await store.signing_keys(session)
    with pytest.raises(InvalidTag):
        tokens.Signer(Vault(os.urandom(32)), keys, NOW)


async def test_a_token_of_a_strangers_key_is_not_ours(db: Database) -> None:
    await turn(db, NOW)
    async with db.transaction() as session:
        keys = await store.signing_keys(session)
    stranger = [tokens.new_key(VAULT, Schedule(keys[0].signs_from, keys[0].signs_until, keys[0].published_until))]
    assert tokens.own_claims(tokens.Signer(VAULT, stranger, NOW).access_token({"iss": "x"}), keys) is None
    assert tokens.own_claims(tokens.Signer(VAULT, keys, NOW).access_token({"iss": "x"}), keys) == {"iss": "x"}


def _kid(token: str) -> str:
    head = token.split(".", maxsplit=1)[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])
