"""What leaves the store to be scored: the newest version of each record, within the horizon, few projects at a time."""

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.frames import VERSIONS, horizons, newest
from services.scoring.rulebook import shipped
from services.scoring.store import facts
from services.scoring.store.columns import texts
from services.scoring.usecases import PROJECTS_AT_ONCE, Moment
from shared.clock import now
from shared.db import Database, sql
from shared.events import RecordsAccepted
from shared.ids import new_id
from tests.conftest import SettingsOf
from tests.scoring_facts import a_uscc

DATASETS = ("tax_social_fee", "ut_water", "court_dishonest", "samr_entity")
ORDER = ["dataset", "key"]


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("scoring"))
    yield database
    await database.close()


def told(dataset: str, ids: list[str | None], keys: list[str], times: list[datetime], **given: Any) -> RecordsAccepted:
    return RecordsAccepted.of(
        receipt_id=new_id(),
        agency="an-agency",
        dataset=dataset,
        subject_kind=given.get("kind", "employer"),
        subject_ids=ids,
        keys=keys,
        rows=list(range(1, len(ids) + 1)),
        source_times=times,
        reported_at=given.get("reported_at", now()),
        left=given.get("left"),
        columns=given.get("columns", {"name": [f"n{random.getrandbits(16)}" for _ in ids]}),
    )


async def _every_version(db: Database, uscc: str) -> pl.DataFrame:
    async with db.transaction() as session:
        found = await sql(
            session,
            "select subject_kind, subject_id, dataset, key, source_time, reported_at, receipt_id::text, row_no, agency,"
            " body::text from scoring.fact where subject_id = :id",
            id=uscc,
        )
        return pl.DataFrame([tuple(row) for row in found.all()], schema=VERSIONS, orient="row")


async def test_the_store_gives_the_same_versions_as_the_pure_rule_at_any_time(db: Database) -> None:
    uscc, other, moment = a_uscc(), a_uscc(), now()
    dice = random.Random(20261123)  # noqa: S311 - a story, no secret
    for _ in range(30):
        dataset = dice.choice(DATASETS)
        keys = [f"{uscc}-{dice.randint(1, 4)}" for _ in range(3)]
        # Few times, so that versions tie and receipts and rows decide; some far beyond every horizon.
        times = [moment - timedelta(days=dice.choice((0, 30, 300, 430, 700, 1200))) for _ in keys]
        owners: list[str | None] = [dice.choice((uscc, uscc, uscc, other)) for _ in keys]
        reported = moment - timedelta(days=dice.randint(0, 40))
        before = [other if owner == uscc else uscc for owner in owners]
        await consumer.deliver(told(dataset, owners, keys, times, reported_at=reported, left=before), db)
    versions = await _every_version(db, uscc)
    assert versions["body"].null_count() > 0
    datasets = {code: shipped().datasets[code] for code in DATASETS}
    for at in (moment, moment - timedelta(days=20)):
        known = newest(versions.filter(pl.col("reported_at") <= at))
        starts = pl.DataFrame(
            list(horizons(datasets, at).items()), schema=["dataset", "since"], orient="row"
        ).with_columns(pl.col("since").dt.convert_time_zone("UTC"))
        within = known.join(starts, on="dataset", how="left").filter(
            (pl.col("source_time") >= pl.col("since")).fill_null(True)
        )
        assert 0 < within.height < known.height
        async with db.transaction() as session:
            left = await facts.newest(session, "employer", [uscc], datasets, at)
        columns = [name for name in VERSIONS if name != "body"]
        assert_frame_equal(left.select(columns).sort(ORDER), within.select(columns).sort(ORDER))


async def _levels_known(db: Database, projects: list[str]) -> int:
    async with db.transaction() as session:
        counted = await sql(
            session,
            "select count(*) from scoring.subject where subject_id = any(cast(:ids as text[])) and level <> 'none'",
            ids=projects,
        )
        return int(counted.scalar_one())


async def test_of_many_projects_in_one_message_a_few_are_scored_at_once_and_the_review_takes_the_others(
    db: Database,
) -> None:
    moment = now()
    while await _review(db, moment):
        pass
    projects: list[str | None] = [f"Q{random.getrandbits(60):016x}" for _ in range(2 * PROJECTS_AT_ONCE + 1)]
    unsigned = {
        "payroll_no": projects,
        "project_code": projects,
        "pay_month": [f"{moment:%Y-%m}" for _ in projects],
        "worker_cnt": [10 for _ in projects],
        "signed_cnt": [1 for _ in projects],
    }
    keys = [str(project) for project in projects]
    times = [moment for _ in projects]
    await consumer.deliver(told("hc_payroll", projects, keys, times, kind="project", columns=unsigned), db)
    assert await _levels_known(db, keys) == PROJECTS_AT_ONCE
    later = now()
    assert [await _review(db, later) for _ in range(3)] == [PROJECTS_AT_ONCE, 1, 0]
    assert await _levels_known(db, keys) == len(projects)


async def _review(db: Database, at: datetime) -> int:
    async with db.transaction() as session:
        return await usecases.review(session, Moment(at, shipped(), new_id), 1000)


async def test_texts_reach_the_database_as_they_are_whatever_is_in_them(db: Database) -> None:
    given = ["", "NULL", "null", None, 'a "b"', "\\", "\\x41", "{a,b}", " 甲\n乙 ", "'", "a,b"]
    async with db.transaction() as session:
        for column in (given, [None], []):
            found = await sql(session, "select cast(:texts as text[])", texts=texts(column))
            assert found.scalar_one() == column
