"""Who teaches, who confirms, and what becomes of lessons when files are taken back that should never have come."""

import asyncio
from itertools import islice
from typing import Any

from bench.ingest.registers import credit_codes
from services.ingest.store.unlearning import unlearn
from shared.clock import now
from shared.db import sql
from tests.ingest_desk import ALSO_GOOD, GOOD, Door
from tests.ingest_matching import a_petition, an_entity, entities, petitions, settle
from tests.integration.ingest_matching.test_unlearning import POWER, sent, take_back, usage, whose

OFFICE = "market-bureau"
MERGERS = "select subject_id from ingest.link where kind = 'merger' and undone_at is null"


def a_merger(seq: int = 9, into: str = ALSO_GOOD) -> dict[str, Any]:
    merger = {"entity_id": "E000000000000001", "uscc": GOOD, "seq": seq, "item_name": "吸收合并"}
    return merger | {"changed_at": "2026-06-01", "before": "存续", "after": f"并入 {into}"}


async def entry(door: Door, dataset: str, record: dict[str, Any]) -> str:
    """Hand in an entry of the register; its receipt."""
    answer = await door.send(dataset, [record], agency="market-bureau")
    assert answer.json()["accepted"] == 1, answer.text
    return str(answer.json()["receipt_id"])


async def test_a_wrong_correction_taken_back_leaves_things_as_they_were(door: Door) -> None:
    await sent(door, usage("2026-01", GOOD))
    await sent(door, usage("2026-02"))
    wrong = await sent(door, usage("2026-01", ALSO_GOOD))
    await settle(door)
    await take_back(door, wrong["receipt_id"], POWER, "pw_usage")
    await settle(door)
    assert await whose(door) == {"2026-02": GOOD}


async def test_a_wrong_register_taken_back_leaves_the_names(door: Door) -> None:
    lessons = "select kind, value, subject_id from ingest.known_employer order by 1, 2"
    await entities(door, an_entity())
    before = await door.rows(lessons)
    wrong = await entry(door, "samr_entity", an_entity(uscc=ALSO_GOOD, approved_at="2020-05-07"))
    assert await door.rows(lessons) != before
    await take_back(door, wrong, OFFICE, "samr_entity")
    assert await door.rows(lessons) == before


async def test_of_three_rows_that_say_the_same_one_is_enough(door: Door) -> None:
    receipt = await sent(door, usage("2026-01", GOOD), usage("2026-02", GOOD), usage("2026-03", GOOD))
    await sent(door, usage("2026-04"))
    await take_back(door, receipt["receipt_id"], POWER, "pw_usage", rows="1-2")
    await settle(door)
    assert (await whose(door))["2026-04"] == GOOD


async def test_a_merger_that_two_records_say_stands(door: Door) -> None:
    await entities(door, an_entity())
    first = await entry(door, "samr_change", a_merger(9))
    second = await entry(door, "samr_change", a_merger(10))
    await take_back(door, first, OFFICE, "samr_change")
    assert await door.rows(MERGERS) == [(ALSO_GOOD,)]
    await take_back(door, second, OFFICE, "samr_change")
    assert await door.rows(MERGERS) == []


async def test_a_merger_corrected_leads_to_the_right_successor(door: Door) -> None:
    (right,) = islice(credit_codes(), 1)
    await entities(door, an_entity())
    await entry(door, "samr_change", a_merger())
    await entry(door, "samr_change", a_merger(into=right))
    assert await door.rows(MERGERS) == [(right,)]


async def test_a_link_through_a_merger_falls_with_the_name_it_rests_on(door: Door) -> None:
    named = await entry(door, "samr_entity", an_entity())
    await entry(door, "samr_change", a_merger())
    await petitions(door, a_petition(1, received_at="2026-07-01"))
    await take_back(door, named, OFFICE, "samr_entity")
    await settle(door)
    assert await door.rows("select count(*) from ingest.unmatched") == [(1,)]


async def test_a_teacher_confirmed_while_he_is_taken_back_leaves_the_lesson(door: Door) -> None:
    receipt = await sent(door, usage("2026-01", GOOD))
    async with door.db.transaction() as one:
        # Somebody else's file, not committed yet.
        head = """insert into ingest.head (key, dataset, subject, row_hash, source_time, receipt_id, row_no)
            select gen_random_uuid(), dataset, subject, row_hash, source_time, receipt_id, 2 from ingest.head"""
        await sql(one, head)
        await sql(one, "update ingest.known_account set confirmed_by = (select key from ingest.head where row_no = 2)")
        other = asyncio.create_task(take_back(door, receipt["receipt_id"], POWER, "pw_usage", rows="1"))
        await asyncio.sleep(1.0)
        assert not other.done()
    await other
    assert await door.rows("select count(*) from ingest.known_account") == [(1,)]


async def test_who_forgets_holds_lessons_in_one_order_so_that_two_never_wait_for_each_other(door: Door) -> None:
    lesson = """insert into ingest.known_employer (kind, value, subject_id, division, official, taught_by, confirmed_by)
        values ('name', :value, 's', '', false, cast(:teacher as uuid), cast(:other as uuid))"""
    one, two = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2))
    async with door.db.transaction() as session:
        for value, teacher, other in (("a", one, two), ("b", two, one)):
            await sql(session, lesson, value=value, teacher=teacher, other=other)

    async def forget() -> None:
        async with door.db.transaction() as session:
            await unlearn(session, [one], now())

    async with door.db.transaction() as neighbour:
        hold = "select from ingest.known_employer where value = :value for update nowait"
        await sql(neighbour, hold, value="a")
        forgetting = asyncio.create_task(forget())
        await asyncio.sleep(1.0)
        assert not forgetting.done()
        # Who waits for the first holds none that comes after it.
        await sql(neighbour, hold, value="b")
    await forgetting
    left = "select value, taught_by::text, confirmed_by from ingest.known_employer order by value"
    assert await door.rows(left) == [("a", two, None), ("b", two, None)]


async def test_what_waited_because_of_a_wrong_second_bearer_goes_when_he_is_taken_back(door: Door) -> None:
    await entities(door, an_entity())
    wrong = await entry(door, "samr_entity", an_entity(entity_id="E000000000000002", uscc=ALSO_GOOD, reg_no=None))
    await petitions(door, a_petition(1))
    await settle(door)
    assert await door.rows("select count(*) from ingest.unmatched") == [(1,)]
    await take_back(door, wrong, OFFICE, "samr_entity")
    await settle(door)
    assert await door.rows("select count(*) from ingest.unmatched") == [(0,)]
