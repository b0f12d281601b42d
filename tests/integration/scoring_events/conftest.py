"""Scoring's own database, as the service reaches it."""

from collections.abc import AsyncIterator

import pytest

from local import postgres as local_postgres
from shared.db import Database, Session
from tests.conftest import SettingsOf
from tests.scoring_models import an_empty_scoring


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("scoring"))
    yield database
    await database.close()


@pytest.fixture
async def session(postgres: local_postgres.Cluster, settings_of: SettingsOf) -> AsyncIterator[Session]:
    """A transaction in which nothing was ever told of anyone, undone at the end."""
    async with an_empty_scoring(postgres, settings_of("scoring")) as opened:
        yield opened
