"""One door of the ingest service for the folder; nothing is known before each test."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import SettingsOf
from tests.ingest_desk import Door, open_door
from tests.ingest_matching import forget


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


@pytest.fixture(autouse=True)
async def _nothing_known(door: Door) -> None:
    await forget(door)
