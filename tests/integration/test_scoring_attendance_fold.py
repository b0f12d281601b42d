"""Attendance by month is always what the punches say, however they came; and the rules see no difference."""

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from services.scoring import folding
from services.scoring.consumers import consumer
from services.scoring.features import Features
from services.scoring.frames import VERSIONS, gather, newest, typed
from services.scoring.indicators import features_at
from services.scoring.rulebook import shipped
from services.scoring.store import attendance
from services.scoring.store import facts as fact_store
from services.scoring.values import month_of
from shared.clock import SHANGHAI, now
from shared.db import Database, sql
from shared.events import RecordsAccepted
from tests.conftest import SettingsOf
from tests.integration.scoring_events.test_projects import a_fee, a_project, an_account
from tests.scoring_events import accepted, numbers
from tests.scoring_facts import recent_month

PUNCHES = shipped().datasets["hc_attendance"]


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("scoring"))
    yield database
    await database.close()


def punches(project: str, *made: tuple[str, datetime, str | None], **given: Any) -> RecordsAccepted:
    """Who, when, by what. The key is the catalogue's."""
    texts = [at.astimezone(SHANGHAI).isoformat() for _, at, _ in made]
    columns: dict[str, list[Any]] = {
        "project_code": [project for _ in made],
        "id_no": [worker for worker, _, _ in made],
        "punch_at": texts,
        "origin": [origin for _, _, origin in made],
    }
    keys = [f"{project}|{worker}|{at:%Y-%m-%dT%H:%M}" for worker, at, _ in made]
    times = [at for _, at, _ in made]
    ids: list[str | None] = [project for _ in made]
    return accepted("hc_attendance", ids, columns, subject_kind="project", keys=keys, source_times=times, **given)


async def withdraw(db: Database, project: str, key: str) -> None:
    """A newer version without a body, as a withdrawn record leaves it."""
    async with db.transaction() as session:
        await sql(
            session,
            "insert into scoring.fact select subject_kind, subject_id, dataset, key, source_time + interval '1 second',"
            " receipt_id, row_no, agency, reported_at, null from scoring.fact where subject_id = :id and key = :key",
            id=project,
            key=key,
        )
        await folding.fold_attendance(session, "hc_attendance", [key], {("project", project)})


async def folded(db: Database, project: str) -> pl.DataFrame:
    async with db.transaction() as session:
        return (await attendance.days(session, [project], 0)).sort("month", "worker")


async def every_punch(db: Database, project: str) -> pl.DataFrame:
    """The same from all versions, by the pure rule."""
    async with db.transaction() as session:
        found = await sql(
            session,
            "select subject_kind, subject_id, dataset, key, source_time, reported_at, receipt_id::text, row_no, agency,"
            " body::text from scoring.fact where subject_id = :id and dataset = 'hc_attendance'",
            id=project,
        )
        versions = pl.DataFrame([tuple(row) for row in found.all()], schema=VERSIONS, orient="row")
    frame = typed(newest(versions), PUNCHES).with_columns(month_of(pl.col("time")).alias("month"))
    by_device = pl.col("time").filter(pl.col("origin") == "device").n_unique()
    counted = frame.group_by("subject", "month", pl.col("id_no").alias("worker")).agg(
        pl.col("time").n_unique().cast(pl.Int32).alias("days"), by_device.cast(pl.Int32).alias("device_days")
    )
    return counted.sort("month", "worker")


def a_life(project: str, dice: random.Random) -> list[RecordsAccepted]:
    """Batches of punches around the turns of months; some said again, some said otherwise, in any order."""
    base = now().replace(minute=0, second=0, microsecond=0) - timedelta(days=130)
    batches = []
    for _ in range(12):
        made = [
            (
                f"w{dice.randint(1, 4)}",
                base + timedelta(days=dice.randint(0, 120), hours=dice.choice((0, 1, 7, 8, 15, 16, 23))),
                dice.choice(("device", "generated", None)),
            )
            for _ in range(15)
        ]
        batches.append(punches(project, *{(who, at): (who, at, by) for who, at, by in made}.values()))
    again = [punches(project, *[("w1", base + timedelta(days=day), by) for day in range(3)]) for by in ("device", None)]
    story = [*batches, *again, *dice.sample(batches, 5)]
    dice.shuffle(story)
    return story


