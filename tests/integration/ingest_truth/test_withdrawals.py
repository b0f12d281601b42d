"""What an agency takes back counts no more, what stood before it stands again, and nobody else can take it back."""

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest

from tests.ingest_desk import Door, a_tax_record, agency_headers, counts, person_headers
from tests.ingest_truth import unknown


def owing(day: int, *numbers: int, balance: str = "100") -> list[dict[str, Any]]:
    """Arrears of some taxpayers as they were on a day of November."""
    return [a_tax_record(each, balance=f"{balance}.{day:02}", stat_at=f"2026-11-{day:02}") for each in numbers]


async def sent(door: Door, records: list[dict[str, Any]], **more: str) -> str:
    answer = await door.send("tax_arrears", records, **more)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["receipt_id"])


async def take_back(door: Door, receipt: str, agency: str = "tax-bureau", **wish: str) -> httpx.Response:
    query = {"reason": "wrong month"} | wish
    headers = agency_headers(agency, "ingest:tax_arrears")
    return await door.client.delete(f"/v1/receipts/{receipt}/rows", params=query, headers=headers)


async def heads(door: Door) -> list[tuple[str, int]]:
    """Receipt and row of the newest state of each record."""
    found = await door.rows("select receipt_id, row_no from ingest.head order by source_time, row_no")
    return [(str(receipt), row) for receipt, row in found]


async def events(door: Door, receipt: str) -> list[Any]:
    rows = await door.rows(
        """select convert_from(body, 'UTF8')::jsonb -> 'data' from ingest.outbox
        where subject = 'records.withdrawn' and convert_from(body, 'UTF8')::jsonb -> 'data' ->> 'receipt_id' = :receipt
        order by id""",
        receipt=receipt,
    )
    return [data for (data,) in rows]


async def test_the_state_before_stands_again_and_the_same_row_may_come_again(door: Door) -> None:
    first = await sent(door, owing(1, 1, 2))
    second = await sent(door, owing(5, 1))
    answer = await take_back(door, second)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["withdrawn"], answer.json()["received"]) == (1, 1)
    assert await heads(door) == [(first, 1), (first, 2)]
    assert counts((await door.send("tax_arrears", owing(1, 1, 2))).json()) == (2, 0, 2, 0, 0)
    assert counts((await door.send("tax_arrears", owing(5, 1))).json()) == (1, 1, 0, 0, 0)


async def test_of_two_states_in_one_file_the_other_stands_when_the_newer_is_taken_back(door: Door) -> None:
    receipt = await sent(door, [*owing(5, 1), *owing(1, 1), *owing(3, 1)])
    assert await heads(door) == [(receipt, 1)]
    await take_back(door, receipt, rows="1")
    assert await heads(door) == [(receipt, 3)]
    await take_back(door, receipt, rows="3")
    assert await heads(door) == [(receipt, 2)]


async def test_of_rows_of_one_file_that_are_alike_the_last_counts_however_they_come(door: Door) -> None:
    together = await sent(door, owing(5, 1) * 2)
    assert await heads(door) == [(together, 2)]
    packed = gzip.compress(json.dumps(owing(6, 1) * 2).encode())
    alone = await door.send("tax_arrears", packed, content_encoding="gzip")
    assert await heads(door) == [(alone.json()["receipt_id"], 2)]


async def test_what_is_taken_back_whole_is_not_known_any_more(door: Door) -> None:
    receipt = await sent(door, owing(5, 1, 2))
    await take_back(door, receipt)
    assert await heads(door) == []
    assert counts((await door.send("tax_arrears", owing(2, 1, 2))).json()) == (2, 2, 0, 0, 0)


async def test_some_rows_are_taken_back_and_the_others_stay(door: Door) -> None:
    receipt = await sent(door, owing(5, 1, 2, 3, 4, 5))
    answer = await take_back(door, receipt, rows="1,3-4")
    assert answer.json()["withdrawals"][0]["rows"] == [[1, 1], [3, 4]]
    assert await heads(door) == [(receipt, 2), (receipt, 5)]
    (event,) = await events(door, receipt)
    assert (event["first_rows"], event["last_rows"]) == ([1, 3], [1, 4])


async def test_taking_back_again_changes_and_announces_nothing(door: Door) -> None:
    receipt = await sent(door, owing(5, 1, 2, 3))
    await take_back(door, receipt, rows="2")
    once = (await take_back(door, receipt, rows="2")).json()
    assert len(once["withdrawals"]) == len(await events(door, receipt)) == 1
    everything = (await take_back(door, receipt)).json()
    assert [each["rows"] for each in everything["withdrawals"]] == [[[2, 2]], [[1, 1], [3, 3]]]
    assert everything["withdrawn"] == 3
    assert len(await events(door, receipt)) == 2


