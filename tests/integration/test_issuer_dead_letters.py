"""Dead letters over HTTP: read with their reason in words, sent again once, put away once, by an operator."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from nats.aio.client import Client
from sqlmodel import col, select

from gateway.issuer.letters_watch import WAITING, count_once
from local import nats as local_nats
from shared import topology
from shared.audit import AuditEntry
from shared.bus import connect
from shared.ids import new_id
from tests.conftest import SettingsOf, nats_settings
from tests.ingest_desk import person_headers
from tests.issuer_desk import PEOPLE, Desk, open_desk
from tests.unit.test_shared_auth import identities

CONSUMER = "credit-orders-paid"
OPERATOR = person_headers("ops:dead-letters", sub="ops")
WHY = {"reason": "原因已消除 the cause is gone"}


@pytest.fixture(scope="module")
async def bus(nats_server: local_nats.Server) -> AsyncIterator[Client]:
    connection = await connect(nats_settings(nats_server, topology.OPERATOR), topology.OPERATOR)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def desk(settings_of: SettingsOf) -> AsyncIterator[Desk]:
    settings = settings_of("issuer")
    async with open_desk(settings) as desk:
        desk.runtime.identities = identities()
        desk.runtime.nats = await connect(settings, "issuer")
        yield desk


async def bury(bus: Client, reason: str = "IntegrityError: a constraint") -> int:
    """A dead letter, as `shared.bus` writes it. Returns its number."""
    event = {"id": str(new_id()), "type": "cn.anxin.orders.paid.v1", "data": {"payer": "王某", "dataset": "x"}}
    headers = {"Anxin-Subject": "orders.paid", "Anxin-Consumer": CONSUMER, "Anxin-Reason": reason, "Anxin-Tries": "8"}
    body = json.dumps(event, ensure_ascii=False).encode()
    return (await bus.jetstream().publish(f"dead.credit.{CONSUMER}", body, headers=headers)).seq


async def call(
    desk: Desk, method: str, path: str, body: Any = None, who: dict[str, str] | None = None
) -> httpx.Response:
    async with httpx.AsyncClient(transport=desk.transport, base_url=PEOPLE) as client:
        return await client.request(method, f"/v1/dead-letters{path}", json=body, headers=who or OPERATOR)


async def actions(desk: Desk, sequence: int) -> list[tuple[str, str]]:
    """What the audit log says of a letter."""
    async with desk.runtime.db.transaction() as session:
        found = select(AuditEntry).where(
            col(AuditEntry.subject) == str(sequence), col(AuditEntry.action).startswith("dead_letter")
        )
        return [
            (entry.action, entry.actor) for entry in (await session.exec(found.order_by(col(AuditEntry.seq)))).all()
        ]


async def test_a_dead_letter_is_listed_and_explained_and_shows_nobodys_data(desk: Desk, bus: Client) -> None:
    sequence = await bury(bus)
    listed = (await call(desk, "GET", f"?after={sequence - 1}")).json()
    (letter,) = listed["letters"]
    assert (letter["sequence"], letter["consumer"], letter["error"]) == (sequence, CONSUMER, "IntegrityError")
    assert (letter["replay"], letter["tries"]) == ("after", 8)
    assert letter["todo_zh"]
    assert listed["waiting"][CONSUMER] >= 1
    assert listed["groups"][0]["count"] == 1
    told = await call(desk, "GET", f"/{sequence}")
    assert told.json()["contents"]["data"] == {"payer": "***", "dataset": "x"}
    assert "王某" not in told.text
    assert await actions(desk, sequence) == [("dead_letter.read", "person:ops")]


async def test_a_letter_is_sent_again_once_however_often_that_is_asked(desk: Desk, bus: Client) -> None:
    sequence = await bury(bus)
    before = (await bus.jetstream().stream_info("ALERTS")).state.messages
    first, second = [await call(desk, "POST", f"/{sequence}/replay", WHY) for _ in range(2)]
    assert (first.status_code, first.json()) == (200, second.json())
    assert (first.json()["step"], first.json()["by"]) == ("replayed", "person:ops")
    assert (await bus.jetstream().stream_info("ALERTS")).state.messages == before + 1
    assert (await call(desk, "GET", f"/{sequence}")).status_code == 404
    assert await actions(desk, sequence) == [("dead_letter.replayed", "person:ops")]
    assert (await call(desk, "POST", f"/{sequence}/discard", WHY)).status_code == 409


async def test_a_letter_is_put_away_with_a_reason(desk: Desk, bus: Client) -> None:
    sequence = await bury(bus)
    assert (await call(desk, "POST", f"/{sequence}/discard", {})).status_code == 422
    assert (await call(desk, "POST", f"/{sequence}/discard", WHY)).json()["step"] == "discarded"
    refused = await call(desk, "POST", f"/{sequence}/replay", WHY)
    assert (refused.status_code, refused.json()["step"]) == (409, "discarded")
    assert (await call(desk, "POST", "/999999999/discard", WHY)).status_code == 404


async def test_only_operators_see_them(desk: Desk) -> None:
    refused = await call(desk, "GET", "", who=person_headers("audit:read"))
    assert (refused.status_code, refused.json()["check"]) == (403, "scope_missing")


async def test_the_gauge_counts_what_waits_and_comes_back_to_nought(desk: Desk, bus: Client) -> None:
    nats, seen = desk.runtime.nats, {"a-consumer-of-before"}
    assert nats is not None
    sequence = await bury(bus)
    await count_once(nats.jetstream(), seen)
    waiting = WAITING.labels(CONSUMER)._value.get()
    assert waiting >= 1
    assert WAITING.labels("a-consumer-of-before")._value.get() == 0
    await call(desk, "POST", f"/{sequence}/discard", WHY)
    await count_once(nats.jetstream(), seen)
    assert WAITING.labels(CONSUMER)._value.get() == waiting - 1


async def test_without_a_bus_there_is_a_sentence_and_no_crash(desk: Desk) -> None:
    nats, desk.runtime.nats = desk.runtime.nats, None
    assert (await call(desk, "GET", "")).status_code == 503
    desk.runtime.nats = nats
