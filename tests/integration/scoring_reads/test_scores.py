"""A score is explained from what was known when it was made, and comes out the same whatever happened since."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from services.scoring.consumers import consumer
from shared.clock import now, today
from shared.db import Database, sql
from shared.ids import new_id
from shared.service import Runtime
from tests.conftest import SettingsOf
from tests.integration.scoring_events.test_projects import a_fee, a_project, an_account
from tests.integration.scoring_events.test_revisions import closed, taken_back
from tests.integration.scoring_events.test_unlinked import a_petition, told_again, unlinked
from tests.integration.scoring_reads.test_data_quality import attendance
from tests.integration.scoring_reads.test_overrides import a_wish, an_officer
from tests.scoring_events import accepted, numbers, registration, social_fee, subject
from tests.scoring_facts import a_uscc
from tests.scoring_reader import a_reader

Client = httpx.AsyncClient


async def explained(client: Client, runtime: Runtime, score_id: UUID | str, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/scores/{score_id}", params={"recompute": True} | query, headers=a_reader(runtime))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def every_score(runtime: Runtime, code: str) -> list[UUID]:
    async with runtime.db.transaction() as session:
        found = await sql(
            session, "select score_id from scoring.score where subject_id = :id order by score_id", id=code
        )
        return list(found.scalars())


async def test_a_score_comes_with_the_rows_it_stood_on_and_comes_out_the_same(client: Client, runtime: Runtime) -> None:
    uscc = a_uscc()
    event = social_fee(uscc, 3)
    for each in (registration(uscc), event):
        await consumer.deliver(each, runtime.db)
    told = await explained(client, runtime, (await subject(runtime.db, uscc))["score_id"])
    assert (told["subject_id"], told["score"]["level"], told["score"]["computed_level"]) == (uscc, "orange", "orange")
    inputs = told["inputs"]
    assert (inputs["is_kept"], inputs["is_whole"], inputs["versions"], inputs["lost"]) == (True, True, 4, 0)
    rows = {(each["dataset"], each["row"]) for each in inputs["records"]}
    assert rows == {("samr_entity", 1), *(("tax_social_fee", row) for row in (1, 2, 3))}
    assert {each["receipt_id"] for each in inputs["records"][1:]} == {str(event.receipt_id)}
    assert (told["again"]["is_equal"], told["again"]["differences"]) == (True, [])
    assert told["again"]["text_zh"] == "重算结果与当时逐位一致"


async def test_a_record_that_left_and_came_back_is_whole_in_a_score_from_before(
    client: Client, runtime: Runtime
) -> None:
    uscc = a_uscc()
    petition = a_petition(uscc)
    await consumer.deliver(petition, runtime.db)
    before = (await subject(runtime.db, uscc))["score_id"]
    away = unlinked(petition, uscc)
    back = msgspec.structs.replace(taken_back(petition, 1, 1), receipt_id=away.undo_id)
    for event in (away, told_again(petition, uscc), back):
        await consumer.deliver(event, runtime.db)
    assert (await subject(runtime.db, uscc))["level"] == "orange"
    for score_id in (before, (await subject(runtime.db, uscc))["score_id"]):
        told = await explained(client, runtime, score_id)
        assert (told["inputs"]["is_whole"], told["again"]["is_equal"]) == (True, True)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_comes_later_and_in_whatever_order_an_earlier_score_comes_out_the_same(
    client: Client, runtime: Runtime, seed: int
) -> None:
    """Corrections, late news of earlier days, withdrawals, ends, a person's level: none of it was known then."""
    draw, uscc = random.Random(seed), a_uscc()  # noqa: S311 - which order is tried
    first, court = social_fee(uscc, 3), accepted("court_dishonest", [uscc], {"published_at": [today().isoformat()]})
    late = accepted("tax_status", [uscc], {"taxpayer_state": ["abnormal"]}, reported_at=now() - timedelta(days=40))
    later = [
        social_fee(uscc, 3, "5.00"),
        court,
        late,
        taken_back(first, 1, 1),
        closed(first, [2], now()),
        taken_back(court),
    ]
    for event in (registration(uscc), first, *draw.sample(later, len(later))):
        await consumer.deliver(event, runtime.db)
    await client.put(f"/v1/employers/{uscc}/override", json=a_wish("red"), headers=an_officer(runtime))
    await consumer.deliver(social_fee(uscc, 2, "7.00"), runtime.db)
    scores = await every_score(runtime, uscc)
    assert len(scores) >= 4
    for score_id in scores:
        told = await explained(client, runtime, score_id)
        assert (told["again"]["is_equal"], told["again"]["differences"], told["inputs"]["is_whole"]) == (True, [], True)