async def test_the_months_are_what_the_newest_punches_say_in_any_order_and_however_often(db: Database) -> None:
    dice = random.Random(20261125)  # noqa: S311 - a story, no secret
    for _ in range(3):
        project = f"F{next(numbers):06}-{dice.getrandbits(32):08x}"
        for event in a_life(project, dice):
            await consumer.deliver(event, db)
        expected = await every_punch(db, project)
        assert expected.height > 10
        assert_frame_equal(await folded(db, project), expected)


async def test_a_withdrawn_punch_is_counted_no_more_and_an_empty_month_is_gone(db: Database) -> None:
    project, at = f"F{next(numbers):06}-withdrawn", now() - timedelta(days=1)
    first, second = ("w1", at, "device"), ("w1", at - timedelta(minutes=1), "device")
    await consumer.deliver(punches(project, first, second), db)
    assert (await folded(db, project)).select("days", "device_days").rows() == [(1, 1)]
    await withdraw(db, project, f"{project}|w1|{at:%Y-%m-%dT%H:%M}")
    assert (await folded(db, project)).height == 1
    await withdraw(db, project, f"{project}|w1|{at - timedelta(minutes=1):%Y-%m-%dT%H:%M}")
    assert (await folded(db, project)).height == 0


async def test_a_month_is_chinas_not_greenwichs(db: Database) -> None:
    project = f"F{next(numbers):06}-turn"
    last_evening = datetime(2026, 9, 30, 23, 30, tzinfo=SHANGHAI)
    await consumer.deliver(punches(project, ("w1", last_evening, "device")), db)
    await consumer.deliver(punches(project, ("w1", last_evening + timedelta(hours=1), "generated")), db)
    september = 2026 * 12 + 8
    assert (await folded(db, project)).rows() == [
        (project, september, "w1", 1, 1),
        (project, september + 1, "w1", 1, 0),
    ]


def an_old_fee(account: str) -> RecordsAccepted:
    """The bank's feed has spoken for half a year."""
    at = now() - timedelta(days=180)
    columns: dict[str, list[Any]] = {"account_no": [account], "txn_at": [at.isoformat()], "direction": ["in"]}
    origin: dict[str, Any] = {"subject_kind": "account", "agency": "bank-a", "source_times": [at]}
    return accepted("bk_account_flow", [account], columns, **origin)


def a_payroll(project: str) -> list[RecordsAccepted]:
    """One line, of w1, for the month of two months ago."""
    number = f"pr-{project}"
    sheet: dict[str, list[Any]] = {
        "payroll_no": [number],
        "project_code": [project],
        "pay_month": [recent_month(2)],
        "worker_cnt": [1],
    }
    line: dict[str, list[Any]] = {"payroll_no": [number], "id_no": ["w1"], "payable": ["1.00"]}
    return [
        accepted("hc_payroll", [project], sheet, subject_kind="project", keys=[number]),
        accepted("hc_payroll_detail", ["w1"], line, subject_kind="person", keys=[f"{number}|w1"]),
    ]


async def test_the_rules_say_the_same_of_folded_months_as_of_every_punch(db: Database) -> None:
    dice, project, account = random.Random(7), f"F{next(numbers):06}-rules", f"acc-{next(numbers)}"  # noqa: S311
    bank = [an_account(project, account), an_old_fee(account), a_fee(account, 1)]
    for event in [a_project(project), *bank, *a_payroll(project), *a_life(project, dice)]:
        await consumer.deliver(event, db)
    book, at = shipped(), now()
    datasets = book.of_subject("project")
    async with db.transaction() as session:
        feeds = await fact_store.feeds(session, datasets, at)
        whole = await fact_store.newest(session, "project", [project], datasets, at)
        short = await folding.known_versions(session, "project", [project], datasets, at)
    assert short.height < whole.height / 3
    of_all, of_months = (
        features_at(gather([project], versions, feeds, datasets, at), book, "project") for versions in (whole, short)
    )
    assert of_all.values["unpaid_attendance_months"].item() > 0
    assert 0 < of_all.values["workers_without_wage_percent"].item() < 100
    assert of_all.values["attendance_silent_days"].item() is not None
    assert of_all.evidence["attendance_made_percent"].height > 0
    _must_be_equal(of_all, of_months)


def _must_be_equal(one: Features, other: Features) -> None:
    assert_frame_equal(one.values, other.values)
    assert_frame_equal(one.review, other.review)
    for code, rows in one.evidence.items():
        assert_frame_equal(rows, other.evidence[code])
