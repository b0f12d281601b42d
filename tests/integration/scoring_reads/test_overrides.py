"""A person sets a level, with a reason and a term: at once, within his division, never below the law, on record."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared import audit
from shared.clock import now, today
from shared.db import sql
from shared.ids import new_id
from shared.service import Runtime
from tests.integration.scoring_events.test_projects import a_fee, a_project, an_account
from tests.scoring_events import announced, numbers, registration, social_fee, subject
from tests.scoring_facts import a_uscc
from tests.scoring_reader import a_reader

Client = httpx.AsyncClient


def an_officer(runtime: Runtime, division: str = "330110", **changes: Any) -> dict[str, str]:
    claims = {"scope": "scores:read scores:override", "sub": "chen", "name": "陈某", "roles": ["squad_leader"]}
    return a_reader(runtime, division, **(claims | changes))


def a_wish(level: str = "yellow", days: int = 30, **changes: Any) -> dict[str, Any]:
    wish = {"level": level, "reason": "现场核查：工资已发,社保补缴中"}
    return wish | {"valid_until": (today() + timedelta(days=days)).isoformat()} | changes


@pytest.fixture
async def employer(runtime: Runtime) -> str:
    """An orange employer of 330110005: three months behind with the social insurance fee (a floor of our own)."""
    uscc = a_uscc()
    for event in (registration(uscc), social_fee(uscc, 3)):
        await consumer.deliver(event, runtime.db)
    return uscc


async def test_a_persons_level_is_in_force_at_once_beside_what_the_rules_work_out(
    client: Client, runtime: Runtime, employer: str
) -> None:
    path, officer = f"/v1/employers/{employer}", an_officer(runtime)
    answer = await client.put(f"{path}/override", json=a_wish(), headers=officer)
    assert answer.status_code == 200, answer.text
    risk = (await client.get(f"{path}/risk", headers=officer)).json()
    assert (risk["level"], risk["computed_level"], risk["level_source"]) == ("yellow", "orange", "override")
    assert (risk["override"]["by_name"], risk["override"]["reason"]) == ("陈某", a_wish()["reason"])
    assert risk["level_until"] == risk["override"]["valid_until"] == a_wish()["valid_until"]
    assert [(line["level"], line["level_source"]) for line in risk["history"]][:2] == [
        ("yellow", "override"),
        ("orange", "indicators"),
    ]
    assert risk["history"][0]["override_id"] == risk["override"]["override_id"]
    told = await announced(runtime.db, employer)
    assert [(event["level"], event["level_source"]) for event in told] == [
        ("orange", "indicators"),
        ("yellow", "override"),
    ]


async def test_the_same_wish_twice_is_one_act_and_a_withdrawal_leaves_both_in_the_history(
    client: Client, runtime: Runtime, employer: str
) -> None:
    path, officer = f"/v1/employers/{employer}/override", an_officer(runtime)
    for _ in range(2):
        set_now = (await client.put(path, json=a_wish("red"), headers=officer)).json()
    assert (len(set_now["acts"]), set_now["level"], set_now["in_force"]["level"]) == (1, "red", "red")
    why = {"reason": "企业已补缴完毕"}
    undone = (await client.request("DELETE", path, json=why, headers=officer)).json()
    assert (undone["in_force"], undone["level"], undone["level_source"]) == (None, "orange", "indicators")
    again = await client.request("DELETE", path, params=why, headers=officer)
    assert (again.status_code, again.json()["type"]) == (409, "urn:anxin:problem:no-override")
    assert (await client.request("DELETE", path, headers=officer)).status_code == 422
    kept = (await client.get(path, headers=a_reader(runtime))).json()["acts"]
    assert [(act["act"], act["reason"]) for act in kept] == [("withdrawn", why["reason"]), ("set", a_wish()["reason"])]
    assert [event["level"] for event in await announced(runtime.db, employer)] == ["orange", "red", "orange"]
    raised = (await announced(runtime.db, employer))[1]["reasons"]
    assert [reason["indicator"] for reason in raised] == ["OVERRIDE", "E01"]
    async with runtime.db.transaction() as session:
        found = await sql(session, "select actor, action from audit where subject = :id order by seq", id=employer)
        acts = [tuple(row) for row in found.all()]
        assert acts[:2] == [("chen", "employer.override.set"), ("chen", "employer.override.withdrawn")]
        assert await audit.broken_at(session) is None


async def test_the_same_wish_after_things_became_worse_is_another_decision(client: Client, runtime: Runtime) -> None:
    uscc = a_uscc()
    for event in (registration(uscc), social_fee(uscc, 0)):
        await consumer.deliver(event, runtime.db)
    path, officer = f"/v1/employers/{uscc}/override", an_officer(runtime)
    assert (await client.put(path, json=a_wish(), headers=officer)).json()["level"] == "yellow"
    await consumer.deliver(social_fee(uscc, 3), runtime.db)
    assert (await subject(runtime.db, uscc))["level"] == "orange"
    for _ in range(2):
        told = (await client.put(path, json=a_wish(), headers=officer)).json()
        assert (told["level"], told["level_source"], len(told["acts"])) == ("yellow", "override", 2)


async def test_a_level_that_was_set_ends_by_itself_after_its_last_day(
    client: Client, runtime: Runtime, employer: str
) -> None:
    await client.put(f"/v1/employers/{employer}/override", json=a_wish("red", 10), headers=an_officer(runtime))
    assert (await subject(runtime.db, employer))["next_review_on"] == today() + timedelta(days=11)
    for days, level in ((10, "red"), (11, "orange")):
        async with runtime.db.transaction() as session:
            await usecases.rescore(
                session, {("employer", employer)}, Moment(now() + timedelta(days=days), shipped(), new_id)
            )
        assert (await subject(runtime.db, employer))["level"] == level


async def test_who_is_elsewhere_has_no_scope_or_is_no_person_sets_nothing(
    client: Client, runtime: Runtime, employer: str
) -> None:
    path = f"/v1/employers/{employer}/override"
    elsewhere = await client.put(path, json=a_wish(), headers=an_officer(runtime, "330110009"))
    assert (elsewhere.status_code, elsewhere.json()["check"]) == (403, "jurisdiction")
    reader = await client.put(path, json=a_wish(), headers=a_reader(runtime))
    assert (reader.status_code, reader.json()["check"]) == (403, "scope_missing")
    for wrong in (a_wish(days=-1), a_wish(days=90), a_wish("purple"), a_wish(reason="x")):
        assert (await client.put(path, json=wrong, headers=an_officer(runtime))).status_code == 422
    unknown = await client.put(f"/v1/employers/{a_uscc()}/override", json=a_wish(), headers=an_officer(runtime))
    assert unknown.status_code == 404
    assert (await client.get(path, headers=a_reader(runtime))).json()["acts"] == []
    async with runtime.db.transaction("330110009") as session:
        assert (await sql(session, "select count(*) from scoring.override")).scalar_one() == 0


async def test_a_project_that_the_law_holds_at_red_is_not_set_lower_and_the_refusal_names_the_article(
    client: Client, runtime: Runtime
) -> None:
    project, account = f"V{next(numbers):06}", new_id().hex
    for event in (a_project(project), an_account(project, account), a_fee(account, 100)):
        await consumer.deliver(event, runtime.db)
    path, officer = f"/v1/projects/{project}/override", an_officer(runtime)
    refused = await client.put(path, json=a_wish("orange"), headers=officer)
    assert (refused.status_code, refused.json()["check"]) == (409, "law_floor")
    assert "第二十七条" in refused.json()["detail"]
    assert (await client.put(path, json=a_wish("red"), headers=officer)).status_code == 200
    assert (await subject(runtime.db, project))["level"] == "red"
