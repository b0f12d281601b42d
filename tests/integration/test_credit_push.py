"""Webhooks over real TLS to a real receiver, verified by the standardwebhooks library; the bus as others hear it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from joserfc.jwk import ECKey
from nats.aio.msg import Msg
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from standardwebhooks import Webhook, WebhookVerificationError

from local import pki as local_pki
from local.credit_system import Ledger, create_app
from services.credit.main import create_service
from services.credit.push import deliver_due, new_client
from services.credit.store import deliveries
from shared.bus import connect
from shared.crypto import Vault
from shared.db import Database, sql
from shared.outbox import announce
from shared.service import start
from tests.conftest import SettingsOf, free_port, nats_settings
from tests.credit_office import Office, credit_settings, open_office, overdue


@dataclass
class Receiver:
    """A receiver over TLS. `script` holds the answers of the next tries; then it answers 204."""

    port: int
    script: list[Response] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/webhook"

    def application(self) -> FastAPI:
        app = FastAPI()

        @app.post("/webhook")
        async def hear(request: Request) -> Response:
            self.heard.append((dict(request.headers), await request.body()))
            return self.script.pop(0) if self.script else Response(status_code=204)

        return app


@asynccontextmanager
async def serving(app: FastAPI, port: int, pki: local_pki.Pki) -> AsyncIterator[None]:
    name = "subscriber-public-credit"
    config = uvicorn.Config(
        app,
        port=port,
        log_config=None,
        ssl_certfile=str(pki.certificate(name)),
        ssl_keyfile=str(pki.key(name)),
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    for _ in range(500):
        if server.started:
            break
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await task


@dataclass
class Post:
    """The office with one subscriber, and the worker's hand: `send()` tries what is due once."""

    office: Office
    client: httpx.AsyncClient
    vault: Vault
    receiver: Receiver
    subscriber: dict[str, Any]

    async def send(self) -> int:
        return await deliver_due(self.office.db, self.client, self.vault, self.office.settings)

    async def send_until(self, condition: Callable[[], bool], patience_s: float = 10) -> None:
        ends = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < ends, "it did not happen in time"
            await self.send()
            await asyncio.sleep(0.02)

    async def delivery(self) -> dict[str, Any]:
        """The newest delivery to our subscriber."""
        found = (await self.office.person("operator").get("/v1/credit/deliveries")).json()["deliveries"]
        mine: dict[str, Any] = next(each for each in found if each["subscriber_id"] == self.subscriber["id"])
        return mine

    async def send_until_state(self, state: str) -> dict[str, Any]:
        for _ in range(400):
            if (await self.delivery())["state"] == state:
                return await self.delivery()
            await self.send()
            await asyncio.sleep(0.02)
        raise AssertionError(f"the delivery is {(await self.delivery())['state']}, not {state}")


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
        body = {"name": f"receiver-{receiver.port}", "url": receiver.url}
        answer = await office.person("operator").post("/v1/credit/subscribers", json=body)
        assert answer.status_code == 201, answer.text
        async with new_client(settings) as client:
            yield Post(office, client, Vault.of(settings), receiver, answer.json())


async def _silence_others(db: Database) -> None:
    """Other tests' subscribers must not be served by this one."""
    async with db.transaction() as session:
        await sql(session, "update credit.subscriber set state = 'disabled'")
        await sql(session, "update credit.delivery set state = 'dead' where state = 'pending'")


async def test_a_foreign_library_verifies_what_arrives_and_it_is_the_event_of_the_feed(post: Post) -> None:
    listing = await post.office.listed(overdue())
    await post.send_until_state("delivered")
    [(headers, body)] = post.receiver.heard
    event = Webhook(post.subscriber["secret"]).verify(body, headers)
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["webhook-id"] == event["id"]
    after = {"after": listing["sequence"] - 1, "limit": 1}
    assert [event] == (await post.office.agency().get("/v1/credit/events", params=after)).json()
    with pytest.raises(WebhookVerificationError):
        Webhook(post.subscriber["secret"]).verify(body + b" ", headers)


async def test_a_receipt_marks_the_case_as_pushed_once(post: Post) -> None:
    order = overdue()
    await post.office.listed(order)
    await post.send_until_state("delivered")
    events = [step["event"] for step in (await post.office.case_of(order))["steps"]]
    assert events.count("push") == 1
    assert events[-1] == "push"


async def test_two_failures_are_followed_by_success_under_the_same_id(post: Post) -> None:
    post.receiver.script = [Response(status_code=500), Response(status_code=503)]
    await post.office.listed(overdue())
    delivered = await post.send_until_state("delivered")
    ids = {headers["webhook-id"] for headers, _ in post.receiver.heard}
    assert (len(post.receiver.heard), len(ids), delivered["attempts"]) == (3, 1, 3)


