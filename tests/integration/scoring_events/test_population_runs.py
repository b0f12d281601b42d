"""The run over everyone: it goes on where it was, is shared out, fails in the end, and is asked for in time."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from services.scoring import usecases
from services.scoring.model import policy
from services.scoring.usecases import Moment, population
from shared.clock import now
from shared.db import Session, sql
from shared.ids import new_id
from tests.scoring_events import a_water_bill
from tests.scoring_facts import a_uscc
from tests.scoring_models import a_champion, moment, run_to_its_end


async def test_a_run_goes_on_where_it_was_and_fails_after_some_failures(session: Session) -> None:
    uscc = a_uscc()
    await usecases.take_in(session, a_water_bill(uscc), moment())
    await a_champion(session)
    assert await usecases.carry_on(session, moment())  # the population
    assert await usecases.carry_on(session, moment())  # the one part
    run = (await sql(session, "select * from scoring.population_run")).mappings().one()
    assert (run["state"], run["after"], run["done"]) == ("running", uscc, 1)
    for _ in range(5):
        await usecases.stumbled(session, "out of memory", now())
    run = (await sql(session, "select * from scoring.population_run")).mappings().one()
    assert (run["state"], run["error"]) == ("failed", "out of memory")
    assert not await usecases.carry_on(session, moment())


async def test_a_part_of_a_run_is_shared_out_and_nobody_comes_twice(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await usecases.take_in(session, a_water_bill(a_uscc()), moment())
    await a_champion(session)
    live = msgspec.structs.replace(policy.shipped().live, employers_at_once=2)
    small = msgspec.structs.replace(policy.shipped(), live=live)
    monkeypatch.setattr(population, "shipped", lambda: small)
    shares: list[list[str]] = []

    async def apart(employers: Sequence[str], _moment: Moment) -> None:
        shares.append(list(employers))

    while await usecases.carry_on(session, moment(), [apart] * 2):
        pass
    known = (await sql(session, "select subject_id from scoring.subject where subject_kind = 'employer'")).scalars()
    assert [len(share) for share in shares] == [2, 2, 1]
    assert sorted(each for share in shares for each in share) == sorted(known)


async def test_a_run_is_asked_for_when_the_last_is_too_old(session: Session) -> None:
    await a_champion(session)
    assert not await usecases.request_due_run(session, now(), new_id)  # the promotion asked for one
    await run_to_its_end(session)
    assert not await usecases.request_due_run(session, now(), new_id)
    assert await usecases.request_due_run(session, now() + timedelta(hours=25), new_id)
