"""What waits for its subject has a past as well: an older state waits again when the newer is taken back."""

from tests.ingest_desk import Door, agency_headers
from tests.ingest_matching import GOOD, a_petition, an_entity, entities, petitions, settle, told

OFFICE = agency_headers("petition-office", "ingest:gov_petition")


async def take_back(door: Door, receipt: str, rows: str | None = None) -> None:
    query = {"reason": "重复登记"} | ({"rows": rows} if rows else {})
    answer = await door.client.delete(f"/v1/receipts/{receipt}/rows", params=query, headers=OFFICE)
    assert answer.status_code == 200, answer.text


async def waits(door: Door) -> list[tuple[str, int]]:
    return [(str(receipt), row) for receipt, row in await door.rows("select receipt_id, row_no from ingest.unmatched")]


async def test_an_older_state_waits_again_when_the_newer_is_taken_back(door: Door) -> None:
    older = (await petitions(door, a_petition(1)))["receipt_id"]
    newer = (await petitions(door, a_petition(1, people_cnt=30, received_at="2026-11-03")))["receipt_id"]
    assert await waits(door) == [(newer, 1)]
    await take_back(door, newer)
    assert await waits(door) == [(older, 1)]
    await settle(door)
    await entities(door, an_entity())
    await settle(door)
    (event,) = [each for each in await told(door) if each["dataset"] == "gov_petition"]
    assert (event["receipt_id"], event["subject_ids"], event["columns"]["people_cnt"]) == (older, [GOOD], [12])


async def test_a_state_that_came_late_waits_when_the_newer_is_taken_back(door: Door) -> None:
    newer = (await petitions(door, a_petition(1, received_at="2026-11-03")))["receipt_id"]
    late = (await petitions(door, a_petition(1, people_cnt=30)))["receipt_id"]
    assert await waits(door) == [(newer, 1)]
    await take_back(door, newer)
    assert await waits(door) == [(late, 1)]
    await take_back(door, late)
    assert await waits(door) == []


async def test_of_several_states_in_one_file_the_others_wait_when_the_newest_is_taken_back(door: Door) -> None:
    states = [a_petition(1, received_at=f"2026-11-{day:02}") for day in (3, 1, 2)]
    receipt = (await petitions(door, *states))["receipt_id"]
    for row, left in (("1", 3), ("3", 2)):
        await take_back(door, receipt, row)
        assert await waits(door) == [(receipt, left)]


async def test_a_state_that_was_never_placed_waits_again_behind_one_that_was(door: Door) -> None:
    older = (await petitions(door, a_petition(1, "杭州市余杭区未登记企业")))["receipt_id"]
    await entities(door, an_entity())
    newer = (await petitions(door, a_petition(1, received_at="2026-11-03")))["receipt_id"]
    assert await waits(door) == []
    await take_back(door, newer)
    assert await waits(door) == [(older, 1)]


async def test_what_is_taken_back_while_something_newer_waits_comes_back_no_more(door: Door) -> None:
    older = (await petitions(door, a_petition(1)))["receipt_id"]
    newer = (await petitions(door, a_petition(1, people_cnt=30, received_at="2026-11-03")))["receipt_id"]
    await take_back(door, older)
    assert await waits(door) == [(newer, 1)]
    await take_back(door, newer)
    assert await waits(door) == []
