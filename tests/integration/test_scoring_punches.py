"""The punches that were counted when they came are those that stand among the facts, at any time, in any order."""

import importlib
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from services.scoring.consumers import consumer
from services.scoring.frames import ENDED, typed
from services.scoring.rulebook import shipped
from services.scoring.store import facts as fact_store
from services.scoring.store import punches as store
from services.scoring.values import UTC_TIME, month_of
from shared.clock import SHANGHAI, now
from shared.db import Database, Session, sql
from shared.events import Event, RecordsAccepted, RecordsClosed, RecordsUnlinked, RecordsWithdrawn
from shared.ids import new_id
from tests.conftest import SettingsOf
from tests.scoring_events import accepted, numbers

PUNCHES = shipped().datasets["hc_attendance"]
NOW = now().replace(minute=0, second=0, microsecond=0)
NO_BOUNDS = pl.DataFrame(schema={"subject": pl.String, "reported_at": UTC_TIME})


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("scoring"))
    yield database
    await database.close()


def a_project() -> str:
    return f"C{next(numbers):06}-{new_id().hex[:8]}"


def told(project: str, reported: datetime, *punches: tuple[str, datetime], receipt: UUID | None = None) -> Event:
    """Who came when, as it was reported then; the key is the catalogue's."""
    times = [at.astimezone(SHANGHAI).isoformat() for _, at in punches]
    return accepted(
        "hc_attendance",
        [project for _ in punches],
        {"project_code": [project for _ in punches], "id_no": [who for who, _ in punches], "punch_at": times},
        subject_kind="project",
        keys=[key(project, *punch) for punch in punches],
        source_times=[min(at, reported) for _, at in punches],
        reported_at=reported,
        receipt_id=receipt or new_id(),
    )


def key(project: str, who: str, at: datetime) -> str:
    return f"{project}|{who}|{at:%Y-%m-%dT%H:%M}"


def taken_back(receipt: UUID, row: int, at: datetime) -> Event:
    return RecordsWithdrawn(
        withdrawal_id=new_id(), receipt_id=receipt, agency="an-agency", dataset="hc_attendance",
        first_rows=[row], last_rows=[row], withdrawn_at=at,
    )  # fmt: skip


def ended(receipt: UUID, row: int, at: datetime) -> Event:
    return RecordsClosed(
        snapshot_id=new_id(), agency="an-agency", dataset="hc_attendance", closed_at=at, reported_at=at,
        receipt_ids=[receipt], rows=[row],
    )  # fmt: skip


def unlinked(project: str, who: str, came: datetime, at: datetime) -> Event:
    return RecordsUnlinked(
        undo_id=new_id(), agency="an-agency", dataset="hc_attendance", subject_kind="project",
        subject_ids=[project], keys=[key(project, who, came)], rows=[1], source_times=[came], unlinked_at=at,
    )  # fmt: skip


def a_life(project: str, dice: random.Random) -> list[Event]:
    """Reports of a few workers' punches, many of them told again, taken back, ended or unlinked, in any order."""
    moments = [NOW - timedelta(days=day, hours=hour) for day in (1, 20, 33, 60) for hour in (0, 8, 16)]
    story: list[Event] = []
    for days in dice.sample(range(1, 60), 12):
        reported, receipt = NOW - timedelta(days=days, minutes=dice.randint(0, 900)), new_id()
        some = {(f"w{dice.randint(1, 3)}", dice.choice(moments)) for _ in range(6)}
        story.append(told(project, reported, *sorted(some), receipt=receipt))
        later = reported + timedelta(days=dice.randint(0, 5))
        fates = (taken_back(receipt, 1, later), ended(receipt, 2, later), unlinked(project, "w1", moments[0], later))
        story += [fate for fate in fates if dice.random() < 0.3]
    story += [event for event in dice.sample(story, 3) if isinstance(event, RecordsAccepted)]
    dice.shuffle(story)
    return story


