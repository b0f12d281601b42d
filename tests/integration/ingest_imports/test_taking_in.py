"""What becomes of a large file: what would have become of it in one request, once, whatever is killed on the way."""

import asyncio
import gzip
import hashlib
import json

import pytest

from services.ingest.catalogue import shipped
from services.ingest.models import Import
from services.ingest.usecases import imports
from services.ingest.usecases.imports import Lease
from services.ingest.usecases.submission import Count
from shared.ids import new_id
from tests.ingest_desk import Door, a_tax_record, counts
from tests.ingest_imports import Uploader, bench_of, dies, lines, told, work_off


def many(count: int) -> bytes:
    return lines(*(a_tax_record(number) for number in range(count)))


async def test_a_large_file_has_the_receipt_that_it_would_have_had_in_one_request(
    door: Door, uploader: Uploader
) -> None:
    # Numbers of its own: a taxpayer that was seen before is known without a code.
    file = lines(a_tax_record(70_001), a_tax_record(70_002, balance="-1"), a_tax_record(70_003, uscc=None))
    place = await uploader.send(file, step=100)
    receipt = await uploader.receipt(place)
    assert counts(receipt) == (3, 1, 0, 1, 1)
    assert receipt["receipt_id"] == place.rsplit("/", 1)[1]
    assert receipt["sha256"] == hashlib.sha256(file).hexdigest()
    direct = (await door.send("tax_arrears", file, content_type="application/x-ndjson")).json()
    assert (direct["sha256"], counts(direct)[2:]) == (receipt["sha256"], (1, 1, 1))
    assert direct["errors"] == receipt["errors"]
    progress = await uploader.progress(place)
    assert (progress["state"], progress["rows_read"], counts(progress)) == ("done", 3, (3, 1, 0, 1, 1))
    assert progress["errors"] == receipt["errors"]


async def test_every_changed_record_is_announced_once_under_the_imports_id(door: Door, uploader: Uploader) -> None:
    place = await uploader.send(many(3))
    await uploader.receipt(place)
    events = await door.announced(place.rsplit("/", 1)[1])
    assert sorted(row for event in events for row in event["rows"]) == [1, 2, 3]


async def test_the_same_file_again_changes_nothing(uploader: Uploader) -> None:
    await uploader.receipt(await uploader.send(many(50)))
    assert counts(await uploader.receipt(await uploader.send(many(50)))) == (50, 0, 50, 0, 0)


@pytest.mark.parametrize(
    "metadata", [told(filetype="application/x-ndjson", encoding="gzip"), told(filename="a.ndjson.gz")]
)
async def test_a_packed_file_is_unpacked_and_hashed_as_it_was_before(uploader: Uploader, metadata: str) -> None:
    receipt = await uploader.receipt(await uploader.send(gzip.compress(many(20)), upload_metadata=metadata))
    assert (receipt["accepted"], receipt["sha256"]) == (20, hashlib.sha256(many(20)).hexdigest())


async def test_a_file_that_breaks_off_is_refused_whole_and_keeps_its_problem(door: Door, uploader: Uploader) -> None:
    broken = gzip.compress(many(200))[:-10]
    place = await uploader.send(broken, upload_metadata=told(filename="a.ndjson.gz"))
    receipt = await uploader.receipt(place)
    assert (counts(receipt), receipt["sha256"]) == ((0, 0, 0, 0, 0), hashlib.sha256(broken).hexdigest())
    progress = await uploader.progress(place)
    assert (progress["state"], progress["problem"]["type"]) == ("refused", "urn:anxin:problem:bad-file")
    assert progress["problem"]["status"] == 400
    assert await door.rows("select count(*) from ingest.head") == [(0,)]


async def test_a_file_with_an_item_of_the_wrong_type_throughout_is_refused_by_name(uploader: Uploader) -> None:
    place = await uploader.send(lines(*(a_tax_record(number, balance="一万") for number in range(60))))
    await work_off(uploader.door)
    problem = (await uploader.progress(place))["problem"]
    assert (problem["type"], problem["errors"][0]["item"]) == ("urn:anxin:problem:wrong-type-throughout", "balance")


