"""The feed has no gap, and the database keeps what was said: append-only, checked and chained."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from shared import audit
from shared.calendar import add_working_days
from shared.clock import today
from shared.db import sql
from tests.credit_office import HEAD_KEY, Office, overdue, sign


async def test_the_feed_the_list_and_the_outbox_tell_the_same_event(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    after = {"after": listing["sequence"] - 1, "limit": 1}
    response = await office.agency().get("/v1/credit/events", params=after)
    assert response.headers["content-type"] == "application/cloudevents-batch+json"
    [event] = response.json()
    assert event["type"] == "cn.anxin.credit.listed.v1"
    assert event["data"]["sequence"] == listing["sequence"]
    assert event["data"]["signature"] == listing["signature"]
    async with office.db.transaction() as session:
        statement = "select body from credit.outbox where event_id = :id"
        body = (await sql(session, statement, id=event["id"])).scalar_one()
    assert json.loads(body) == event
    shown = (await office.person("auditor").get("/v1/credit/list", params=after)).json()["listings"]
    assert [entry["uscc"] for entry in shown] == [order.uscc]


async def test_the_feed_has_no_gap_and_no_reader_can_miss_an_event_while_heads_decide_at_once(office: Office) -> None:
    orders = [overdue() for _ in range(6)]
    noticed = [await office.noticed(order) for order in orders]
    office.go_to(add_working_days(today(), 5) + timedelta(days=1))
    documents = [await office.document(case_id) for case_id in noticed]
    before = (await office.agency().get("/v1/credit/events", params={"limit": 1000})).json()
    seen = [event["data"]["sequence"] for event in before]
    reading = asyncio.create_task(_follow_feed(office, seen, len(before) + len(orders)))
    signed = zip(noticed, documents, strict=True)
    decide = [
        office.person().post(f"/v1/credit/cases/{case_id}/decide", json={"signature": sign(document)})
        for case_id, document in signed
    ]
    assert {answer.status_code for answer in await asyncio.gather(*decide)} == {200}
    await asyncio.wait_for(reading, 20)
    assert seen == list(range(1, len(seen) + 1))


async def _follow_feed(office: Office, seen: list[int], until: int) -> None:
    client = office.agency()
    while len(seen) < until:
        events = (await client.get("/v1/credit/events", params={"after": max(seen, default=0)})).json()
        seen += [event["data"]["sequence"] for event in events]
        await asyncio.sleep(0)


async def test_a_rolled_back_listing_leaves_no_gap(office: Office) -> None:
    with pytest.raises(DBAPIError, match="division by zero"):
        await _run(office, "update credit.feed_head set sequence = sequence + 1", "select 1 / 0")
    listing = await office.listed(overdue())
    events = (await office.agency().get("/v1/credit/events", params={"limit": 1000})).json()
    assert [event["data"]["sequence"] for event in events] == list(range(1, listing["sequence"] + 1))


@pytest.mark.parametrize(
    "statement",
    [
        "delete from credit.query_log",
        "update credit.feed set body = ''",
        "delete from credit.step",
        "update credit.parameter set value = 1",
        "truncate credit.audit",
    ],
)
async def test_what_is_append_only_cannot_be_changed_by_the_service(office: Office, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await _run(office, statement)


async def test_the_database_itself_refuses_a_listed_case_without_a_listing(office: Office) -> None:
    order = overdue()
    await office.hear(order)
    statement = "update credit.listing_case set state = 'listed' where order_id = :order"
    with pytest.raises(DBAPIError, match="check constraint"):
        await _run(office, statement, order=order.order_id)


async def _run(office: Office, *statements: str, **parameters: object) -> None:
    async with office.db.transaction() as session:
        for statement in statements:
            await sql(session, statement, **parameters)


async def test_the_audit_chain_holds_the_signature(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    async with office.db.transaction() as session:
        assert await audit.broken_at(session) is None
        query = "select actor, details from credit.audit where action = 'credit.decide' and subject = :case"
        entry = (await sql(session, query, case=listing["case_id"])).one()
    assert entry.actor == "person:bureau_head"
    assert entry.details["signature"] == listing["signature"]
    assert entry.details["thumbprint"] == HEAD_KEY.thumbprint()
