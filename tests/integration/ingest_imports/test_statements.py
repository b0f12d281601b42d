"""A large file may be a full list, a part of one, or a correction, by the rules of one request; killed or not."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.ingest_desk import Door, counts
from tests.ingest_imports import Uploader, bench_of, dies, lines, work_off
from tests.ingest_truth import ask, forget, full, notes, owing, send, sent, standing, told

AS_OF = "2026-11-10T00:00:00+08:00"
LIST = {"snapshot": "full", "as_of": AS_OF, "month": "2026-10"}


@pytest.fixture(autouse=True)
async def _nothing_is_known(door: Door, _a_clean_desk: None) -> AsyncIterator[None]:
    await forget(door)
    yield
    # A full list that stays in force would settle what other tests send.
    await forget(door)


async def listed(door: Door, place: str) -> dict[str, object]:
    shown = await ask(door, "GET", f"/v1/snapshots/{place.rsplit('/', 1)[1]}")
    assert shown.status_code == 200, shown.text
    found: dict[str, object] = shown.json()
    return found


async def test_what_a_large_full_list_does_not_name_ends_once(door: Door, uploader: Uploader) -> None:
    first = await sent(door, owing(1, 1, 2, 3))
    place = await uploader.send(lines(*owing(1, 1, 3, 4)), said=LIST)
    assert len(await standing(door)) == 3
    receipt = await uploader.receipt(place)
    assert counts(receipt) == (3, 1, 2, 0, 0)
    assert set((await standing(door)).values()) == {(first, 1), (first, 3), (receipt["receipt_id"], 3)}
    closed = (await told(door, "records.closed"))[-1]
    assert (closed["receipt_ids"], closed["rows"]) == ([first], [2])
    shown = await listed(door, place)
    assert (shown["state"], shown["known"], shown["missing"], shown["ended"]) == ("applied", 4, 1, 1)
    progress = await uploader.progress(place)
    assert (progress["snapshot_id"], progress["snapshot_state"]) == (receipt["receipt_id"], "applied")


async def test_a_list_whose_worker_dies_again_and_again_is_applied_once_and_never_before_its_end(
    door: Door, uploader: Uploader
) -> None:
    await sent(door, owing(1, *range(1, 21)))
    rows = [*owing(1, *range(1, 18)), *owing(1, 18, taxpayer="")]
    place = await uploader.send(lines(*rows), said=LIST)
    deaths = 0
    while (await uploader.progress(place))["state"] != "done":
        deaths += await dies(bench_of(door))
        state = (await uploader.progress(place))["snapshot_state"]
        assert state == "open" or not deaths or (await uploader.progress(place))["state"] == "done"
        assert len(await standing(door)) == (18 if state == "applied" else 20)
    assert deaths == 4
    assert (await listed(door, place))["ended"] == 2  # 18 has a fault, and is there nevertheless
    assert len([one for one in await told(door, "records.closed") if one["snapshot_id"] in place]) == 1


async def test_a_truncated_large_list_is_held_until_its_agency_says_how_many_end(
    door: Door, uploader: Uploader
) -> None:
    await sent(door, owing(1, *range(1, 41)))
    place = await uploader.send(lines(*owing(1, *range(1, 21))), said=LIST)
    await work_off(door)
    assert (await listed(door, place))["held_because"] == "too_many_missing"
    assert len(await standing(door)) == 40
    path = f"/v1/snapshots/{place.rsplit('/', 1)[1]}/confirm"
    assert (await ask(door, "POST", path, json={"missing": 20})).json()["state"] == "applied"
    assert len(await standing(door)) == 20


async def test_a_list_with_a_key_that_nobody_can_read_is_held_also_when_its_worker_died(
    door: Door, uploader: Uploader
) -> None:
    await sent(door, owing(1, *range(1, 9)))
    keyless = [{**owing(1, 1)[0], "taxpayer_no": None}]
    place = await uploader.send(lines(*keyless, *owing(1, *range(1, 8))), said=LIST)
    while (await uploader.progress(place))["state"] != "done":
        await dies(bench_of(door))
    assert (await listed(door, place))["held_because"] == "unreadable_keys"


async def test_large_and_small_parts_are_one_list_and_it_cannot_be_completed_before_all_are_in(
    door: Door, uploader: Uploader
) -> None:
    await sent(door, owing(1, 1, 2, 3, 4))
    begun = await ask(door, "POST", "/v1/datasets/tax_arrears/snapshots", json={"as_of": AS_OF, "month": "2026-10"})
    snapshot = begun.json()["snapshot_id"]
    place = await uploader.send(lines(*owing(1, 1, 2)), said={"snapshot": snapshot})
    await send(door, owing(1, 3), snapshot=snapshot)
    path = f"/v1/snapshots/{snapshot}/complete"
    early = await ask(door, "POST", path)
    assert (early.status_code, early.json()["type"]) == (409, "urn:anxin:problem:parts-missing")
    assert early.json()["imports"] == [place.rsplit("/", 1)[1]]
    assert counts(await uploader.receipt(place)) == (2, 0, 2, 0, 0)
    done = await ask(door, "POST", path, json={"rows": 3})
    assert (done.json()["state"], done.json()["ended"]) == ("applied", 1)


async def test_the_rows_of_a_list_that_was_given_up_meanwhile_are_taken_in_and_end_nothing(
    door: Door, uploader: Uploader
) -> None:
    await sent(door, owing(1, *range(1, 9)))
    place = await uploader.send(lines(*owing(1, *range(3, 13))), said=LIST)
    await dies(bench_of(door))
    path = f"/v1/snapshots/{place.rsplit('/', 1)[1]}"
    assert (await ask(door, "POST", f"{path}/complete")).status_code == 409
    assert (await ask(door, "DELETE", path, params={"reason": "wrong list"})).json()["state"] == "discarded"
    assert counts(await uploader.receipt(place)) == (10, 4, 6, 0, 0)
    assert (await listed(door, place))["state"] == "discarded"
    assert len(await standing(door)) == 12
    assert await door.rows("select 1 from ingest.snapshot_key") == []


async def test_a_part_whose_list_was_completed_before_it_was_read_is_refused_whole(
    door: Door, uploader: Uploader
) -> None:
    begun = await ask(door, "POST", "/v1/datasets/tax_arrears/snapshots", json={"as_of": AS_OF, "month": "2026-10"})
    place = await uploader.send(lines(*owing(1, 1)), said={"snapshot": begun.json()["snapshot_id"]})
    await ask(door, "DELETE", f"/v1/snapshots/{begun.json()['snapshot_id']}", params={"reason": "no"})
    await work_off(door)
    progress = await uploader.progress(place)
    assert (progress["state"], progress["problem"]["type"]) == ("refused", "urn:anxin:problem:full-list-not-open")
    assert await standing(door) == {}


async def test_a_large_correction_stands_in_place_of_what_it_corrects(door: Door, uploader: Uploader) -> None:
    wrong = await sent(door, owing(20, *range(1, 7)))
    place = await uploader.send(lines(*owing(10, *range(1, 8), balance=7)), said={"corrects": wrong})
    while (await uploader.progress(place))["state"] != "done":
        await dies(bench_of(door))
    right = place.rsplit("/", 1)[1]
    assert {receipt for receipt, _ in (await standing(door)).values()} == {right}
    assert await notes(door, right) == [*((row, "corrected") for row in range(1, 7)), (7, "nothing_corrected")]
    assert (await uploader.progress(place))["corrects"] == wrong


@pytest.mark.parametrize(
    ("said", "status", "slug"),
    [
        ({"snapshot": "full", "month": "2026-10"}, 422, "said-unclear"),
        ({"snapshot": "full", "as_of": AS_OF}, 422, "month-needed"),
        ({"snapshot": "full", "as_of": "2126-01-01T00:00:00Z", "month": "2026-10"}, 422, "as-of-in-the-future"),
        ({"as_of": AS_OF}, 422, "said-unclear"),
        ({**LIST, "corrects": "0" * 32}, 422, "said-unclear"),
        ({"snapshot": str(uuid4())}, 404, "not-found"),
        ({"corrects": str(uuid4())}, 404, "not-found"),
    ],
)
async def test_what_does_not_go_together_is_refused_before_a_byte_has_come(
    uploader: Uploader, said: dict[str, str], status: int, slug: str
) -> None:
    answer = await uploader.begin(10, said=said)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:anxin:problem:{slug}")


async def test_the_same_key_with_another_word_for_the_file_is_refused(uploader: Uploader) -> None:
    first = await uploader.begin(10, said=LIST, idempotency_key="one-list")
    again = await uploader.begin(10, said=LIST, idempotency_key="one-list")
    assert (first.status_code, again.headers["location"]) == (201, first.headers["location"])
    plain = await uploader.begin(10, idempotency_key="one-list")
    assert (plain.status_code, plain.json()["type"]) == (422, "urn:anxin:problem:idempotency-key-reused")


async def test_a_newer_list_in_one_request_takes_the_place_of_a_large_one_on_its_way(
    door: Door, uploader: Uploader
) -> None:
    await sent(door, owing(1, *range(1, 9)))
    place = await uploader.send(lines(*owing(1, *range(1, 8))), said=LIST)
    await dies(bench_of(door))
    newer = await full(door, 12, owing(1, *range(1, 9)))
    assert newer.headers["anxin-snapshot"].endswith("; state=applied")
    await work_off(door)
    assert (await listed(door, place))["state"] == "discarded"
    assert len(await standing(door)) == 8
