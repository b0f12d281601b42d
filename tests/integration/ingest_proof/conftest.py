"""One door of the ingest service for the whole folder, and a clean desk behind it for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import SettingsOf
from tests.ingest_desk import Door, open_door


@pytest.fixture(scope="package")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


@pytest.fixture(autouse=True)
async def _a_clean_desk(door: Door) -> None:
    """Records of an earlier test would make those of the next one unchanged."""
    async with door.db.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("delete from ingest.head")
        await connection.exec_driver_sql("delete from ingest.unmatched")
