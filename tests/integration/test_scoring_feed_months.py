"""Tax arrears end with the feed's next month, and only with it."""

import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import Database, sql
from shared.events import RecordsAccepted
from shared.ids import new_id
from tests.conftest import SettingsOf
from tests.scoring_facts import a_uscc, recent_month


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("scoring"))
    yield database
    await database.close()


def owing(uscc: str, periods: list[str], reported_at: datetime, agency: str) -> RecordsAccepted:
    count = len(periods)
    columns: dict[str, list[Any]] = {"as_of": periods, "balance": ["150000.00"] * count, "tax_kind": ["增值税"] * count}
    return RecordsAccepted.of(
        receipt_id=new_id(),
        agency=agency,
        dataset="tax_arrears",
        subject_kind="employer",
        subject_ids=[uscc] * count,
        keys=[f"{uscc}|{period}" for period in periods],
        rows=list(range(1, count + 1)),
        source_times=[reported_at] * count,
        reported_at=reported_at,
        columns=columns,
    )


async def _indicators(db: Database, uscc: str, at: datetime) -> set[str]:
    """What stands against an employer after a review at a time."""
    async with db.transaction() as session:
        await usecases.rescore(session, {("employer", uscc)}, Moment(at, shipped(), new_id))
        reasons = await sql(
            session,
            "select reasons from scoring.score join scoring.subject using (subject_id, subject_kind, score_id)"
            " where subject_id = :id",
            id=uscc,
        )
        return {reason["indicator"] for line in reasons.scalars() for reason in line}


async def test_paid_tax_arrears_end_on_the_day_after_the_feed_told_of_a_month_without_them(db: Database) -> None:
    payer, debtor, moment, agency = a_uscc(), a_uscc(), now(), f"tax-{new_id()}"
    before = [recent_month(3), recent_month(2)]
    await consumer.deliver(owing(payer, before, moment - timedelta(days=32), agency), db)
    assert await _indicators(db, payer, moment) == {"E05"}
    # The next month comes twice, and in pieces: the day it begins to come, nobody is cleared.
    told = owing(debtor, [*before, recent_month(1)], moment, agency)
    for event in itertools.repeat(told, 2):
        await consumer.deliver(event, db)
    assert await _indicators(db, payer, moment + timedelta(seconds=1)) == {"E05"}
    assert await _indicators(db, payer, moment + timedelta(days=1)) == set()
    # The feed stops: half a year later the debtor is what he was when it last spoke.
    assert await _indicators(db, debtor, moment + timedelta(days=200)) == {"E05"}
    # As it was known at an earlier time, the payer owed.
    assert await _indicators(db, payer, moment - timedelta(hours=1)) == {"E05"}
