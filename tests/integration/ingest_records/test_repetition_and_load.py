"""The same key again and at once, many rows and crowds: nothing is done twice, and it stays quick."""

import asyncio
import time
from secrets import token_hex

import httpx

from tests.conftest import SettingsOf
from tests.ingest_desk import GOOD, Door, a_tax_record, counts, open_door


async def test_the_same_key_and_body_give_the_same_receipt(door: Door) -> None:
    first = await door.send("tax_arrears", [a_tax_record(), {}], idempotency_key="night-1")
    second = await door.send("tax_arrears", [a_tax_record(), {}], idempotency_key='"night-1"')
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.json()["rejected"] == 1


async def test_the_same_key_with_another_body_is_refused(door: Door) -> None:
    await door.send("tax_arrears", [a_tax_record()], idempotency_key="night-2")
    other = await door.send("tax_arrears", [a_tax_record(balance="1")], idempotency_key="night-2")
    assert (other.status_code, other.json()["type"]) == (422, "urn:anxin:problem:idempotency-key-reused")


async def test_two_agencies_may_use_the_same_key(door: Door) -> None:
    one = await door.send("tax_arrears", [a_tax_record()], idempotency_key="night-3", agency="tax-bureau")
    two = await door.send("tax_arrears", [a_tax_record(5)], idempotency_key="night-3", agency="other-bureau")
    assert one.status_code == two.status_code == 202
    assert one.json()["receipt_id"] != two.json()["receipt_id"]


async def test_the_same_key_at_the_same_time_is_worked_on_once(door: Door) -> None:
    records = [a_tax_record(number) for number in range(200)]
    answers = await asyncio.gather(*(door.send("tax_arrears", records, idempotency_key="night-4") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["receipt_id"] for answer in answers}) == 1
    assert len(await door.announced(answers[0].json()["receipt_id"])) == 1


async def test_files_with_the_same_records_at_the_same_time_are_all_taken(door: Door) -> None:
    records = [a_tax_record(number) for number in range(300)]
    answers = await asyncio.gather(
        *(
            door.send("tax_arrears", records[::step], idempotency_key=f"c{step}{n}")
            for n in range(3)
            for step in (1, -1)
        )
    )
    assert [answer.status_code for answer in answers] == [202] * 6
    assert sum(answer.json()["accepted"] for answer in answers) == 300
    assert await door.rows("select count(*) from ingest.head") == [(300,)]


async def test_many_rows_leave_in_messages_that_fit_the_bus(door: Door) -> None:
    rows = [{"case_code": f"C{number}", "ent_name": "某", "uscc": GOOD} for number in range(4500)]
    receipt = (await door.send("court_bankruptcy", rows, agency="court")).json()
    events = await door.announced(receipt["receipt_id"])
    assert sorted(row for event in events for row in event["rows"]) == list(range(1, 4501))
    assert len(events) == 1
    texts = [
        {
            "entity_id": f"{number:016d}",
            "uscc": GOOD,
            "ent_name": "某",
            "est_date": "2020-01-01",
            "scope": token_hex(4500),
        }
        for number in range(400)
    ]
    receipt = (await door.send("samr_entity", texts, agency="market-bureau")).json()
    sizes = await door.rows("select max(length(body)) from ingest.outbox")
    assert sum(len(event["rows"]) for event in await door.announced(receipt["receipt_id"])) == 400
    assert sizes[0][0] < 1_000_000


async def test_a_thousand_records_are_accepted_well_under_a_second(door: Door) -> None:
    records = [a_tax_record(number) for number in range(1000)]
    await door.send("tax_arrears", records[:1])
    began = time.perf_counter()
    answer = await door.send("tax_arrears", records)
    took = time.perf_counter() - began
    assert counts(answer.json()) == (1000, 999, 1, 0, 0)
    assert took < 1.0, f"{took:.3f} s"


async def test_when_every_place_is_taken_the_answer_says_when_to_come_back(settings_of: SettingsOf) -> None:
    async with open_door(settings_of("ingest"), max_concurrent=1, max_waiting=0) as door:
        records = [a_tax_record(number) for number in range(500)]
        answers: list[httpx.Response] = await asyncio.gather(*(door.send("tax_arrears", records) for _ in range(5)))
        refused = [answer for answer in answers if answer.status_code == 503]
        assert refused
        assert {answer.headers["retry-after"] for answer in refused} == {"2"}
        assert (await door.send("tax_arrears", records)).status_code == 202
