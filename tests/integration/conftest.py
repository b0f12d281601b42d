"""Integration tests meet a real PostgreSQL and a real NATS (see tests/conftest.py); neighbours are played by events."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.alerts_world import World, a_world
from tests.conftest import SettingsOf


@pytest.fixture
async def world(settings_of: SettingsOf, tmp_path: Path) -> AsyncIterator[World]:
    """The alerts service, its people and its neighbours."""
    async with a_world(settings_of, tmp_path) as one:
        yield one
