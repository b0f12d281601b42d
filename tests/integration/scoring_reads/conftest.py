"""The scoring service over the session's PostgreSQL, and a client of it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from joserfc.jwk import KeySet

from services.scoring.main import create_service
from shared.db import Database
from shared.events import SigningKeysPublished
from shared.identity import Identities
from shared.service import Runtime, create_app
from tests.conftest import SettingsOf
from tests.scoring_reader import KEY


@pytest.fixture
async def runtime(settings_of: SettingsOf) -> AsyncIterator[Runtime]:
    settings = settings_of("scoring")
    identities = Identities()
    identities.apply(SigningKeysPublished(jwks=dict(KeySet([KEY]).as_dict(private=False))))
    running = Runtime(settings, Database(settings), identities)
    yield running
    await running.db.close()


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(create_service(), runtime))
    async with httpx.AsyncClient(transport=transport, base_url="https://scoring") as opened:
        yield opened
