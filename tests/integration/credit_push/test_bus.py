"""The running service on a real bus: an order comes in, the listing goes out to whoever listens."""

import asyncio
import json
from typing import Any

from nats.aio.msg import Msg

from services.credit.main import create_service
from shared.bus import connect
from shared.db import Database, sql
from shared.outbox import announce
from shared.service import start
from tests.conftest import SettingsOf, nats_settings
from tests.credit_office import Office, overdue
from tests.credit_post import Post


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
