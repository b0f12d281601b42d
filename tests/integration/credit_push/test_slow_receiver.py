"""A subscriber who lets us wait holds back nobody else."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI, Response
from joserfc.jwk import ECKey

from local import pki as local_pki
from services.credit.push import deliver_webhooks
from services.credit.store import deliveries
from shared.db import sql
from tests.conftest import SettingsOf
from tests.credit_office import Office, credit_settings, open_office, overdue
from tests.credit_post import serving
from tests.ports import free_port


class Receivers:
    """Two receivers behind one port: `/slow` never answers in time, `/quick` does at once."""

    def __init__(self) -> None:
        self.heard: dict[str, int] = {"slow": 0, "quick": 0}

    def application(self) -> FastAPI:
        app = FastAPI()

        @app.post("/{name}")
        async def hear(name: str) -> Response:
            self.heard[name] += 1
            if name == "slow":
                await asyncio.sleep(30)
            return Response(status_code=204)

        return app


@pytest.fixture
async def office(
    settings_of: SettingsOf, pki: local_pki.Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    clock, port = tmp_path / "clock", free_port()
    clock.write_text("0")
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(clock))
    issuer_key = ECKey.generate_key("P-256", auto_kid=True)
    changes = {
        "webhook_ca": pki.certificate("mesh-ca"),
        "webhook_allowed_hosts": (f"localhost:{port}",),
        "webhook_timeout_s": 20,
        "webhook_retry_seconds": (60,),
    }
    async with open_office(
        credit_settings(settings_of("credit"), tmp_path, issuer_key, **changes), issuer_key, clock
    ) as one:
        async with one.db.transaction() as session:
            await sql(session, "update credit.subscriber set state = 'disabled'")
            await sql(session, "update credit.delivery set state = 'dead' where state = 'pending'")
        for name in ("slow", "quick"):
            body = {"name": f"{name}-{port}", "url": f"https://localhost:{port}/{name}"}
            assert (await one.person("operator").post("/v1/credit/subscribers", json=body)).status_code == 201
        yield one


def port_of(office: Office) -> int:
    return int(office.settings.webhook_allowed_hosts[0].rpartition(":")[2])


async def test_others_get_their_events_at_once_while_one_receiver_never_answers(
    office: Office, pki: local_pki.Pki
) -> None:
    receivers = Receivers()
    for _ in range(6):
        await office.listed(overdue())
    async with serving(receivers.application(), port_of(office), pki):
        began = time.monotonic()
        worker = asyncio.create_task(deliver_webhooks(office.runtime))
        while receivers.heard["quick"] < 6:
            assert time.monotonic() - began < 15, receivers.heard
            await asyncio.sleep(0.02)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    assert 0 < receivers.heard["slow"] <= deliveries.EACH


async def test_of_one_subscriber_only_a_few_deliveries_are_out_at_a_time(office: Office) -> None:
    for _ in range(3):
        await office.listed(overdue())
    now = datetime.now(UTC)
    until = now + timedelta(seconds=30)
    async with office.db.transaction() as session:
        first = await deliveries.claim(session, now, until, 8, each=2)
    async with office.db.transaction() as session:
        second = await deliveries.claim(session, now, until, 8, each=2)
    assert sorted(one.subscriber.split("-")[0] for one in first) == ["quick", "quick", "slow", "slow"]
    assert second == []
