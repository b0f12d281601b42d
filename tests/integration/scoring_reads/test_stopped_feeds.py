"""A tax feed that stopped: the debtor stays what he was, the answer says on what it stands, and recovery ends it."""

from datetime import datetime, timedelta
from typing import Any

import httpx

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.clock import local_date, now
from shared.events import FeedStateChanged
from shared.events.feeds import FeedState
from shared.ids import new_id
from shared.service import Runtime
from tests.scoring_events import accepted, subject
from tests.scoring_facts import a_uscc, recent_month
from tests.scoring_reader import a_reader


def changed(
    agency: str, state: FeedState, change: int, last_at: datetime, dataset: str = "tax_social_fee"
) -> FeedStateChanged:
    return FeedStateChanged(
        dataset=dataset,
        agency=agency,
        department="TAX",
        state=state,
        previous="on_time",
        change=change,
        since=now(),
        changed_at=now(),
        last_at=last_at,
    )


async def _owing(runtime: Runtime, uscc: str, agency: str) -> datetime:
    periods = [recent_month(back) for back in (1, 2, 3)]
    columns: dict[str, list[Any]] = {"uscc": [uscc] * 3, "period": periods, "arrears": ["9000.00"] * 3}
    reported = now() - timedelta(days=3)
    keys = [f"{uscc}|{period}" for period in periods]
    event = accepted("tax_social_fee", [uscc] * 3, columns, keys=keys, agency=agency, reported_at=reported)
    await consumer.deliver(event, runtime.db)
    return reported


async def _rescore(runtime: Runtime, uscc: str, at: datetime) -> str:
    async with runtime.db.transaction() as session:
        await usecases.rescore(session, {("employer", uscc)}, Moment(at, shipped(), new_id))
    return str((await subject(runtime.db, uscc))["level"])


async def test_a_debtor_is_not_clean_because_the_tax_feed_stopped_and_the_answer_says_so(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    uscc, agency, years = a_uscc(), f"tax-{new_id()}", timedelta(days=800)
    last = await _owing(runtime, uscc, agency)
    for _ in range(2):  # it may come twice
        await consumer.deliver(changed(agency, "silent", 2, last), runtime.db)
    await consumer.deliver(changed(agency, "late", 1, last), runtime.db)  # and out of order
    try:
        assert await _rescore(runtime, uscc, now() + years) == "orange"
        risk = (await client.get(f"/v1/employers/{uscc}/risk", headers=a_reader(runtime))).json()
        (feed,) = [each for each in risk["missing_feeds"] if each["agency"] == agency]
        assert (feed["dataset"], feed["state"]) == ("tax_social_fee", "silent")
        day = f"{local_date(last):%Y-%m-%d}"
        assert feed["text_zh"] == f"社会保险费征缴已停报，最近一次收到：{day}；其后情况未知，风险可能被低估"
        (reason,) = risk["reasons"]
        assert feed["text_zh"] in reason["note_zh"]
        assert risk["certainty"]["grade"] == "low"
        assert risk["certainty"]["because"][0]["zh"] == feed["text_zh"]
        (fresh,) = risk["feeds"]
        assert (fresh["state"], fresh["is_stale"]) == ("silent", True)
    finally:
        await consumer.deliver(changed(agency, "on_time", 3, now()), runtime.db)
    assert (await subject(runtime.db, uscc))["next_review_on"] <= local_date(now())
    risk = (await client.get(f"/v1/employers/{uscc}/risk", headers=a_reader(runtime))).json()
    assert agency not in {each["agency"] for each in risk["missing_feeds"]}
    assert risk["reasons"][0]["note_zh"] is None
    await _rescore(runtime, uscc, now() + years)
    assert (await subject(runtime.db, uscc))["computed_level"] == "none"
    assert await _rescore(runtime, uscc, now() + years + timedelta(days=14)) == "none"


async def test_a_silent_feed_that_never_spoke_of_the_employer_is_told_of_as_well(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    uscc, agency, court = a_uscc(), f"tax-{new_id()}", f"court-{new_id()}"
    last = await _owing(runtime, uscc, agency)
    await consumer.deliver(changed(court, "broken", 1, last, "court_unperformed"), runtime.db)
    try:
        risk = (await client.get(f"/v1/employers/{uscc}/risk", headers=a_reader(runtime))).json()
        (feed,) = [each for each in risk["missing_feeds"] if each["agency"] == court]
        assert (feed["state"], feed["text_zh"][:8]) == ("broken", "企业未履行生效裁")
    finally:
        await consumer.deliver(changed(court, "on_time", 2, now(), "court_unperformed"), runtime.db)
