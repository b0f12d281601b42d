"""A raw file goes when its retention ends, on record and in no other way; what it proved stays."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import ProgrammingError

from services.ingest.catalogue import shipped
from services.ingest.retention import shipped as parameters
from services.ingest.usecases.retention import purge_raw_files
from shared.db import sql
from tests.ingest_desk import Door, a_tax_record

TODAY = date(2026, 11, 25)
_AGE = """
insert into ingest.receipt (receipt_id, agency, dataset, reported_at, sha256, bytes, content_type, received, accepted,
    unchanged, superseded, rejected, unmatched)
select :new, agency, :dataset, :at, :sha256, bytes, content_type, received, accepted, unchanged, superseded, rejected,
    unmatched
from ingest.receipt where receipt_id = :old
"""
_BODY = """
insert into ingest.body (sha256, content, sealed_key, bytes, kept_at) values (:sha256, '\\x00', 'x', 1, :at)
on conflict do nothing
"""


@pytest.fixture(autouse=True)
async def _nothing_is_due(door: Door, _a_clean_desk: None) -> None:
    """What an earlier test left behind."""
    await purged(door)


async def an_old_file(door: Door, dataset: str, years: float, sha256: bytes | None = None) -> bytes:
    """A receipt of a file that was reported so long ago."""
    template = (await door.send("tax_arrears", [a_tax_record()])).json()
    at = datetime.combine(TODAY, datetime.min.time(), UTC) - timedelta(days=365.25 * years)
    given: dict[str, Any] = {"sha256": sha256 or uuid4().bytes + uuid4().bytes, "at": at}
    async with door.db.transaction() as session:
        await sql(session, _AGE, new=uuid4(), old=UUID(template["receipt_id"]), dataset=dataset, **given)
        await sql(session, _BODY, **given)
    found: bytes = given["sha256"]
    return found


async def purged(door: Door) -> int:
    async with door.db.transaction() as session:
        return await purge_raw_files(session, shipped(), parameters(), TODAY)


async def is_kept(door: Door, sha256: bytes) -> bool:
    return await door.rows("select count(*) from ingest.body where sha256 = :s", s=sha256) == [(1,)]


async def test_what_is_past_goes_and_what_is_not_stays(door: Door) -> None:
    past = await an_old_file(door, "tax_arrears", 3.1)
    young = await an_old_file(door, "tax_arrears", 2.9)
    credit = await an_old_file(door, "court_dishonest", 4.9)
    assert await purged(door) == 1
    assert [await is_kept(door, each) for each in (past, young, credit)] == [False, True, True]


async def test_what_has_no_end_is_never_purged(door: Door) -> None:
    register = await an_old_file(door, "hc_worker", 30)
    assert await purged(door) == 0
    assert await is_kept(door, register)


async def test_a_file_of_two_receipts_stays_as_long_as_the_longer_needs_it(door: Door) -> None:
    shared = await an_old_file(door, "tax_arrears", 3.1)
    await an_old_file(door, "court_dishonest", 3.1, shared)
    assert await purged(door) == 0
    assert await is_kept(door, shared)


async def test_the_receipt_stays_and_the_purge_is_on_record(door: Door) -> None:
    past = await an_old_file(door, "tax_arrears", 3.1)
    assert await purged(door) == 1
    assert await door.rows("select count(*) from ingest.receipt where sha256 = :s", s=past) == [(1,)]
    ((details,),) = await door.rows(
        "select details from ingest.audit where action = 'raw-files.purged' order by seq desc limit 1"
    )
    assert (details["files"], details["sha256"]) == (1, [past.hex()])
    assert await purged(door) == 0


async def test_the_service_itself_can_neither_delete_nor_purge_what_is_young(door: Door) -> None:
    young = await an_old_file(door, "tax_arrears", 0.1)
    with pytest.raises(ProgrammingError, match="permission denied"):
        await door.rows("delete from ingest.body where sha256 = :s returning 1", s=young)
    forced = "select * from ingest.purge_bodies(array['tax_arrears'], array[now() + interval '9 years'], 9)"
    assert young not in [sha256 for sha256, _, _ in await door.rows(forced)]
    assert await is_kept(door, young)