async def test_a_projects_score_comes_out_the_same_with_its_accounts_and_its_folded_months(
    client: Client, runtime: Runtime
) -> None:
    project, account = f"X{next(numbers):06}", new_id().hex
    events = [a_project(project), an_account(project, account), a_fee(account, 100), attendance(project, 20)]
    for event in (*events, attendance(project, 2), attendance(project, 1), a_fee(account, 1)):
        await consumer.deliver(event, runtime.db)
    scores = await every_score(runtime, project)
    assert len(scores) >= 2
    for score_id in scores:
        told = await explained(client, runtime, score_id)
        assert (told["again"]["is_equal"], told["again"]["differences"], told["inputs"]["is_whole"]) == (True, [], True)
    assert {"account", "project"} <= {each["subject_kind"] for each in told["inputs"]["records"]}


async def test_a_fact_that_was_changed_or_lost_behind_our_back_is_noticed(
    client: Client, runtime: Runtime, settings_of: SettingsOf
) -> None:
    changed, lost = a_uscc(), a_uscc()
    for uscc in (changed, lost):
        await consumer.deliver(social_fee(uscc, 3), runtime.db)
    owner = Database(settings_of("anxin_owner"))  # the service may neither change nor delete a fact
    async with owner.transaction() as session:
        doctored = "update scoring.fact set body = jsonb_set(body, '{arrears}', '\"1.00\"') where subject_id = :id"
        await sql(session, doctored, id=changed)
        await sql(session, "delete from scoring.fact where subject_id = :id and row_no = 2", id=lost)
    await owner.close()
    told = await explained(client, runtime, (await subject(runtime.db, changed))["score_id"])
    assert (told["inputs"]["is_whole"], told["inputs"]["lost"], told["again"]["is_equal"]) == (False, 0, False)
    assert [each["item"] for each in told["again"]["differences"]] == ["reasons"]
    told = await explained(client, runtime, (await subject(runtime.db, lost))["score_id"])
    assert (told["inputs"]["is_whole"], told["inputs"]["lost"]) == (False, 1)
    assert [each["row"] for each in told["inputs"]["records"] if not each["is_here"]] == [2]


async def test_elsewhere_or_without_the_scope_nothing_is_explained_and_each_look_is_on_record(
    client: Client, runtime: Runtime
) -> None:
    uscc = a_uscc()
    for each in (registration(uscc), social_fee(uscc, 3)):
        await consumer.deliver(each, runtime.db)
    path = f"/v1/scores/{(await subject(runtime.db, uscc))['score_id']}"
    refusals = (
        (a_reader(runtime, "330110009"), "jurisdiction"),
        (a_reader(runtime, scope="alerts:read"), "scope_missing"),
    )
    for reader, check in refusals:
        refused = await client.get(path, headers=reader)
        assert (refused.status_code, refused.json()["check"]) == (403, check)
    assert (await client.get(f"/v1/scores/{new_id()}", headers=a_reader(runtime))).status_code == 404
    plain = (await client.get(path, headers=a_reader(runtime))).json()
    assert (plain["again"], plain["inputs"]["is_whole"]) == (None, True)
    await explained(client, runtime, plain["score"]["score_id"])
    async with runtime.db.transaction() as session:
        found = await sql(session, "select action from audit where subject = :id order by seq", id=uscc)
        assert list(found.scalars()) == ["employer.score.refused", "employer.score.read", "employer.score.recomputed"]
