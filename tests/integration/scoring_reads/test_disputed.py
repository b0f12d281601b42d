"""A record behind a reason is called wrong: the answer says so until its source has spoken, and no level moves."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.scoring.consumers import consumer
from shared.clock import local_date, now
from shared.events import RecordDisputeAnswered, RecordDisputed
from shared.ids import new_id
from shared.service import Runtime
from tests.integration.scoring_events.test_projects import a_fee, a_project, an_account
from tests.scoring_events import announced, numbers, social_fee
from tests.scoring_facts import a_uscc
from tests.scoring_reader import a_reader


def disputed(dispute_id: UUID, key: str, **changes: Any) -> RecordDisputed:
    calm = {"receipt_id": new_id(), "row": 1, "agency": "tax-bureau", "dataset": "tax_social_fee", "item": "arrears"}
    told = {"raised_by_kind": "agency", "raised_at": now(), "due_on": local_date(now()) + timedelta(days=14)}
    return RecordDisputed(dispute_id=dispute_id, key=key, **(calm | told | changes))  # type: ignore[arg-type]


def answered(dispute_id: UUID) -> RecordDisputeAnswered:
    told = {"agency": "tax-bureau", "dataset": "tax_social_fee", "corrected_by": None, "answered_at": now()}
    return RecordDisputeAnswered(dispute_id=dispute_id, outcome="upheld", **told)  # type: ignore[arg-type]


async def risk(client: httpx.AsyncClient, runtime: Runtime, uscc: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/employers/{uscc}/risk", headers=a_reader(runtime))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_disputed_record_is_noted_at_its_reason_until_it_is_answered_and_changes_no_level(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    uscc, dispute = a_uscc(), new_id()
    event = social_fee(uscc, 3)
    await consumer.deliver(event, runtime.db)
    before, said = await risk(client, runtime, uscc), await announced(runtime.db, uscc)
    assert before["disputed"] == []
    # By the record, though another receipt told of it last.
    key = event.frame().get_column("#key")[1]
    for _ in range(2):  # it may come twice
        await consumer.deliver(disputed(dispute, key), runtime.db)
    await consumer.deliver(disputed(new_id(), "another record"), runtime.db)
    after = await risk(client, runtime, uscc)
    (shown,) = after["disputed"]
    assert (shown["dispute_id"], shown["item"], shown["indicators"]) == (str(dispute), "arrears", ["E01"])
    assert (shown["is_overdue"], shown["title_zh"]) == (False, "社会保险费征缴")
    assert "被提出校核申请" in shown["text_zh"]
    (reason,) = after["reasons"]
    assert (reason["note_zh"], reason["note_en"]) == (shown["text_zh"], shown["text_en"])
    assert shown["text_zh"] in [each["zh"] for each in after["certainty"]["because"]]
    kept = ("level", "computed_level", "points", "score_id", "level_source")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert await announced(runtime.db, uscc) == said
    await consumer.deliver(answered(dispute), runtime.db)
    assert await risk(client, runtime, uscc) == before


async def test_an_answer_that_overtakes_its_dispute_leaves_nothing_open(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    uscc, dispute = a_uscc(), new_id()
    event = social_fee(uscc, 3)
    key = event.frame().get_column("#key")[0]
    await consumer.deliver(answered(dispute), runtime.db)
    await consumer.deliver(disputed(dispute, key), runtime.db)
    await consumer.deliver(event, runtime.db)
    assert (await risk(client, runtime, uscc))["disputed"] == []


async def test_a_flow_of_a_projects_account_is_noted_at_the_projects_reason(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    project, account = f"D{next(numbers):06}", f"{new_id()}"
    flow = a_fee(account, 75)
    for event in (a_project(project), an_account(project, account), flow):
        await consumer.deliver(event, runtime.db)
    key = flow.frame().get_column("#key")[0]
    await consumer.deliver(disputed(new_id(), key, dataset="bk_account_flow", agency="bank-a"), runtime.db)
    answer = await client.get(f"/v1/projects/{project}/risk", headers=a_reader(runtime))
    assert [each["indicators"] for each in answer.json()["disputed"]] == [["P04"]]


@pytest.mark.parametrize("days", [-1, 0])
async def test_whose_source_lets_the_day_pass_is_shown_as_overdue(
    client: httpx.AsyncClient, runtime: Runtime, days: int
) -> None:
    uscc = a_uscc()
    event = social_fee(uscc, 3)
    due: date = local_date(now()) + timedelta(days=days)
    # A dispute may come before the record that it is about.
    await consumer.deliver(disputed(new_id(), event.frame().get_column("#key")[0], due_on=due), runtime.db)
    await consumer.deliver(event, runtime.db)
    (shown,) = (await risk(client, runtime, uscc))["disputed"]
    assert shown["is_overdue"] is (days < 0)
