"""An office with one subscriber, and no other subscriber that would be served beside it."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from local import pki as local_pki
from services.credit.push import new_client
from shared.crypto import Vault
from shared.db import Database, sql
from tests.conftest import SettingsOf
from tests.credit_office import credit_settings, open_office
from tests.credit_post import Post, Receiver, serving
from tests.ports import free_port


@pytest.fixture
async def post(
    settings_of: SettingsOf, pki: local_pki.Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Post]:
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(clock))
    issuer_key = ECKey.generate_key("P-256", auto_kid=True)
    receiver = Receiver(free_port())
    settings = credit_settings(
        settings_of("credit"),
        tmp_path,
        issuer_key,
        webhook_ca=pki.certificate("mesh-ca"),
        webhook_allowed_hosts=(f"localhost:{receiver.port}",),
    )
    async with open_office(settings, issuer_key, clock) as office, serving(receiver.application(), receiver.port, pki):
        await _silence_others(office.db)
        body = {"name": f"receiver-{uuid4()}", "url": receiver.url}
        answer = await office.person("operator").post("/v1/credit/subscribers", json=body)
        assert answer.status_code == 201, answer.text
        async with new_client(settings) as client:
            yield Post(office, client, Vault.of(settings), receiver, answer.json())


async def _silence_others(db: Database) -> None:
    """Other tests' subscribers must not be served by this one."""
    async with db.transaction() as session:
        await sql(session, "update credit.subscriber set state = 'disabled'")
        await sql(session, "update credit.delivery set state = 'dead' where state = 'pending'")
