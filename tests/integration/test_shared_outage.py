"""A database that is away delays messages and loses none: it costs them no try, however long it lasts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client
from sqlalchemy.exc import OperationalError

from shared import topology
from shared.bus import Consumers, connect, consume
from shared.db import EVERYWHERE, Database, Session
from shared.events import EmployerScored
from shared.ids import new_id
from shared.outbox import announce, relay_once
from tests.alerts_world import a_score, a_uscc
from tests.conftest import SettingsOf


class Outage(Database):
    """A database that is away for so many looks; what it is asked for meanwhile fails as a closed connection does."""

    looks = topology.MAX_DELIVER + 1

    @asynccontextmanager
    async def transaction(self, jurisdiction: str | None = EVERYWHERE) -> AsyncIterator[Session]:
        if self.looks > 0:
            raise OperationalError("select 1", {}, ConnectionError("the server closed the connection"))
        async with super().transaction(jurisdiction) as session:
            yield session

    async def answers(self) -> bool:
        self.looks -= 1
        return self.looks <= 0 and await super().answers()


@pytest.fixture
async def speaker(settings_of: SettingsOf) -> AsyncIterator[Client]:
    nats = await connect(settings_of("scoring"), "scoring")
    yield nats
    await nats.close()


async def test_a_message_outlives_an_outage_longer_than_all_its_tries(settings_of: SettingsOf, speaker: Client) -> None:
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    consumers = Consumers("alerts")

    @consumers.on(EmployerScored)
    async def on_scored(event: EmployerScored, session: Session) -> None:
        await heard.put(event.name)

    name = f"outage {new_id()}"
    scoring = Database(settings_of("scoring"))
    async with scoring.transaction() as session:
        announce(session, a_score(a_uscc(), name=name))
    while await relay_once(scoring, speaker.jetstream()):
        pass
    away, nats = Outage(settings_of("alerts")), await connect(settings_of("alerts"), "alerts")
    task = asyncio.create_task(consume(consumers, EmployerScored, away, nats.jetstream()))
    async with asyncio.timeout(20):
        while await heard.get() != name:
            pass
    assert away.looks <= 0
    task.cancel()
    await asyncio.wait([task])
    await nats.close()
    await away.close()
    await scoring.close()
