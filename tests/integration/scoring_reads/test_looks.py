"""What is written down of a look, a refused one too, and what is said of how fresh a feed is."""

from datetime import timedelta
from typing import Any

import httpx

from services.scoring.consumers import consumer
from shared import audit
from shared.clock import now
from shared.db import sql
from shared.events import RecordsAccepted
from shared.ids import new_id
from shared.service import Runtime
from tests.scoring_facts import a_uscc
from tests.scoring_reader import a_reader


def registered(uscc: str, days_ago: int = 0, agency: str = "an-agency") -> RecordsAccepted:
    moment = now() - timedelta(days=days_ago)
    columns: dict[str, list[Any]] = {"ent_name": ["余杭某某厂"], "street": ["330110005"], "state": ["active"]}
    return RecordsAccepted.of(
        receipt_id=new_id(),
        agency=agency,
        dataset="samr_entity",
        subject_kind="employer",
        subject_ids=[uscc],
        keys=[uscc],
        rows=[1],
        source_times=[moment],
        reported_at=moment,
        columns=columns,
    )


async def test_a_refused_look_is_in_the_audit_log_as_well(client: httpx.AsyncClient, runtime: Runtime) -> None:
    uscc = a_uscc()
    await consumer.deliver(registered(uscc), runtime.db)
    answer = await client.get(f"/v1/employers/{uscc}/risk", headers=a_reader(runtime, "330110009"))
    assert (answer.status_code, answer.json()["check"]) == (403, "jurisdiction")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:anxin:problem:outside-jurisdiction"
    async with runtime.db.transaction() as session:
        found = await sql(session, "select actor, action, details from audit where subject = :subject", subject=uscc)
        assert [tuple(row) for row in found.all()] == [("wang", "employer.risk.refused", {"check": "jurisdiction"})]
        assert await audit.broken_at(session) is None


async def _freshness(client: httpx.AsyncClient, runtime: Runtime, uscc: str) -> bool | None:
    risk = (await client.get(f"/v1/employers/{uscc}/risk", headers=a_reader(runtime, "330110"))).json()
    (feed,) = risk["feeds"]
    assert feed["feed_reported_at"] >= feed["reported_at"]
    is_stale: bool | None = feed["is_stale"]
    return is_stale


async def test_an_unchanged_record_is_not_stale_while_its_feed_tells_of_others(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    uscc, agency = a_uscc(), f"agency-{new_id()}"
    await consumer.deliver(registered(uscc, days_ago=30, agency=agency), runtime.db)
    # Nothing new for a month: the feed may repeat itself every day, or have ended. Neither is said.
    assert await _freshness(client, runtime, uscc) is None
    await consumer.deliver(registered(a_uscc(), days_ago=1, agency="another-agency"), runtime.db)
    assert await _freshness(client, runtime, uscc) is None
    await consumer.deliver(registered(a_uscc(), days_ago=1, agency=agency), runtime.db)
    assert await _freshness(client, runtime, uscc) is False