async def test_a_state_that_came_too_late_stands_when_the_newer_one_is_taken_back(door: Door) -> None:
    newer = await sent(door, owing(9, 1))
    late = await door.send("tax_arrears", owing(3, 1))
    assert counts(late.json()) == (1, 0, 1, 0, 0)
    receipt = late.json()["receipt_id"]
    assert [event["rows"] for event in await door.announced(receipt)] == [[1]]
    again = (await door.send("tax_arrears", owing(3, 1))).json()["receipt_id"]
    assert await door.announced(again) == []
    await take_back(door, newer)
    assert await heads(door) == [(receipt, 1)]


async def test_a_record_that_waits_for_its_subject_is_taken_back_too(door: Door) -> None:
    receipt = await sent(door, [unknown(903)])
    await take_back(door, receipt)
    assert await door.rows("select 1 from ingest.unmatched") == []


async def test_only_the_agency_that_sent_it_takes_it_back(door: Door) -> None:
    receipt = await sent(door, owing(5, 1))
    assert (await take_back(door, receipt, agency="another-bureau")).status_code == 404
    other = agency_headers("tax-bureau", "ingest:ut_water")
    path, reason = f"/v1/receipts/{receipt}/rows", {"reason": "no grant any more"}
    assert (await door.client.delete(path, params=reason, headers=other)).status_code == 403
    assert (await door.client.delete(path, params=reason, headers=person_headers("audit:read"))).status_code == 403
    assert await heads(door) == [(receipt, 1)]


@pytest.mark.parametrize(
    ("wish", "status", "slug"),
    [
        ({"rows": "2"}, 422, "rows-not-there"),
        ({"rows": "0"}, 422, "rows-not-there"),
        ({"rows": "1-"}, 400, "rows-malformed"),
        ({"rows": "3-1"}, 400, "rows-malformed"),
        ({"rows": ""}, 400, "rows-malformed"),
        ({"reason": " "}, 422, "reason-missing"),
    ],
)
async def test_rows_that_are_not_there_and_a_missing_reason_are_refused(
    door: Door, wish: dict[str, str], status: int, slug: str
) -> None:
    receipt = await sent(door, owing(5, 1))
    answer = await take_back(door, receipt, **wish)
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (status, slug)
    assert await heads(door) == [(receipt, 1)]


async def test_reason_and_rows_may_stand_in_the_body_and_the_reason_leaves_with_no_event(door: Door) -> None:
    receipt = await sent(door, owing(5, 1, 2))
    body = {"rows": "2", "reason": "张三的数据报错"}
    headers = agency_headers("tax-bureau", "ingest:tax_arrears")
    path = f"/v1/receipts/{receipt}"
    answer = await door.client.request("DELETE", f"{path}/rows", json=body, headers=headers)
    assert answer.json()["withdrawals"][0]["reason"] == "张三的数据报错"
    assert "张三" not in str(await events(door, receipt))
    assert (await door.get(f"{path}/withdrawals")).json() == answer.json()
    auditor = await door.client.get(f"{path}/withdrawals", headers=person_headers("audit:read"))
    assert auditor.json() == answer.json()


async def test_two_withdrawals_at_the_same_moment_leave_what_neither_took_back(door: Door) -> None:
    for number in range(900, 912):
        first, second, third = [await sent(door, owing(day, number)) for day in (1, 5, 9)]
        await asyncio.gather(take_back(door, third), take_back(door, second))
        assert (first, 1) in await heads(door)
        assert not {(second, 1), (third, 1)} & set(await heads(door))


async def test_an_older_state_that_comes_while_the_newer_is_taken_back_stands(door: Door) -> None:
    for number in range(920, 932):
        newer = await sent(door, owing(9, number))
        _, older = await asyncio.gather(take_back(door, newer), sent(door, owing(3, number)))
        assert (older, 1) in await heads(door)


async def test_a_newer_record_waits_on_when_an_older_one_of_its_key_has_its_employer(door: Door) -> None:
    waiting = await sent(door, [unknown(940, stat_at="2026-11-07")])
    code = {"uscc": a_tax_record(1)["uscc"]}
    await sent(door, [unknown(940, stat_at="2026-11-03", **code)])
    left = "select receipt_id::text from ingest.unmatched where receipt_id = :r"
    assert await door.rows(left, r=waiting) == [(waiting,)]
    await sent(door, [unknown(940, stat_at="2026-11-09", **code)])
    assert await door.rows(left, r=waiting) == []


async def test_a_reason_that_no_database_keeps_is_refused_and_takes_nothing_back(door: Door) -> None:
    receipt = await sent(door, owing(1, 1))
    answer = await take_back(door, receipt, reason="wrong\0month")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:anxin:problem:unprocessable")
    assert await heads(door) == [(receipt, 1)]
