"""The way back from a pseudonym ends when no dataset needs it: on record, counted, and in no other way."""

import asyncio
from base64 import b64decode
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from services.ingest.catalogue import shipped
from services.ingest.retention import shipped as parameters
from services.ingest.usecases.retention import purge_numbers
from shared.crypto import Vault
from shared.db import sql
from tests.ingest_desk import CITIZEN, DATA_KEY, Door, a_worker

TODAY = date(2026, 11, 25)
_AGE = """
insert into ingest.identity_use (pseudonym, dataset, last_on) values (:pseudonym, :dataset, :day)
"""


@pytest.fixture(autouse=True)
async def _nothing_is_due(door: Door, _a_clean_desk: None) -> None:
    """What an earlier test left behind."""
    await purged(door)


async def somebody(door: Door, kind: str = "person", **years: float) -> str:
    """A number that datasets named last so many years ago. Returns its pseudonym."""
    pseudonym = uuid4().hex
    async with door.db.transaction() as session:
        kept = "insert into ingest.identity (pseudonym, purpose, sealed) values (:pseudonym, :kind, 'x')"
        await sql(session, kept, pseudonym=pseudonym, kind=kind)
        for dataset, ago in years.items():
            day = TODAY - timedelta(days=round(365.25 * ago))
            await sql(session, _AGE, pseudonym=pseudonym, dataset=dataset, day=day)
    return pseudonym


async def purged(door: Door) -> dict[str, int]:
    async with door.db.transaction() as session:
        return dict(await purge_numbers(session, shipped(), parameters(), TODAY))


async def is_known(door: Door, pseudonym: str) -> bool:
    return await door.rows("select count(*) from ingest.identity where pseudonym = :p", p=pseudonym) == [(1,)]


async def test_whoever_no_dataset_needs_is_forgotten_and_whoever_one_needs_is_not(door: Door) -> None:
    past = await somebody(door, hc_payroll_detail=3.1)
    paid = await somebody(door, hc_payroll_detail=2.9)
    on_site = await somebody(door, hc_payroll_detail=3.1, hc_worker=4.9)
    account = await somebody(door, "account", bk_account_flow=3.1)
    assert await purged(door) == {"person": 1, "account": 1}
    assert [await is_known(door, each) for each in (past, paid, on_site, account)] == [False, True, True, False]
    assert await purged(door) == {}


async def test_whoever_a_record_without_an_end_names_is_never_forgotten(door: Door) -> None:
    listed = await somebody(door, hc_payroll_detail=30, a_dataset_that_is_no_more=30)
    assert await purged(door) == {}
    assert await is_known(door, listed)


async def test_whoever_a_waiting_record_names_is_kept(door: Door) -> None:
    waiting = await somebody(door, hc_payroll_detail=9)
    async with door.db.transaction() as session:
        kept = """
        insert into ingest.unmatched (key, dataset, row_hash, source_time, receipt_id, row_no, record)
        select gen_random_uuid(), 'hc_payroll_detail', gen_random_uuid(), now(), gen_random_uuid(), 1,
            jsonb_build_object('id_no', cast(:p as text))
        """
        await sql(session, kept, p=waiting)
    assert await purged(door) == {}
    await door.rows("delete from ingest.unmatched returning 1")
    assert await purged(door) == {"person": 1}


async def test_that_numbers_went_is_on_record_without_saying_whose(door: Door) -> None:
    past = await somebody(door, hc_payroll_detail=3.1)
    await purged(door)
    ((details,),) = await door.rows(
        "select details from ingest.audit where action = 'identities.purged' order by seq desc limit 1"
    )
    assert details["numbers"] == {"person": 1}
    assert details["named_until"]["hc_payroll_detail"] == "2023-11-25"
    assert past not in str(details)


async def test_whoever_is_named_again_is_known_as_long_again(door: Door) -> None:
    sent = await door.send("hc_worker", [a_worker(has_contract=True)], agency="housing-bureau")
    assert sent.json()["rejected"] == 0
    pseudonym = Vault(b64decode(DATA_KEY)).pseudonym("person", CITIZEN)
    uses = "select last_on from ingest.identity_use where dataset = 'hc_worker' and pseudonym = :p"
    ((today,),) = await door.rows(uses, p=pseudonym)
    assert today >= TODAY
    await door.rows("select ingest.note_identity_use(array[:p], 'hc_worker', '2001-01-01')", p=pseudonym)
    assert await door.rows(uses, p=pseudonym) == [(today,)]
    assert await purged(door) == {}


async def test_the_service_itself_can_neither_forget_nor_say_that_it_was_long_ago(door: Door) -> None:
    young = await somebody(door, hc_payroll_detail=0.1)
    for statement in ("delete from ingest.identity", "update ingest.identity_use set last_on = '2001-01-01'"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            await door.rows(f"{statement} where pseudonym = :p returning 1", p=young)
    forced = "select * from ingest.purge_identities(array['hc_payroll_detail'], array[date '2099-01-01'], 9)"
    assert young not in [pseudonym for pseudonym, _ in await door.rows(forced)]


async def test_a_purge_never_takes_a_number_that_is_being_sent_again(door: Door) -> None:
    past = await somebody(door, hc_payroll_detail=9)
    async with door.db.transaction() as sending:
        await sql(sending, "select ingest.note_identity_use(array[:p], 'hc_worker', current_date)", p=past)
        purging = asyncio.create_task(purged(door))
        await asyncio.sleep(0.3)
        assert not purging.done()
    assert await purging == {}
    assert await is_known(door, past)


async def test_a_purge_that_is_not_let_in_gives_up(door: Door) -> None:
    past = await somebody(door, hc_payroll_detail=9)
    async with door.db.transaction() as sending:
        await sql(sending, "select ingest.note_identity_use(array[:p], 'hc_worker', current_date)", p=past)
        with pytest.raises(OperationalError):
            await purged(door)
