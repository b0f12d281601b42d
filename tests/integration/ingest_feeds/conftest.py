"""A door of the ingest service, and a business clock that the test moves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import SettingsOf
from tests.ingest_desk import Door, clear, open_door
from tests.ingest_watch import Watched


@pytest.fixture
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


@pytest.fixture
def watched(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """One agency that no other test knows, on a Tuesday in November at nine."""
    clock = tmp_path / "clock"
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(clock))
    return Watched.of(door, clock)


@pytest.fixture(autouse=True)
async def _a_clean_desk(door: Door) -> None:
    await clear(door)
