"""One door of the ingest service for the whole folder; no import of an earlier test waits behind it."""

from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.conftest import SettingsOf
from tests.ingest_desk import Door, open_door
from tests.ingest_imports import Uploader
from tests.ingest_matching import forget


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest"), import_lease_s=1) as door:
        yield door


@pytest.fixture(autouse=True)
async def _a_clean_desk(door: Door, settings_of: SettingsOf) -> None:
    owner = Database(settings_of("anxin_owner"))  # the service may not delete a file that was kept
    async with owner.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("delete from ingest.import_piece")
        await connection.exec_driver_sql("delete from ingest.import")
    await owner.close()
    # What other folders' records taught would find an employer where none is to be found.
    await forget(door)


@pytest.fixture
def uploader(door: Door) -> Uploader:
    return Uploader(door)