async def read(session: Session, project: str, bounds: list[datetime], at: datetime) -> pl.DataFrame:
    """The same by reading every punch that is known at a time."""
    versions = await fact_store.newest(session, "project", [project], {"hc_attendance": PUNCHES}, at)
    frame = typed(versions.filter(pl.col("row_no") != ENDED), PUNCHES)
    slot = pl.sum_horizontal([pl.col("reported") >= bound for bound in bounds] or [pl.lit(0)])
    months = month_of(pl.col("time")).alias("month")
    grouped = frame.group_by("subject", months, slot.cast(pl.Int32).alias("slot"))
    found = grouped.agg(pl.len().cast(pl.Int64).alias("punches"), pl.col("reported").max().alias("reported_at"))
    return found.sort("month", "slot")


async def test_at_any_time_the_counts_are_those_of_reading_every_punch_in_any_order(db: Database) -> None:
    dice = random.Random(20261126)  # noqa: S311 - a story, no secret
    for _ in range(3):
        project = a_project()
        for event in a_life(project, dice):
            await consumer.deliver(event, db)
        bounds = [NOW - timedelta(days=days) for days in (40, 12)]
        table = pl.DataFrame({"subject": project, "reported_at": bounds}, schema=NO_BOUNDS.schema)
        async with db.transaction() as session:
            for days in (0, 3, 10, 25, 45, 100):
                at = now() - timedelta(days=days)
                expected = await read(session, project, bounds, at)
                found = await store.standing(session, [project], table, at)
                assert_frame_equal(found.sort("month", "slot"), expected)
                assert bool(expected.height) == (days < 100)


async def test_an_upgrade_counts_the_facts_as_they_would_have_been_counted_when_they_came(db: Database) -> None:
    dice, project = random.Random(5), a_project()  # noqa: S311 - a story, no secret
    for event in a_life(project, dice):
        await consumer.deliver(event, db)
    upgrade = importlib.import_module("services.scoring.migrations.2026_11_26_1700_attendance_told")
    async with db.transaction() as session:
        for table, statement in (("attendance_told", upgrade._COUNT), ("attendance_revised", upgrade._REVISED)):
            selected = statement.strip().split("\n", 1)[1]  # without the line that says into what
            counted = {tuple(row) for row in await sql(session, selected) if row[0] == project}
            kept = await sql(session, f"select * from scoring.{table} where subject_id = :id", id=project)  # noqa: S608
            assert {tuple(row) for row in kept} == counted != set()


async def test_a_punch_without_a_time_that_can_be_read_is_of_the_month_in_which_it_was_true(db: Database) -> None:
    project, reported = a_project(), datetime(2026, 10, 31, 16, 30, tzinfo=NOW.tzinfo)  # November in China
    columns: dict[str, list[Any]] = {"project_code": [project] * 2, "id_no": ["w", "w"], "punch_at": [None, "soon"]}
    origin: dict[str, Any] = {"subject_kind": "project", "reported_at": reported}
    await consumer.deliver(accepted("hc_attendance", [project] * 2, columns, **origin), db)
    async with db.transaction() as session:
        found = await store.standing(session, [project], NO_BOUNDS, reported)
        assert found.rows() == [(project, 2026 * 12 + 10, 0, 2, reported)]
        assert_frame_equal(found, await read(session, project, [], reported))


async def test_what_is_kept_of_many_punches_of_a_report_is_a_line_a_month(db: Database) -> None:
    project, reported = a_project(), NOW
    many = [(f"w{number}", NOW - timedelta(days=day)) for number in range(40) for day in (0, 1, 2)]
    await consumer.deliver(told(project, reported, *many), db)
    async with db.transaction() as session:
        lines = await sql(session, "select punches from scoring.attendance_told where subject_id = :id", id=project)
        kept = list(lines.scalars())
        revised = await sql(session, "select from scoring.attendance_revised where key like :mine", mine=f"{project}%")
        assert revised.all() == []
    assert sum(kept) == 120
    assert len(kept) <= 2