async def test_a_receiver_that_stays_down_leads_to_a_dead_letter_that_can_be_replayed(post: Post) -> None:
    tries = len(post.office.settings.webhook_retry_seconds) + 1
    post.receiver.script = [Response(status_code=500) for _ in range(tries)]
    await post.office.listed(overdue())
    dead = await post.send_until_state("dead")
    assert (dead["attempts"], dead["last_status"], len(post.receiver.heard)) == (tries, 500, tries)
    operator = post.office.person("operator")
    listed = (await operator.get("/v1/credit/deliveries", params={"state": "dead"})).json()["deliveries"]
    assert dead["id"] in [each["id"] for each in listed]
    assert (await operator.post(f"/v1/credit/deliveries/{dead['id']}/replay")).status_code == 200
    assert (await operator.post(f"/v1/credit/deliveries/{dead['id']}/replay")).status_code == 409
    await post.send_until_state("delivered")
    assert len({headers["webhook-id"] for headers, _ in post.receiver.heard}) == 1


async def test_retry_after_is_honoured(post: Post) -> None:
    post.receiver.script = [Response(status_code=429, headers={"retry-after": "3600"})]
    await post.office.listed(overdue())
    await post.send_until(lambda: len(post.receiver.heard) == 1)
    waits = datetime.fromisoformat((await post.delivery())["next_attempt_at"]) - datetime.now(UTC)
    assert timedelta(minutes=55) < waits <= timedelta(hours=1)
    assert await post.send() == 0


async def test_a_redirect_is_not_followed(post: Post) -> None:
    post.receiver.script = [Response(status_code=307, headers={"location": post.receiver.url})]
    await post.office.listed(overdue())
    await post.send_until(lambda: len(post.receiver.heard) == 1)
    assert (await post.delivery())["last_status"] == 307
    assert (await post.delivery())["state"] == "pending"


async def test_gone_means_gone(post: Post) -> None:
    post.receiver.script = [Response(status_code=410)]
    await post.office.listed(overdue())
    await post.send_until_state("dead")
    await post.office.listed(overdue())
    assert len(post.receiver.heard) == 1
    shown = (await post.office.person("operator").get("/v1/credit/subscribers")).json()["subscribers"]
    [mine] = [each for each in shown if each["id"] == post.subscriber["id"]]
    assert mine["state"] == "disabled"


async def test_a_receiver_with_an_unknown_certificate_gets_nothing(post: Post) -> None:
    await post.office.listed(overdue())
    stranger = post.office.settings.model_copy(update={"webhook_ca": None})
    async with new_client(stranger) as client:
        await deliver_due(post.office.db, client, post.vault, stranger)
    assert post.receiver.heard == []
    assert "ConnectError" in (await post.delivery())["last_error"]


async def test_a_killed_worker_loses_nothing(post: Post) -> None:
    await post.office.listed(overdue())
    now = datetime.now(UTC)
    async with post.office.db.transaction() as session:
        taken = await deliveries.claim(session, now, now + timedelta(seconds=0.3), 10)
    assert len(taken) == 1  # and here its process is killed
    assert await post.send() == 0
    await asyncio.sleep(0.35)
    await post.send_until_state("delivered")


async def test_two_workers_never_take_the_same_delivery(post: Post) -> None:
    for _ in range(3):
        await post.office.listed(overdue())
    now = datetime.now(UTC)
    until = now + timedelta(seconds=30)
    # The first worker has not committed yet: the second must neither wait for it nor take the same rows.
    async with post.office.db.transaction() as one, post.office.db.transaction() as other:
        first = await deliveries.claim(one, now, until, 2)
        second = await asyncio.wait_for(deliveries.claim(other, now, until, 2), 5)
    taken = [each.id for each in (*first, *second)]
    assert len(taken) == len(set(taken)) == 3


async def test_the_trace_of_the_decision_goes_on_at_the_receiver(post: Post) -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("decision") as span:
        await post.office.listed(overdue())
        expected = f"{span.get_span_context().trace_id:032x}"
    assert trace.get_current_span().get_span_context().is_valid is False
    await post.send_until_state("delivered")
    assert post.receiver.heard[0][0]["traceparent"].split("-")[1] == expected


