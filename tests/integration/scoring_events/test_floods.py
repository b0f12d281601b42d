"""More records than can be scored as they come: all of them are facts at once, and every subject is scored once."""

import asyncio
from datetime import timedelta

import pytest

from services.scoring import usecases
from services.scoring.review import catch_up, catch_up_once
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import Database, sql
from shared.identity import Identities
from shared.ids import new_id
from shared.service import Runtime
from tests.conftest import SettingsOf
from tests.scoring_events import history, social_fee, subject
from tests.scoring_facts import a_uscc


async def _flood(db: Database, usccs: list[str]) -> None:
    for months in (1, 2, 3):
        for uscc in usccs:
            async with db.transaction() as session:
                event = social_fee(uscc, months)
                await usecases.take_in(session, event, Moment(now(), shipped(), new_id), lambda _subjects: False)


async def test_whom_a_flood_speaks_of_is_scored_once_when_it_ebbs(db: Database) -> None:
    usccs = [a_uscc() for _ in range(20)]
    await _flood(db, usccs)
    assert [await history(db, uscc) for uscc in usccs] == [[]] * 20
    scored = 0
    while found := await catch_up_once(db):
        scored += found
    assert scored == 20
    assert [await history(db, uscc) for uscc in usccs] == [["orange"]] * 20
    assert await catch_up_once(db) == 0


async def test_they_are_scored_about_as_many_at_a_time_as_are_asked_for_however_often_each_was_named(
    db: Database,
) -> None:
    usccs = [a_uscc() for _ in range(60)]
    await _flood(db, usccs)
    taken = [await catch_up_once(db, 20) for _ in range(3)]
    assert all(10 <= each < 40 for each in taken), taken
    while found := await catch_up_once(db, 20):
        taken.append(found)
    assert sum(taken) == 60


async def test_two_who_catch_up_at_once_take_different_subjects_and_wait_for_nobody(db: Database) -> None:
    await _flood(db, [a_uscc() for _ in range(30)])
    moment = Moment(now(), shipped(), new_id)
    async with db.transaction() as one, db.transaction() as other:
        first = await usecases.catch_up(one, moment, 10)
        second = await usecases.catch_up(other, moment, 1000)
    assert first > 0
    assert first + second == 30
    assert await catch_up_once(db) == 0


async def _waits(db: Database) -> bool:
    async with db.transaction() as session:
        return bool((await sql(session, "select exists (select from scoring.unscored)")).scalar())


async def test_the_service_catches_up_by_itself_and_scores_each_once(settings_of: SettingsOf, db: Database) -> None:
    usccs = [a_uscc() for _ in range(40)]
    await _flood(db, usccs)
    service = asyncio.create_task(catch_up(Runtime(settings_of("scoring"), db, Identities())))
    for _ in range(600):
        if not await _waits(db):
            break
        await asyncio.sleep(0.1)
    service.cancel()
    await asyncio.gather(service, return_exceptions=True)
    assert [await history(db, uscc) for uscc in usccs] == [["orange"]] * 40


async def _catch_up_and_fail(db: Database) -> None:
    async with db.transaction() as session:
        await usecases.catch_up(session, Moment(now() + timedelta(seconds=1), shipped(), new_id), 1)
        raise ConnectionAbortedError


async def test_a_catching_up_that_fails_loses_nobody(db: Database) -> None:
    uscc = a_uscc()
    await _flood(db, [uscc])

    with pytest.raises(ConnectionAbortedError):
        await _catch_up_and_fail(db)
    assert await history(db, uscc) == []
    while await catch_up_once(db):
        pass
    assert (await subject(db, uscc))["level"] == "orange"
    async with db.transaction() as session:
        assert (await sql(session, "select count(*) from scoring.unscored")).scalar_one() == 0
