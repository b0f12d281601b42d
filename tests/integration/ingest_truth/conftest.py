"""One door of the ingest service for the whole folder, and a clean desk behind it for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import SettingsOf
from tests.ingest_desk import Door, open_door
from tests.ingest_truth import forget


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


@pytest.fixture(autouse=True)
async def _a_clean_desk(door: Door) -> AsyncIterator[None]:
    await forget(door)
    yield
    # A full list that stays in force would settle what other tests send.
    await forget(door)