async def test_an_empty_file_ends_too(uploader: Uploader) -> None:
    place = await uploader.send(b"")
    await work_off(uploader.door)
    assert (await uploader.progress(place))["state"] in ("done", "refused")


async def test_a_worker_that_dies_again_and_again_applies_nothing_twice_and_loses_no_count(
    door: Door, uploader: Uploader
) -> None:
    place = await uploader.send(lines(*(a_tax_record(n, balance="-1" if n % 5 == 0 else "9") for n in range(1, 21))))
    deaths = 0
    while (await uploader.progress(place))["state"] != "done":
        deaths += await dies(bench_of(door))
    assert deaths == 4
    assert counts(await uploader.receipt(place)) == (20, 16, 0, 4, 0)
    events = await door.announced(place.rsplit("/", 1)[1])
    announced = [row for event in events for row in event["rows"]]
    assert sorted(announced) == [n for n in range(1, 21) if n % 5]
    assert len((await uploader.progress(place))["errors"]) == 4


async def test_two_workers_never_have_the_same_file(door: Door, uploader: Uploader) -> None:
    await uploader.send(many(3))
    async with door.db.transaction() as session:
        first = await imports.claim_import(session, new_id(), 60)
    async with door.db.transaction() as session:
        assert await imports.claim_import(session, new_id(), 60) is None
    assert first is not None


async def test_a_worker_that_was_thought_dead_writes_nothing_more(door: Door, uploader: Uploader) -> None:
    place = await uploader.send(many(3))
    async with door.db.transaction() as session:
        slow = await imports.claim_import(session, new_id(), -1)
    assert slow is not None
    await work_off(door)
    async with door.db.transaction() as session:
        with pytest.raises(imports.LeaseLost):
            await imports.renew_lease(session, slow, 3)
    dataset = shipped().datasets["tax_arrears"]
    async with door.db.transaction() as session:
        with pytest.raises(imports.LeaseLost):
            await imports.finish_import(session, slow, dataset, Count(), sha256=b"x" * 32, size=1)
    assert counts(await uploader.receipt(place)) == (3, 3, 0, 0, 0)


async def test_what_breaks_us_every_time_is_given_up_and_said(door: Door, uploader: Uploader) -> None:
    place = await uploader.send(many(3))
    for _ in range(11):
        async with door.db.transaction() as session:
            await imports.claim_import(session, new_id(), -1)
    assert (await uploader.progress(place))["state"] == "failed"


async def test_who_sends_many_files_does_not_keep_the_others_waiting(door: Door) -> None:
    busy, calm = Uploader(door, agency="busy-bureau"), Uploader(door, agency="calm-bureau")
    for _ in range(3):
        await busy.send(many(1))
    await calm.send(many(1))
    taken: list[Import] = []
    for _ in range(2):
        async with door.db.transaction() as session:
            lease: Lease | None = await imports.claim_import(session, new_id(), 60)
            assert lease is not None
            taken.append(lease.file)
    assert [file.agency for file in taken] == ["busy-bureau", "calm-bureau"]


async def test_an_import_that_is_being_taken_in_can_no_longer_be_withdrawn(door: Door, uploader: Uploader) -> None:
    place = await uploader.send(many(3))
    await work_off(door)
    assert (await door.client.delete(place, headers=uploader.headers)).status_code == 409


async def test_the_events_tell_the_progress_and_end_with_it(door: Door, uploader: Uploader) -> None:
    place = await uploader.send(many(3))
    watching = asyncio.ensure_future(door.client.get(f"{place}/events", headers=uploader.headers))
    await work_off(door)
    answer = await watching
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [dict(line.split(": ", 1) for line in part.splitlines()) for part in answer.text.strip().split("\n\n")]
    assert events[-1]["event"] == "end"
    assert counts(json.loads(events[-1]["data"])) == (3, 3, 0, 0, 0)
    ids = [int(event["id"]) for event in events]
    assert ids == sorted(set(ids))
    again = await door.client.get(f"{place}/events", headers=uploader.headers | {"last-event-id": str(ids[-1])})
    assert again.text.count("event:") == 1
