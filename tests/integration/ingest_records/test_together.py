"""Small submissions that come at the same time go together, and each has what it would have had alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from services.ingest import rounds
from shared.bus import decode
from shared.db import Database
from shared.events.records import RECEIPT, RecordsAccepted, unpacked
from tests.conftest import SettingsOf
from tests.ingest_desk import Door, Record, a_tax_record, clear, counts, open_door


async def _at_once(door: Door, files: list[list[Record]], **more: str) -> list[dict[str, Any]]:
    """The receipts of files that are sent at the same moment."""
    answers = await asyncio.gather(*(door.send("tax_arrears", file, **more) for file in files))
    assert {answer.status_code for answer in answers} == {202}
    return [answer.json() for answer in answers]


async def test_each_of_many_has_its_own_receipt_heads_and_rows(door: Door) -> None:
    files = [[a_tax_record(60_000 + 2 * number), a_tax_record(60_001 + 2 * number)] for number in range(40)]
    receipts = await _at_once(door, files)
    assert [counts(receipt) for receipt in receipts] == [(2, 2, 0, 0, 0)] * 40
    kept = await door.rows("select receipt_id::text, array_agg(row_no order by row_no) from ingest.head group by 1")
    assert dict(kept) == {receipt["receipt_id"]: [1, 2] for receipt in receipts}


async def test_many_leave_in_few_events_that_name_each_rows_receipt(door: Door) -> None:
    receipts = await _at_once(door, [[a_tax_record(61_000 + number)] for number in range(30)])
    events = [event for receipt in receipts for event in await _events(door, receipt["receipt_id"])]
    assert len(events) < 15
    told = [
        (row.get(RECEIPT) or str(event.receipt_id), row["#row"])
        for event in events
        for row in unpacked(event.table).to_dicts()
    ]
    assert sorted(told) == sorted((receipt["receipt_id"], 1) for receipt in receipts)


async def _events(door: Door, receipt_id: str) -> list[RecordsAccepted]:
    rows = await door.rows("select body from ingest.outbox where subject = 'records.accepted' order by id")
    events = [decode(body, RecordsAccepted) for (body,) in rows]
    return [event for event in events if str(event.receipt_id) == receipt_id]


async def test_the_faults_of_one_are_told_to_it_alone_by_its_own_rows(door: Door) -> None:
    good, bad = [a_tax_record(62_000)], [a_tax_record(62_001), a_tax_record(62_002, balance="-1")]
    receipts = await _at_once(door, [good, bad, [a_tax_record(62_003)], [a_tax_record(62_004, tax_kind=None)]])
    assert [counts(receipt)[3] for receipt in receipts] == [0, 1, 0, 1]
    assert [(error["row"], error["item"]) for error in receipts[1]["errors"]] == [(2, "balance")]
    later = await door.get(f"/v1/receipts/{receipts[1]['receipt_id']}")
    assert later.json()["errors"] == receipts[1]["errors"]


async def _after_a_round(door: Door, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """One has ended, and whoever comes within a second goes into the next."""
    monkeypatch.setattr(rounds, "SEVERAL", 1)
    monkeypatch.setattr(rounds, "APART_S", 1.0)
    await _at_once(door, [[a_tax_record(number)]])


async def test_where_several_come_at_once_those_who_come_soon_after_go_together(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _after_a_round(door, monkeypatch, 67_000)
    soon = []
    for number in range(6):
        soon.append(asyncio.ensure_future(door.send("tax_arrears", [a_tax_record(67_100 + number)])))
        await asyncio.sleep(0.02)
    receipts = [answer.json()["receipt_id"] for answer in await asyncio.gather(*soon)]
    assert sum([len(await _events(door, receipt)) for receipt in receipts]) == 1


async def test_who_comes_alone_waits_for_nobody(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "APART_S", 3600.0)
    for number in range(3):
        (receipt,) = await _at_once(door, [[a_tax_record(67_200 + number)]])
        assert counts(receipt) == (1, 1, 0, 0, 0)


async def test_a_round_goes_on_in_the_trace_of_the_first_whose_spans_are_kept(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", TracerProvider())
    await _after_a_round(door, monkeypatch, 66_900)
    left_out, kept = (f"00-{digit * 32}-{digit * 16}-0{flag}" for digit, flag in (("a", 0), ("b", 1)))
    traces = [left_out, left_out, left_out, kept]
    sent = [door.send("tax_arrears", [a_tax_record(66_000 + n)], traceparent=told) for n, told in enumerate(traces)]
    receipts = [answer.json()["receipt_id"] for answer in await asyncio.gather(*sent)]
    rows = await door.rows(
        "select distinct split_part(traceparent, '-', 2) from ingest.receipt where receipt_id = any(:receipts)",
        receipts=[UUID(each) for each in receipts],
    )
    assert rows == [("b" * 32,)]


async def test_a_file_that_cannot_be_read_is_refused_and_spoils_no_other(door: Door) -> None:
    sent = [door.send("tax_arrears", [a_tax_record(63_000 + number)]) for number in range(10)]
    broken = door.send("tax_arrears", '[{"uscc": "9133"')
    unknown = door.send("tax_arrears", [{"nobody_knows": 1}])
    *good, first, second = await asyncio.gather(*sent, broken, unknown)
    assert {answer.status_code for answer in good} == {202}
    assert (first.status_code, second.status_code) == (400, 422)


async def test_one_key_used_by_two_at_once_leads_to_one_receipt(door: Door) -> None:
    await asyncio.gather(*(door.send("tax_arrears", [a_tax_record(64_000 + n)]) for n in range(3)))
    receipts = await _at_once(door, [[a_tax_record(64_010)]] * 6, idempotency_key="together-1")
    assert len({receipt["receipt_id"] for receipt in receipts}) == 1


async def test_one_key_with_two_bodies_at_once_is_taken_with_the_first_alone(door: Door) -> None:
    sent = [door.send("tax_arrears", [a_tax_record(64_020 + n)], idempotency_key="together-2") for n in range(4)]
    answers = await asyncio.gather(*sent, door.send("tax_arrears", [a_tax_record(64_030)]))
    assert [answer.status_code for answer in answers] == [202, 422, 422, 422, 202]


async def test_one_that_breaks_the_transaction_breaks_no_others(door: Door, owner: Database) -> None:
    poison = " " * 500 + "[]"
    async with _breaking(owner, len(poison)):
        good = [door.send("tax_arrears", [a_tax_record(67_000 + number)]) for number in range(8)]
        broken, *taken = await asyncio.gather(door.send("tax_arrears", poison), *good)
    assert broken.status_code == 500
    assert [counts(answer.json()) for answer in taken] == [(1, 1, 0, 0, 0)] * 8
    assert await door.rows("select count(*) from ingest.head") == [(8,)]


@asynccontextmanager
async def _breaking(owner: Database, size: int) -> AsyncIterator[None]:
    """A database that fails whenever the receipt of a file of that size is kept."""
    trigger = "create trigger breaking before insert on ingest.receipt for each row"
    async with owner.engine.begin() as connection:
        await connection.exec_driver_sql(
            "create function public.break() returns trigger language plpgsql as $$begin raise 'broken'; end$$"
        )
        await connection.exec_driver_sql(f"{trigger} when (new.bytes = {size}) execute function public.break()")
    try:
        yield
    finally:
        async with owner.engine.begin() as connection:
            await connection.exec_driver_sql("drop function public.break() cascade")


async def test_a_client_that_goes_away_takes_no_others_along(door: Door) -> None:
    sent = [asyncio.create_task(door.send("tax_arrears", [a_tax_record(67_100 + n)])) for n in range(12)]
    await asyncio.sleep(0.002)
    sent[5].cancel()
    answers = await asyncio.gather(*sent, return_exceptions=True)
    assert isinstance(answers.pop(5), asyncio.CancelledError)
    assert [answer.status_code for answer in answers if not isinstance(answer, BaseException)] == [202] * 11


async def test_who_finds_the_queue_full_is_told_when_to_come_again(door: Door, settings_of: SettingsOf) -> None:
    async with open_door(settings_of("ingest"), max_small=6, max_small_of_an_agency=4) as narrow:
        sent = [narrow.send("tax_arrears", [a_tax_record(67_200 + n)]) for n in range(10)]
        other = [narrow.send("tax_arrears", [a_tax_record(67_300 + n)], agency="other") for n in range(4)]
        answers = await asyncio.gather(*sent, *other)
    assert [answer.status_code for answer in answers] == [202] * 4 + [429] * 6 + [202] * 2 + [503] * 2
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code != 202)
    assert await door.rows("select count(*) from ingest.head") == [(6,)]


async def test_states_of_one_record_that_come_at_once_are_taken_in_order_of_arrival(door: Door) -> None:
    files = [[a_tax_record(67_400, balance=f"{n + 1}.00"), a_tax_record(67_401 + n)] for n in range(5)]
    receipts = await _at_once(door, files)
    assert [counts(receipt) for receipt in receipts] == [(2, 2, 0, 0, 0)] * 5
    newest = await door.rows("select receipt_id::text from ingest.head where row_no = 1")
    assert newest == [(receipts[-1]["receipt_id"],)]


async def test_a_record_without_a_subject_goes_its_own_way(door: Door) -> None:
    lost = a_tax_record(65_000, uscc=None, taxpayer="没有人认识的公司")
    receipts = await _at_once(door, [[a_tax_record(65_001)], [lost], [a_tax_record(65_002)]])
    assert [counts(receipt) for receipt in receipts] == [(1, 1, 0, 0, 0), (1, 0, 0, 0, 1), (1, 1, 0, 0, 0)]


# A state of one of three taxpayers on one of four days: the content follows from both; some are wrong.
_STATES = st.tuples(st.integers(1, 3), st.integers(1, 4), st.sampled_from(["", "", "", "-"]))
_FILES = st.lists(st.lists(_STATES, max_size=3), min_size=1, max_size=6)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=_FILES)
async def test_going_together_never_changes_what_is_known_in_the_end(door: Door, files: list[Any]) -> None:
    sent = [[_record(*state) for state in file] for file in files]
    await clear(door)
    one_by_one = [receipt for file in sent for receipt in await _at_once(door, [file])]
    known = await _heads(door)
    await clear(door)
    at_once = await _at_once(door, sent)
    assert await _heads(door) == known
    for alone, together in zip(one_by_one, at_once, strict=True):
        received, *parts = counts(together)
        assert (received, together["rejected"]) == (alone["received"], alone["rejected"])
        assert sum(parts) == received
    # A file that disagrees with itself goes alone, beside those that go together.
    if all(len({who for who, *_ in file}) == len(file) for file in files):
        assert [counts(receipt) for receipt in at_once] == [counts(receipt) for receipt in one_by_one]
        assert [receipt["errors"] for receipt in at_once] == [receipt["errors"] for receipt in one_by_one]


def _record(who: int, day: int, sign: str) -> Record:
    return a_tax_record(66_000 + who, balance=f"{sign}{who}.{day:02d}", stat_at=f"2026-11-{day:02d}")


async def _heads(door: Door) -> list[tuple[Any, ...]]:
    return await door.rows("select key, row_hash, source_time from ingest.head order by key")
