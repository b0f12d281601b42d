"""Every state of a record has its place: with whom it stands, behind what it waits, and what is told of it."""

from datetime import date
from typing import Any
from uuid import uuid4

from services.ingest.catalogue import shipped
from services.ingest.retention import shipped as parameters
from services.ingest.usecases.retention import purge_numbers, purge_outdone_states
from shared.db import sql
from tests.ingest_desk import ALSO_GOOD, GOOD, Door, agency_headers
from tests.ingest_matching import ALSO_NAMED, a_petition, an_entity, entities, petitions, settle, told
from tests.ingest_truth import full, notes, unknown
from tests.ingest_truth import sent as sent_taxes
from tests.integration.ingest_matching.test_people import post, queue
from tests.integration.ingest_matching.test_unlearning import sent, take_back, usage

SHORT = "杭州恒达建设有限公司"


async def test_a_row_outdone_in_its_file_by_another_employers_leaves_the_first(door: Door) -> None:
    receipt = await sent(door, usage("2026-01", ALSO_GOOD), usage("2026-01", GOOD))
    (event,) = await door.announced(receipt["receipt_id"])
    rows = dict(zip(event["rows"], zip(event["subject_ids"], event["left"], strict=True), strict=True))
    assert rows == {1: (ALSO_GOOD, GOOD), 2: (GOOD, None)}


async def test_an_undone_older_state_takes_nothing_from_a_newer_one_of_the_same_moment(door: Door) -> None:
    await entities(door, an_entity())
    older = await petitions(door, a_petition(1))
    newer = await petitions(door, a_petition(1, SHORT, people_cnt=13))
    ((link,),) = await door.rows("select link_id::text from ingest.link order by link_id limit 1")
    await post(door, f"links/{link}/undo", reason="链接有误")
    await settle(door)
    assert await door.rows("select subject from ingest.head where dataset = 'gov_petition'") == [(GOOD,)]
    assert await told(door, "records.unlinked") == []
    await take_back(door, newer["receipt_id"], "petition-office", "gov_petition")
    waiting = "select receipt_id::text, question_id is not null from ingest.unmatched"
    assert await door.rows(waiting) == [(older["receipt_id"], True)]


async def test_a_record_that_comes_back_after_two_undoings_is_told_once(door: Door) -> None:
    await entities(door, an_entity())
    await petitions(door, a_petition(77))
    await petitions(door, a_petition(77, SHORT, people_cnt=13, received_at="2026-11-03"))
    for (link,) in await door.rows("select link_id::text from ingest.link"):
        await post(door, f"links/{link}/undo", reason="链接有误")
        await settle(door)
    (question,) = [each for each in await queue(door) if each["records"]]
    await post(door, f"queue/{question['question_id']}/link", subject_id=GOOD, reason="是该单位")
    await settle(door)
    event = [each for each in await told(door) if each["dataset"] == "gov_petition"][-1]
    assert event["keys"] == ["XF77"]


async def test_a_linked_state_behind_which_an_older_one_waits_is_not_lost_by_the_undoing(door: Door) -> None:
    await entities(door, an_entity())
    newer = await petitions(door, a_petition(1, received_at="2026-11-03"))
    await petitions(door, a_petition(1, "某某不详单位名称", received_at="2026-11-01"))
    ((link,),) = await door.rows("select link_id::text from ingest.link")
    await post(door, f"links/{link}/undo", reason="链接有误")
    await settle(door)
    assert await door.rows("select receipt_id::text from ingest.unmatched") == [(newer["receipt_id"],)]


async def test_an_older_state_that_comes_every_month_is_kept_once(door: Door) -> None:
    await petitions(door, a_petition(1, received_at="2026-11-03"))
    for _ in range(3):
        await petitions(door, a_petition(1, people_cnt=30))
    assert await door.rows("select count(*) from ingest.past_unmatched") == [(1,)]


