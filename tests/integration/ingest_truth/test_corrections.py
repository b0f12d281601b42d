"""A correction stands in place of what was handed in up to a receipt, whatever time it gives itself."""

from tests.ingest_desk import Door, counts
from tests.ingest_truth import ask, full, notes, owing, send, sent, standing, unknown


async def at(door: Door) -> list[str]:
    """Which receipts tell the newest states."""
    return sorted({receipt for receipt, _ in (await standing(door)).values()})


async def test_a_correction_that_takes_a_date_back_stands(door: Door) -> None:
    wrong = await sent(door, owing(20, 1))
    plain = await send(door, owing(10, 1))
    assert counts(plain.json()) == (1, 0, 1, 0, 0)
    assert await at(door) == [wrong]
    right = await sent(door, owing(10, 1, balance=7), corrects=wrong)
    assert await at(door) == [right]
    assert await notes(door, right) == [(1, "corrected")]


async def test_a_correction_stands_in_scoring_too_for_its_time_is_that_of_what_it_corrects(door: Door) -> None:
    wrong = await sent(door, owing(20, 1))
    right = await sent(door, owing(10, 1), corrects=wrong)
    (before,), (after,) = [await door.announced(each) for each in (wrong, right)]
    assert after["source_times"] == before["source_times"]
    assert after["receipt_id"] > before["receipt_id"]


async def test_what_came_after_the_corrected_receipt_and_is_newer_stays(door: Door) -> None:
    wrong = await sent(door, owing(10, 1))
    newer = await sent(door, owing(20, 1))
    late = await sent(door, owing(5, 1), corrects=wrong)
    assert await at(door) == [newer]
    assert await notes(door, late) == [(1, "corrected"), (1, "superseded")]
    await ask(door, "DELETE", f"/v1/receipts/{newer}/rows", params={"reason": "wrong file"})
    assert await at(door) == [late]


async def test_a_row_that_an_earlier_receipt_told_first_is_corrected_through_the_later_one(door: Door) -> None:
    await sent(door, owing(20, 1))
    again = await send(door, owing(20, 1))
    assert counts(again.json()) == (1, 0, 1, 0, 0)
    right = await sent(door, owing(3, 1), corrects=again.json()["receipt_id"])
    assert await at(door) == [right]


async def test_a_row_of_which_nothing_was_known_is_taken_and_said_so(door: Door) -> None:
    wrong = await sent(door, owing(20, 1))
    right = await sent(door, owing(10, 1, 2), corrects=wrong)
    assert await notes(door, right) == [(1, "corrected"), (2, "nothing_corrected")]
    assert len(await standing(door)) == 2


async def test_corrections_of_corrections_and_their_withdrawal(door: Door) -> None:
    first = await sent(door, owing(20, 1))
    second = await sent(door, owing(10, 1), corrects=first)
    third = await sent(door, owing(5, 1), corrects=second)
    assert await at(door) == [third]
    await ask(door, "DELETE", f"/v1/receipts/{third}/rows", params={"reason": "no"})
    assert await at(door) == [second]


async def test_a_record_that_a_full_list_ended_comes_back_by_correcting_the_list(door: Door) -> None:
    await sent(door, owing(1, 1, 2))
    listed = (await full(door, 5, owing(1, 1))).json()["receipt_id"]
    assert len(await standing(door)) == 1
    right = await sent(door, owing(1, 2), corrects=listed)
    assert (right, 1) in (await standing(door)).values()


async def test_what_waits_for_its_subject_is_corrected_too(door: Door) -> None:
    wrong = await sent(door, [unknown(901, stat_at="2026-11-20", balance="1")])
    await sent(door, [unknown(901, stat_at="2026-11-02", balance="2")], corrects=wrong)
    assert await door.rows("select record ->> 'balance' from ingest.unmatched") == [("2.00",)]


async def test_only_a_receipt_of_ones_own_and_of_the_same_dataset_is_corrected(door: Door) -> None:
    foreign = await sent(door, owing(5, 1), agency="another-bureau")
    assert (await send(door, owing(5, 1), corrects=foreign)).status_code == 404
    entity = {"uscc": "91330100799655058B", "ent_name": "某", "state": "存续"}
    other = (await door.send("samr_entity", [entity])).json()["receipt_id"]
    answer = await send(door, owing(5, 1), corrects=other)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:anxin:problem:corrects-another-dataset")
