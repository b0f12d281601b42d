"""Rounds at a played platform, in this process: who pulls, what became due, what came of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx

from services.ingest.connectors.pulling import Puller
from services.ingest.connectors.remote import open_client
from services.ingest.settings import Platform
from tests.ingest_desk import Door, clear, person_headers
from tests.remote_platform import NAME, only_payrolls, page_at

Answer = Callable[[str | None], httpx.Response]


def a_page(cursor: str | None) -> httpx.Response:
    """The page, as it should be."""
    return httpx.Response(200, json=page_at(cursor))


def changed(cursor: str | None, change: Callable[[dict[str, Any]], dict[str, Any]]) -> httpx.Response:
    """The page, changed."""
    return httpx.Response(200, json=change(json.loads(a_page(cursor).content)))


def played(answer: Answer) -> httpx.AsyncClient:
    """A platform that is a function."""
    transport = httpx.MockTransport(lambda request: answer(request.url.params.get("cursor")))
    return open_client(Platform(url="https://wages.example/v1"), transport)


def a_puller(door: Door, client: httpx.AsyncClient, **changes: Any) -> Puller:
    """A worker. Its agency is its own: the keys of an earlier test would answer with its receipts."""
    agency, settings = f"hrss-{uuid4().hex}", door.app.state.desk.settings
    return Puller(NAME, agency, only_payrolls(), client, door.db, settings, **changes)


async def change(door: Door, *statements: str) -> None:
    """Statements, in one transaction."""
    async with door.db.transaction() as session:
        connection = await session.connection()
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def due(door: Door) -> None:
    """The time of the next round has come, and nobody is at it."""
    await change(door, "update ingest.connector set next_at = now(), worker = null, leased_until = null")


async def begin(door: Door) -> None:
    """No record, and no page taken yet."""
    await clear(door)
    await change(door, "delete from ingest.connector_cursor", "delete from ingest.connector")


async def heads(door: Door) -> int:
    """How many payrolls there are."""
    found = await door.rows("select count(*) from ingest.head where dataset = 'hc_payroll'")
    return int(found[0][0])


async def taken(door: Door) -> int:
    """How many pages were taken."""
    found = await door.rows("select pages from ingest.connector_cursor where dataset = 'hc_payroll'")
    return int(found[0][0]) if found else 0


async def wait_s(door: Door) -> float:
    """Seconds from the end of the last round to the next one."""
    found = await door.rows("select extract(epoch from next_at - ended_at) from ingest.connector")
    return float(found[0][0])


async def until(is_so: Callable[[], Awaitable[bool]], patience_s: float) -> None:
    """Wait for what another process does. Raises AssertionError when it does not."""
    for _ in range(int(patience_s / 0.1)):
        if await is_so():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not become so")


async def state(door: Door) -> dict[str, Any]:
    """What `GET /v1/connectors` says of the platform."""
    answer = await door.client.get("/v1/connectors", headers=person_headers("quality:read"))
    return next(each for each in answer.json()["connectors"] if each["connector"] == NAME)
