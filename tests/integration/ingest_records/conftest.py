"""One door of the ingest service for the whole folder, and a clean desk behind it for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import SettingsOf
from tests.ingest_desk import Door, clear, open_door


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


@pytest.fixture(autouse=True)
async def _a_clean_desk(door: Door) -> None:
    await clear(door)