async def test_what_a_full_list_has_ended_waits_no_more_when_a_later_state_is_taken_back(door: Door) -> None:
    def nobodys(day: int, *numbers: int) -> list[dict[str, Any]]:
        return [unknown(each, stat_at=f"2026-11-{day:02}", balance=f"100.{day:02}") for each in numbers]

    await sent_taxes(door, nobodys(1, *range(1, 41)))
    await sent_taxes(door, nobodys(3, 1))
    listed = await full(door, 5, nobodys(4, *range(2, 41)))
    assert listed.headers["anxin-snapshot"].endswith("state=applied"), listed.headers
    assert await door.rows("select count(*) from ingest.unmatched") == [(39,)]
    last = await sent_taxes(door, nobodys(8, 1))
    headers = agency_headers("tax-bureau", "ingest:tax_arrears")
    answer = await door.client.delete(f"/v1/receipts/{last}/rows", params={"reason": "代码列错位"}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert await door.rows("select count(*) from ingest.unmatched") == [(39,)]


async def test_a_number_that_a_hidden_state_needs_is_not_given_up(door: Door) -> None:
    pseudonym = uuid4().hex
    hidden = """insert into ingest.past_unmatched (key, dataset, row_hash, source_time, receipt_id, row_no, record)
        values (gen_random_uuid(), 'hc_payroll_detail', gen_random_uuid(), now(), gen_random_uuid(), 1,
            jsonb_build_object('id_no', cast(:number as text)))"""
    used = "insert into ingest.identity_use (pseudonym, dataset, last_on) values (:number, 'hc_payroll_detail', :day)"
    async with door.db.transaction() as session:
        kept = "insert into ingest.identity (pseudonym, purpose, sealed) values (:number, 'person', 'x')"
        await sql(session, kept, number=pseudonym)
        await sql(session, used, number=pseudonym, day=date(2020, 1, 1))
        await sql(session, hidden, number=pseudonym)
    async with door.db.transaction() as session:
        await purge_numbers(session, shipped(), parameters(), date(2026, 11, 25))
    known = "select count(*) from ingest.identity where pseudonym = :number"
    assert await door.rows(known, number=pseudonym) == [(1,)]


async def test_a_state_that_finds_its_subject_behind_a_newer_one_stands_when_that_is_taken_back(door: Door) -> None:
    await entities(door, an_entity())
    newer = await petitions(door, a_petition(1, received_at="2026-11-03"))
    late = await petitions(door, a_petition(1, ALSO_NAMED, received_at="2026-11-01"))
    await entities(door, an_entity(entity_id="E000000000000002", uscc=ALSO_GOOD, ent_name=ALSO_NAMED, reg_no=None))
    await settle(door)
    event = (await door.announced(late["receipt_id"]))[-1]
    assert (event["subject_ids"], event["left"]) == ([ALSO_GOOD], [GOOD])
    await take_back(door, newer["receipt_id"], "petition-office", "gov_petition")
    heads = "select receipt_id::text, subject from ingest.head where dataset = 'gov_petition'"
    assert await door.rows(heads) == [(late["receipt_id"], ALSO_GOOD)]


async def test_a_correction_of_a_hidden_waiting_state_finds_it(door: Door) -> None:
    first = await sent_taxes(door, [unknown(7, stat_at="2026-11-01")])
    await sent_taxes(door, [unknown(7, stat_at="2026-11-03", balance="3.00")])
    third = await sent_taxes(door, [unknown(7, stat_at="2026-11-05", balance="5.00")], corrects=first)
    assert (1, "corrected") in await notes(door, third)


async def test_an_outdone_state_that_waited_goes_when_its_files_time_is_over(door: Door) -> None:
    for people in (12, 13):
        await petitions(door, a_petition(1, people_cnt=people))
    for today, left in ((date(2026, 11, 28), 1), (date(2060, 1, 1), 0)):
        async with door.db.transaction() as session:
            await purge_outdone_states(session, shipped(), parameters(), today)
        assert await door.rows("select count(*) from ingest.past_unmatched") == [(left,)]
    assert await door.rows("select count(*) from ingest.unmatched") == [(1,)]
