"""How right the levels are: one report a day, somebody is told once when a bound is passed and once when it is over."""

import itertools
import json
import time
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from prometheus_client import generate_latest

from services.scoring import quality_watch
from services.scoring.consumers import consumer
from services.scoring.learning.bounds import Bound
from services.scoring.learning.policy import Policy
from services.scoring.learning.policy import shipped as policy
from services.scoring.rulebook import shipped
from services.scoring.store.quality import Kept
from services.scoring.usecases import Moment, quality
from shared.clock import local_date, now
from shared.db import Database, sql
from shared.events import AlertFound, AlertRaised, Finding
from shared.ids import new_id
from shared.service import Runtime
from tests.scoring_events import accepted
from tests.scoring_facts import a_uscc
from tests.scoring_reader import a_reader

QUALITY = {"scope": "quality:read"}
# Days far ahead, each asked for once: a report is kept a day, and tests share a database.
_days = itertools.count(1000)
_towns = itertools.count(int(time.time()) % 100_000)


@pytest.fixture
def town() -> str:
    return f"8{next(_towns) % 100_000:05}001"


def a_bound(policy: Policy) -> Policy:
    """The shipped numbers with one bound: precision in every town."""
    bound: Bound = replace(policy.bounds[0], code="test_town", grouping="town", least_rows=20)
    return replace(policy, bounds=(bound,))


async def alerts_came_to(db: Database, town: str, finding: Finding, count: int, at: datetime) -> None:
    for _ in range(count):
        uscc, alert_id, score_id = a_uscc(), new_id(), new_id()
        whom: dict[str, Any] = {"alert_id": alert_id, "subject_kind": "employer", "subject_id": uscc, "uscc": uscc}
        raised = AlertRaised(**whom, name=None, division=town, level="red", score_id=score_id, raised_at=at)
        found = AlertFound(**whom, finding=finding, found_on=local_date(at), score_id=score_id, decided_at=at)
        await consumer.deliver(raised, db)
        await consumer.deliver(found, db)


async def looked(db: Database, at: datetime) -> Kept:
    async with db.transaction() as session:
        return await quality.look(session, Moment(at, shipped(), new_id), a_bound(policy()))


async def told(db: Database, group: str) -> list[tuple[str, int]]:
    async with db.transaction() as session:
        rows = await sql(session, "select body from outbox where subject = 'scores.quality' order by id")
        events = [json.loads(bytes(body))["data"] for body in rows.scalars()]
    return [(event["state"], event["change"]) for event in events if event["group"] == group]


def figure(kept: Kept, name: str, grouping: str, group: str) -> dict[str, Any]:
    (found,) = (
        each
        for each in kept.report["figures"]
        if (each["figure"], each["grouping"], each["group"]) == (name, grouping, group)
    )
    return dict(found)


async def test_somebody_is_told_once_when_a_bound_is_passed_and_once_when_it_is_over(
    runtime: Runtime, town: str
) -> None:
    day = now() + timedelta(days=next(_days))
    await alerts_came_to(runtime.db, town, "false", 21, day - timedelta(days=3))
    first = await looked(runtime.db, day)
    assert figure(first, "precision", "town", town)["share"]["value"] == 0
    assert await told(runtime.db, town) == [("passed", 1)]
    assert await looked(runtime.db, day) == first
    await looked(runtime.db, now() + timedelta(days=next(_days)))
    assert await told(runtime.db, town) == [("passed", 1)]
    await alerts_came_to(runtime.db, town, "confirmed", 99, day)
    last = await looked(runtime.db, now() + timedelta(days=next(_days)))
    assert figure(last, "precision", "town", town)["hits"] == 99
    assert await told(runtime.db, town) == [("passed", 1), ("kept", 2)]


async def test_what_was_known_a_quarter_ago_is_compared_with_what_is_known_now(runtime: Runtime) -> None:
    ago = now() - timedelta(days=120)
    for reported_at in (ago, now()):
        month = (local_date(reported_at).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
        codes: list[str | None] = [a_uscc() for _ in range(5)]
        columns: dict[str, list[Any]] = {"uscc": codes, "period": [month] * 5, "arrears": ["100.00"] * 5}
        await consumer.deliver(accepted("tax_social_fee", codes, columns, reported_at=reported_at), runtime.db)
    async with runtime.db.transaction() as session:
        made = await quality.make(session, Moment(now(), shipped(), new_id), policy())
    assert made.employers > 0
    assert [drift for drift in made.drifts if drift.feature.startswith("si_")]


async def test_the_report_is_read_with_its_bounds_by_whoever_may(runtime: Runtime, client: httpx.AsyncClient) -> None:
    await quality_watch.watch_once(runtime.db)
    answer = await client.get("/v1/scoring-quality", headers=a_reader(runtime, **QUALITY))
    body = answer.json()
    assert (answer.status_code, body["stands_on"]["recall"]["en"]) == (
        200,
        "random inspections, weighted by their probability",
    )
    assert {bound["code"] for bound in body["bounds"]} >= {"precision", "psi", "recall_gap_town"}
    missing = await client.get("/v1/scoring-quality?on=2001-01-01", headers=a_reader(runtime, **QUALITY))
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:anxin:problem:no-quality-report")
    assert (await client.get("/v1/scoring-quality", headers=a_reader(runtime))).json()["check"] == "scope_missing"
    metrics = generate_latest().decode()
    assert 'anxin_scoring_quality_share{end="value",figure="precision"' in metrics or 'figure="unanswered"' in metrics
