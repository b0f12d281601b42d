"""Scoring's own database, as the service reaches it."""

from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.conftest import SettingsOf


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("scoring"))
    yield database
    await database.close()
