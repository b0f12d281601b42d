"""Keys and revocations reach every service by the bus, from the beginning of the stream and while it runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from joserfc.jwk import ECKey, KeySet
from nats.aio.client import Client

from shared.bus import connect
from shared.db import Database
from shared.events import GrantEnded, IdentityRevoked, SigningKeysPublished
from shared.identity import Identities, follow
from shared.ids import new_id
from shared.outbox import announce, relay_once
from tests.conftest import SettingsOf


@pytest.fixture
async def issuer(settings_of: SettingsOf) -> AsyncIterator[tuple[Database, Client]]:
    settings = settings_of("issuer")
    db, nats = Database(settings), await connect(settings, "issuer")
    yield db, nats
    await nats.close()
    await db.close()


async def test_a_service_learns_keys_and_revocations_that_came_before_and_after_its_start(
    issuer: tuple[Database, Client], settings_of: SettingsOf
) -> None:
    key = ECKey.generate_key("P-256", auto_kid=True)
    await _say(issuer, SigningKeysPublished(jwks=dict(KeySet([key]).as_dict(private=False))))
    nats = await connect(settings_of("credit"), "credit")
    known = Identities()
    task = asyncio.create_task(follow(known, nats.jetstream(), interval_s=0.05))
    await _until(lambda: known.known and key.kid in {one.kid for one in known.keys.keys})
    token = str(new_id())
    issued_at = datetime.now(UTC)
    assert not known.is_revoked("token", token, issued_at)
    await _say(issuer, IdentityRevoked(kind="token", value=token, revoked_at=datetime.now(UTC)))
    await _until(lambda: known.is_revoked("token", token, issued_at))
    await _say(issuer, GrantEnded(agency="a", scope="ingest:x", reason="expired", ended_at=datetime.now(UTC)))
    await _until(lambda: "ingest:x" in known.ended_grants("a"))
    task.cancel()
    await asyncio.wait([task])
    await nats.close()


async def _say(issuer: tuple[Database, Client], event: SigningKeysPublished | IdentityRevoked | GrantEnded) -> None:
    async with issuer[0].transaction() as session:
        announce(session, event)
    while await relay_once(issuer[0], issuer[1].jetstream()):
        pass


async def _until(condition: Callable[[], bool], patience_s: float = 10) -> None:
    for _ in range(int(patience_s / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen in time")
