"""A platform that plays faults: every record of it counts exactly once in the end."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.connectors.definitions import Connector, shipped
from services.ingest.connectors.pulling import LEASE_S, LeaseLost, Puller
from services.ingest.connectors.remote import open_client
from services.ingest.settings import Platform
from services.ingest.store import pulls
from tests.conftest import SettingsOf
from tests.ingest_desk import GOOD, Door, clear, open_door, person_headers

Answer = Callable[[str | None], httpx.Response]
NAME = "provincial_wages"


def a_payroll(number: int) -> dict[str, Any]:
    """A payroll as the platform words it."""
    fields = next(feed.fields for feed in shipped()[NAME].feeds if feed.dataset == "hc_payroll")
    known = {"pay_roll_code": f"P{number}", "project_code": "3301102026000001", "corp_code": GOOD}
    return dict.fromkeys(fields) | known | {"pay_month": "2026-10", "payable_total": 1200.50}


def a_page(cursor: str | None) -> httpx.Response:
    """Three pages of two payrolls, and an empty one."""
    at = int(cursor or 0)
    records = [a_payroll(2 * at + 1), a_payroll(2 * at + 2)] if at < 3 else []
    return httpx.Response(
        200, json={"records": records, "count": len(records), "next": str(at + 1) if at < 3 else None}
    )


def changed(cursor: str | None, change: Callable[[dict[str, Any]], dict[str, Any]]) -> httpx.Response:
    return httpx.Response(200, json=change(json.loads(a_page(cursor).content)))


def never(_: str | None) -> httpx.Response:
    raise httpx.ReadTimeout("slow")


def renamed(page: dict[str, Any]) -> dict[str, Any]:
    records = [{("month" if k == "pay_month" else k): v for k, v in record.items()} for record in page["records"]]
    return page | {"records": records}


FAULTS: dict[str, Answer] = {
    "unreachable": never,
    "busy": lambda _: httpx.Response(429, headers={"retry-after": "900"}),
    "refused": lambda _: httpx.Response(401),
    "half_page": lambda cursor: httpx.Response(200, content=a_page(cursor).content[:-20]),
    "schema_changed": lambda cursor: changed(cursor, renamed),
    "cursor_went_back": lambda cursor: changed(cursor, lambda page: page | {"next": cursor}),
}


def a_puller(door: Door, answer: Answer) -> Puller:
    told = shipped()[NAME]
    one = Connector.model_validate(
        told.model_dump() | {"feeds": [each for each in told.feeds if each.dataset == "hc_payroll"]}
    )
    transport = httpx.MockTransport(lambda request: answer(request.url.params.get("cursor")))
    client = open_client(Platform(url="https://wages.example/v1"), transport)
    # An agency of its own: the keys of an earlier test would answer with its receipts.
    return Puller(NAME, f"hrss-{uuid4().hex}", one, client, door.db, door.app.state.desk.settings)


async def due(door: Door) -> None:
    async with door.db.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "update ingest.connector set next_at = now(), worker = null, leased_until = null"
        )


async def begin(door: Door) -> None:
    await clear(door)
    async with door.db.transaction() as session:
        connection = await session.connection()
        for table in ("connector_cursor", "connector"):
            await connection.exec_driver_sql(f"delete from ingest.{table}")  # noqa: S608 - names of our own


async def heads(door: Door) -> int:
    found = await door.rows("select count(*) from ingest.head where dataset = 'hc_payroll'")
    return int(found[0][0])


async def state(door: Door) -> dict[str, Any]:
    answer = await door.client.get("/v1/connectors", headers=person_headers("quality:read"))
    return next(each for each in answer.json()["connectors"] if each["connector"] == NAME)


@pytest.mark.parametrize("fault", FAULTS)
async def test_after_a_fault_the_next_round_goes_on_and_every_record_counts_once(
    settings_of: SettingsOf, fault: str
) -> None:
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        assert await a_puller(door, lambda cursor: (FAULTS[fault] if cursor == "1" else a_page)(cursor)).round(0.5)
        told = await state(door)
        feed = next(each for each in told["feeds"] if each["dataset"] == "hc_payroll")
        assert (feed["fault"], feed["cursor"], told["failures"], await heads(door)) == (fault, "1", 1, 2)
        assert feed["reason"]["zh"]
        assert not await a_puller(door, a_page).round(0.5)  # not due yet
        await due(door)
        assert await a_puller(door, a_page).round(0.5)
        assert (await heads(door), (await state(door))["failures"]) == (6, 0)


async def test_a_page_that_comes_twice_counts_once(settings_of: SettingsOf) -> None:
    def twice(cursor: str | None) -> httpx.Response:
        return changed("0", lambda page: page | {"next": "2"}) if cursor == "1" else a_page(cursor)

    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        await a_puller(door, twice).round(0.5)
        assert await heads(door) == 4
        await due(door)
        await a_puller(door, a_page).round(0.5)  # the empty last page again
        assert await heads(door) == 4


async def test_a_replica_leaves_a_connector_in_hand_alone_and_one_that_lost_it_writes_nothing(
    settings_of: SettingsOf,
) -> None:
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        async with door.db.transaction() as session:
            assert await pulls.claim(session, NAME, uuid4(), LEASE_S) == 0
        late = a_puller(door, a_page)
        assert not await late.round(0.5)
        with pytest.raises(LeaseLost):
            await late._feed(late.connector.feeds[0])
        assert await heads(door) == 0
