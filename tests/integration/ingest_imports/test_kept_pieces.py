"""The pieces of a large file are its raw file: each row can be seen again, and they go when their retention ends."""

import asyncio
import gzip
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError

from services.ingest.catalogue import shipped
from services.ingest.retention import shipped as parameters
from services.ingest.usecases import uploads
from services.ingest.usecases.retention import purge_raw_files
from tests.conftest import SettingsOf
from tests.ingest_desk import Door, a_tax_record, open_door
from tests.ingest_imports import Uploader, bench_of, dies, lines, told, work_off

TODAY = date(2026, 11, 25)


def many(count: int) -> bytes:
    return lines(*(a_tax_record(number) for number in range(1, count + 1)))


async def pieces(door: Door, place: str) -> int:
    ((found,),) = await door.rows(
        "select count(*) from ingest.import_piece where import_id = :i", i=place.rsplit("/", 1)[1]
    )
    return int(found)


async def a_row(door: Door, receipt: str, number: int) -> Any:
    return await door.get(f"/v1/receipts/{receipt}/rows/{number}")


async def aged(door: Door, place: str, years: float) -> None:
    """As if the file had been reported so long ago."""
    at = datetime.combine(TODAY, datetime.min.time(), UTC) - timedelta(days=365.25 * years)
    statement = "update ingest.import set reported_at = :at where import_id = :i returning 1"
    await door.rows(statement, at=at, i=place.rsplit("/", 1)[1])


async def purged(door: Door) -> int:
    async with door.db.transaction() as session:
        return await purge_raw_files(session, shipped(), parameters(), TODAY)


@pytest.mark.parametrize(("name", "pack"), [("a.ndjson", bytes), ("a.ndjson.gz", gzip.compress)])
async def test_each_row_is_shown_again_as_it_was_sent(door: Door, uploader: Uploader, name: str, pack: Any) -> None:
    place = await uploader.send(pack(many(300)), step=5000, upload_metadata=told(filename=name))
    receipt = (await uploader.receipt(place))["receipt_id"]
    for number in (1, 300):
        found = (await a_row(door, receipt, number)).json()
        assert (found["record"]["taxpayer_no"], found["outcome"]) == (f"T{number}", "accepted")
    assert (await a_row(door, receipt, 301)).status_code == 404


async def test_a_row_that_lies_too_deep_says_so_in_time(settings_of: SettingsOf) -> None:
    async with open_door(settings_of("ingest"), row_read_s=1e-6, import_lease_s=1) as door:
        uploader = Uploader(door)
        receipt = (await uploader.receipt(await uploader.send(many(3))))["receipt_id"]
        answer = await a_row(door, receipt, 3)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:anxin:problem:row-too-deep")


async def test_pieces_go_when_their_retention_ends_on_record_and_the_receipt_stays(
    door: Door, uploader: Uploader
) -> None:
    past, young = [await uploader.send(many(count), step=200) for count in (3, 4)]
    await work_off(door)
    await aged(door, past, 3.1)
    await aged(door, young, 2.9)
    kept = await pieces(door, young)
    assert await purged(door) == 1
    assert (await pieces(door, past), await pieces(door, young)) == (0, kept)
    ((details,),) = await door.rows(
        "select details from ingest.audit where action = 'raw-files.purged' order by seq desc limit 1"
    )
    receipt = past.rsplit("/", 1)[1]
    assert (details["files"], details["bytes"]) == (1, len(many(3)))
    found = (await a_row(door, receipt, 1)).json()
    assert (found["outcome"], found["record"], found["raw_file"]["state"]) == ("accepted", None, "gone")
    assert await purged(door) == 0


async def test_a_refused_file_is_kept_as_long_and_one_without_an_end_is_never_purged(door: Door) -> None:
    refused, register = Uploader(door), Uploader(door, dataset="hc_worker")
    bad = await refused.send(b'{"no')
    endless = await register.send(b"[]", upload_metadata=told(filetype="application/json"))
    await work_off(door)
    assert (await refused.progress(bad))["state"] == "refused"
    await aged(door, endless, 30)
    assert (await purged(door), await pieces(door, bad)) == (0, 1)
    await aged(door, bad, 3.1)
    assert (await purged(door), await pieces(door, bad), await pieces(door, endless)) == (1, 0, 1)


async def test_what_is_still_on_its_way_is_never_purged(door: Door, uploader: Uploader) -> None:
    place = await uploader.send(many(9))
    await dies(bench_of(door))
    await aged(door, place, 30)
    assert (await purged(door), await pieces(door, place)) == (0, 1)


async def test_withdrawn_and_expired_uploads_leave_no_piece(settings_of: SettingsOf, door: Door) -> None:
    withdrawn = Uploader(door)
    place = str((await withdrawn.begin(100)).headers["location"])
    await withdrawn.append(place, 0, b"x" * 10)
    assert await pieces(door, place) == 1
    assert (await door.client.delete(place, headers=withdrawn.headers)).status_code == 204
    assert await pieces(door, place) == 0
    async with open_door(settings_of("ingest"), import_keep_s=0.2) as hasty:
        expired = Uploader(hasty)
        place = str((await expired.begin(100)).headers["location"])
        await expired.append(place, 0, b"x" * 10)
        await asyncio.sleep(0.3)
        async with hasty.db.transaction() as session:
            await uploads.expire_uploads(session)
        assert ((await expired.progress(place))["state"], await pieces(hasty, place)) == ("expired", 0)


async def test_the_service_itself_can_neither_delete_nor_purge_what_is_young(door: Door, uploader: Uploader) -> None:
    place = await uploader.send(many(3))
    await work_off(door)
    import_id = place.rsplit("/", 1)[1]
    with pytest.raises(ProgrammingError, match="permission denied"):
        await door.rows("delete from ingest.import_piece where import_id = :i returning 1", i=import_id)
    await door.rows("select ingest.forget_pieces(array[cast(:i as uuid)])", i=import_id)
    await door.rows("select * from ingest.purge_pieces(array['tax_arrears'], array[now() + interval '9 years'], 9)")
    await door.rows("update ingest.import set state = 'withdrawn' where import_id = :i returning 1", i=import_id)
    await door.rows("select ingest.forget_pieces(array[cast(:i as uuid)])", i=import_id)
    assert await pieces(door, place) == 1
