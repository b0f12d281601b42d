"""A credit office of its own for each test, with a business clock that the test may move."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from tests.conftest import SettingsOf
from tests.credit_office import Office, credit_settings, open_office


@pytest.fixture
async def office(settings_of: SettingsOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(clock))
    issuer_key = ECKey.generate_key("P-256", auto_kid=True)
    settings = credit_settings(settings_of("credit"), tmp_path, issuer_key)
    async with open_office(settings, issuer_key, clock) as running:
        yield running
