"""What a full list does not name has ended; a truncated one ends nothing; what comes back is open again."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.ingest_desk import Door, a_tax_record, counts
from tests.ingest_truth import ask, full, notes, owing, send, sent, standing, told, unknown

AS_OF = "2026-11-10T00:00:00+08:00"


async def test_what_the_list_does_not_name_ends_and_is_told_once(door: Door) -> None:
    first = await sent(door, owing(1, 1, 2, 3))
    answer = await full(door, 5, owing(1, 1, 3))
    assert counts(answer.json()) == (2, 0, 2, 0, 0)
    snapshot = answer.headers["anxin-snapshot"]
    assert snapshot.endswith("; state=applied")
    assert set((await standing(door)).values()) == {(first, 1), (first, 3)}
    closed = (await told(door, "records.closed"))[-1]
    assert (closed["receipt_ids"], closed["rows"]) == ([first], [2])
    assert closed["closed_at"].startswith("2026-11-04T16:00:00")
    shown = (await ask(door, "GET", f"/v1/snapshots/{closed['snapshot_id']}")).json()
    assert (shown["state"], shown["known"], shown["missing"], shown["ended"]) == ("applied", 3, 1, 1)


async def test_the_same_list_again_costs_nothing_downstream(door: Door) -> None:
    await sent(door, owing(1, *range(1, 40)))
    await full(door, 5, owing(1, *range(1, 39)))
    before = await door.rows("select count(*) from ingest.outbox")
    heads = await door.rows("select xmin, * from ingest.head order by key")
    for day in (6, 7, 7):
        answer = await full(door, day, owing(1, *range(1, 39)))
        assert counts(answer.json()) == (38, 0, 38, 0, 0)
    assert await door.rows("select count(*) from ingest.outbox") == before
    assert await door.rows("select xmin, * from ingest.head order by key") == heads


async def test_what_comes_back_in_a_later_list_is_open_again_with_its_old_date(door: Door) -> None:
    await sent(door, owing(1, 1, 2))
    await full(door, 5, owing(1, 1))
    answer = await full(door, 9, owing(1, 1, 2))
    assert counts(answer.json()) == (2, 1, 1, 0, 0)
    (event,) = await door.announced(answer.json()["receipt_id"])
    assert event["rows"] == [2]
    assert event["source_times"][0] == datetime(2026, 11, 8, 16, tzinfo=UTC)
    assert len(await standing(door)) == 2


async def test_what_is_older_than_the_list_changes_nothing_in_whatever_order(door: Door) -> None:
    await sent(door, owing(1, 1))
    await full(door, 5, owing(1, 1))
    late = await send(door, owing(3, 1, 2))
    assert counts(late.json()) == (2, 0, 2, 0, 0)
    assert await notes(door, late.json()["receipt_id"]) == [(1, "superseded"), (2, "superseded")]
    again = await send(door, owing(1, 1))
    assert await notes(door, again.json()["receipt_id"]) == []
    newer = await send(door, owing(6, 2))
    assert counts(newer.json()) == (1, 1, 0, 0, 0)


async def test_an_older_list_that_comes_late_ends_nothing(door: Door) -> None:
    await sent(door, owing(1, 1, 2))
    await full(door, 9, owing(1, 1, 2))
    late = await full(door, 5, owing(1, 1))
    assert late.headers["anxin-snapshot"].endswith("; state=older")
    assert len(await standing(door)) == 2


async def test_a_list_is_of_its_month_and_of_its_sender_only(door: Door) -> None:
    september = await sent(door, owing(1, 1, as_of="2026-09"))
    foreign = await sent(door, owing(1, 2), agency="another-bureau")
    newer = await sent(door, owing(8, 3))
    await full(door, 5, owing(1, 4))
    kept = {receipt for receipt, _ in (await standing(door)).values()}
    assert {september, foreign, newer} <= kept
    answer = await full(door, 6, [*owing(1, 4), *owing(1, 9, as_of="2026-09")])
    assert await notes(door, answer.json()["receipt_id"]) == [(2, "outside_list")]
    assert counts(answer.json()) == (2, 1, 1, 0, 0)


async def test_a_truncated_list_is_held_until_its_agency_says_how_many_end(door: Door) -> None:
    await sent(door, owing(1, *range(1, 41)))
    answer = await full(door, 5, owing(1, *range(1, 21)))
    snapshot = answer.headers["anxin-snapshot"]
    assert snapshot.endswith("; state=held")
    assert len(await standing(door)) == 40
    path = f"/v1/snapshots/{snapshot.split(';')[0]}"
    shown = (await ask(door, "GET", path)).json()
    assert (shown["held_because"], shown["known"], shown["missing"], shown["ended"]) == ("too_many_missing", 40, 20, 0)
    other = await ask(door, "POST", f"{path}/confirm", json={"missing": 19})
    assert (other.status_code, other.json()["missing"]) == (409, 20)
    for _ in range(2):
        applied = await ask(door, "POST", f"{path}/confirm", json={"missing": 20})
        assert (applied.status_code, applied.json()["state"], applied.json()["ended"]) == (200, "applied", 20)
    assert len(await standing(door)) == 20


async def test_an_empty_list_and_one_with_keys_that_nobody_can_read_are_held(door: Door) -> None:
    await sent(door, owing(1, 1, 2, 3))
    assert (await full(door, 5, [])).headers["anxin-snapshot"].endswith("; state=held")
    unreadable = [*owing(1, 1, 2), a_tax_record(3) | {"taxpayer_no": None}]
    assert (await full(door, 6, unreadable)).headers["anxin-snapshot"].endswith("; state=held")
    assert len(await standing(door)) == 3


async def test_a_record_with_a_fault_is_there_nevertheless(door: Door) -> None:
    await sent(door, owing(1, 1, 2, 3))
    answer = await full(door, 5, [*owing(1, 1), *owing(1, 2, taxpayer=""), a_tax_record(3, uscc=None, balance="9")])
    assert counts(answer.json())[3] == 1
    assert answer.headers["anxin-snapshot"].endswith("; state=applied")
    assert len(await standing(door)) == 3


async def test_a_list_in_parts_ends_what_no_part_names_when_it_is_complete(door: Door) -> None:
    await sent(door, owing(1, 1, 2, 3, 4))
    begun = await ask(door, "POST", "/v1/datasets/tax_arrears/snapshots", json={"as_of": AS_OF, "month": "2026-10"})
    assert begun.status_code == 201, begun.text
    snapshot = begun.json()["snapshot_id"]
    parts = [owing(1, 1), owing(1, 2), owing(9, 3, balance=7)]
    await asyncio.gather(*(send(door, part, snapshot=snapshot) for part in parts))
    assert len(await standing(door)) == 4
    path = f"/v1/snapshots/{snapshot}"
    assert (await ask(door, "POST", f"{path}/complete", json={"rows": 4})).status_code == 409
    for _ in range(2):
        done = await ask(door, "POST", f"{path}/complete", json={"rows": 3})
        assert (done.status_code, done.json()["state"], done.json()["ended"]) == (200, "applied", 1)
    assert len(await standing(door)) == 3
    assert (await send(door, owing(1, 5), snapshot=snapshot)).status_code == 409


async def test_a_list_that_is_taken_back_lets_stand_what_it_ended(door: Door) -> None:
    first = await sent(door, owing(1, 1, 2))
    snapshot = (await full(door, 5, owing(1, 1))).headers["anxin-snapshot"].split(";")[0]
    gone = await ask(door, "DELETE", f"/v1/snapshots/{snapshot}", params={"reason": "wrong list"})
    assert gone.json()["state"] == "withdrawn"
    assert set((await standing(door)).values()) == {(first, 1), (first, 2)}
    event = (await told(door, "records.withdrawn"))[-1]
    assert (event["receipt_id"], event["first_rows"], event["last_rows"]) == (snapshot, [0], [0])
    assert counts((await send(door, owing(3, 3))).json()) == (1, 1, 0, 0, 0)


async def test_what_waits_for_its_subject_ends_too(door: Door) -> None:
    await sent(door, [*owing(1, 1), unknown(902, stat_at="2026-11-01")])
    await full(door, 5, owing(1, 1))
    assert await door.rows("select 1 from ingest.unmatched") == []


async def test_a_newer_list_takes_the_place_of_one_that_was_not_completed(door: Door) -> None:
    named = {"as_of": AS_OF, "month": "2026-10"}
    begun = (await ask(door, "POST", "/v1/datasets/tax_arrears/snapshots", json=named)).json()["snapshot_id"]
    await send(door, owing(1, 1), snapshot=begun)
    await full(door, 12, owing(1, 1))
    assert (await ask(door, "GET", f"/v1/snapshots/{begun}")).json()["state"] == "discarded"
    assert await door.rows("select 1 from ingest.snapshot_key") == []


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ({"snapshot": "full", "month": "2026-10"}, "said-unclear"),
        ({"snapshot": "full", "as_of": AS_OF}, "month-needed"),
        ({"snapshot": "full", "as_of": AS_OF, "month": "2026-13"}, "said-unclear"),
        ({"snapshot": "full", "as_of": "2126-01-01T00:00:00Z", "month": "2026-10"}, "as-of-in-the-future"),
        ({"as_of": AS_OF}, "said-unclear"),
        ({"snapshot": "x"}, "said-unclear"),
        ({"snapshot": "full", "as_of": AS_OF, "month": "2026-10", "corrects": "0" * 32}, "said-unclear"),
    ],
)
async def test_what_does_not_go_together_is_refused(door: Door, said: dict[str, str], slug: str) -> None:
    answer = await send(door, owing(1, 1), **said)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:anxin:problem:{slug}")
    assert await standing(door) == {}


async def test_nobody_else_sees_or_ends_anything_by_a_list(door: Door) -> None:
    snapshot = (await full(door, 5, owing(1, 1))).headers["anxin-snapshot"].split(";")[0]
    path = f"/v1/snapshots/{snapshot}"
    assert (await ask(door, "GET", path, agency="another-bureau")).status_code == 404
    assert (await ask(door, "POST", f"{path}/complete", agency="another-bureau")).status_code == 404
    assert (await send(door, owing(1, 1), agency="another-bureau", snapshot=snapshot)).status_code == 404


@pytest.mark.parametrize("as_of", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_list_of_a_moment_outside_the_calendar_is_refused(door: Door, as_of: str) -> None:
    answer = await send(door, owing(1, 1), snapshot="full", as_of=as_of)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:anxin:problem:said-unclear")
    begun = await ask(door, "POST", "/v1/datasets/tax_arrears/snapshots", json={"as_of": as_of, "month": "2026-10"})
    assert begun.status_code == 422


async def test_a_month_in_the_digits_of_another_script_is_no_month(door: Door) -> None:
    told_month = {"as_of": AS_OF, "month": "２０２６-10"}
    begun = await ask(door, "POST", "/v1/datasets/tax_arrears/snapshots", json=told_month)
    assert begun.status_code == 422