@pytest.mark.parametrize("url", ["http://localhost:1/", "https://evil.example/hook", "https://localhost/hook"])
async def test_webhooks_go_to_allowed_https_addresses_only(post: Post, url: str) -> None:
    body = {"name": "somebody-else", "url": url}
    refused = await post.office.person("operator").post("/v1/credit/subscribers", json=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:anxin:problem:webhook-url-refused")


async def test_the_secret_is_shown_once_and_lies_sealed(post: Post) -> None:
    secret = post.subscriber["secret"]
    shown = await post.office.person("operator").get("/v1/credit/subscribers")
    assert secret not in shown.text
    async with post.office.db.transaction() as session:
        rows = (await sql(session, "select secret_sealed from credit.subscriber")).scalars().all()
    assert secret not in rows
    assert all(secret.removeprefix("whsec_") not in row for row in rows)
    head = await post.office.person("bureau_head").get("/v1/credit/subscribers")
    assert head.json()["check"] == "scope_missing"


async def test_the_demo_credit_system_keeps_an_event_once_and_refuses_a_wrong_signature(
    post: Post, pki: local_pki.Pki, tmp_path: Path
) -> None:
    secret_file, port = tmp_path / "webhook.secret", free_port()
    app = create_app(Ledger.open(tmp_path / "received.sqlite"), secret_file)
    async with serving(app, port, pki), new_client(post.office.settings) as client:
        await post.office.listed(overdue())
        await post.send_until_state("delivered")
        headers, body = post.receiver.heard[0]
        base = f"https://localhost:{port}"
        kept = {name: headers[name] for name in headers if name.startswith("webhook-")}
        assert (await client.post(f"{base}/webhook", content=body, headers=kept)).status_code == 503
        secret_file.write_text(post.subscriber["secret"])
        assert (await client.post(f"{base}/webhook", content=body, headers=kept)).status_code == 204
        assert (await client.post(f"{base}/webhook", content=body, headers=kept)).status_code == 204
        for wrong in (
            {"webhook-id": "x"},
            {"webhook-timestamp": "1"},
            {"webhook-signature": "v1,AAAA"},
            {"webhook-signature": "x"},
        ):
            assert (await client.post(f"{base}/webhook", content=body, headers=kept | wrong)).status_code == 401
        view = (await client.get(f"{base}/received")).json()
        page = (await client.get(f"{base}/")).text
    [event] = view["events"]
    assert event["signature_stands"] is True
    assert event["arrivals"]["webhook"]["repeats"] == 1
    assert len(view["refused"]) == 4
    assert event["data"]["decision_no"] in page
    assert "签名有效" in page
    assert "http" not in page.replace("http-equiv", "")


async def test_the_bus_brings_an_overdue_order_and_carries_the_listing_to_the_subscriber(
    post: Post, settings_of: SettingsOf, nats_server: Any
) -> None:
    order, heard = overdue(), asyncio.Queue[Msg]()
    subscriber = await connect(nats_settings(nats_server, "subscriber-public-credit"), "subscriber-public-credit")
    await subscriber.subscribe("credit.>", cb=heard.put)
    async with start(create_service(), post.office.settings) as runtime:
        assert {"deliver_webhooks", "relay", "hear orders.overdue"} <= set(runtime.tasks)
        await _announce_as_alerts(settings_of, order)
        await _until_case(post.office, order)
        listing = await post.office.listed(order)
        message = await asyncio.wait_for(_of(heard, listing["sequence"]), 10)
        for _ in range(200):
            if post.receiver.heard:
                break
            await asyncio.sleep(0.05)
        assert runtime.dead_tasks() == []
    await subscriber.close()
    assert message.subject == "credit.listed"
    assert message.data in [body for _, body in post.receiver.heard]


async def _announce_as_alerts(settings_of: SettingsOf, order: Any) -> None:
    db, nats = Database(settings_of("alerts")), await connect(settings_of("alerts"), "alerts")
    async with db.transaction() as session:
        announce(session, order)
    async with db.transaction() as session:
        query = "select body from alerts.outbox where published_at is null and subject = 'orders.overdue'"
        for body in (await sql(session, query)).scalars():
            await nats.jetstream().publish("orders.overdue", bytes(body))
        await sql(session, "update alerts.outbox set published_at = now() where subject = 'orders.overdue'")
    await nats.close()
    await db.close()


async def _until_case(office: Office, order: Any) -> None:
    for _ in range(200):
        cases = (await office.person().get("/v1/credit/cases", params={"limit": 200})).json()["cases"]
        if str(order.order_id) in [case["order_id"] for case in cases]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the case was not opened")


async def _of(heard: asyncio.Queue[Msg], sequence: int) -> Msg:
    while True:
        message = await heard.get()
        if json.loads(message.data)["data"]["sequence"] == sequence:
            return message
