"""Wages as people read them: worked out from the facts when asked for, and every look written down."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from services.scoring import frames, usecases, wages
from services.scoring.frames import Facts
from services.scoring.models import Subject
from services.scoring.rulebook import Rulebook
from services.scoring.rules import OutsideJurisdiction
from services.scoring.store import attendance
from services.scoring.store import facts as fact_store
from shared import audit
from shared.auth import Caller
from shared.clock import local_date
from shared.db import Session
from shared.errors import NotFound


class NoWagesKnown(NotFound):
    """Nothing was told of wages, attendance or the account in that month, or it lies outside the window."""

    slug = "no-wages-known"
    title = "No wages are known of this month"
    title_zh = "该月无工资数据"


@dataclass(frozen=True)
class Wages:
    """`lines`: wages.lines.LINES; `months`: as wages.months_of gives them; of one project or of many."""

    lines: pl.DataFrame
    months: pl.DataFrame


@dataclass(frozen=True)
class ProjectWages:
    """A project with its wages as they stand at a moment."""

    project: Subject
    wages: Wages
    at: datetime


async def wages_of(session: Session, projects: Sequence[str], at: datetime, book: Rulebook) -> Wages:
    """The wages of some projects in the months of the window, as they were known at a time."""
    datasets = wages.shipped_datasets()
    due = wages.due_days(local_date(at), book)
    versions = await fact_store.newest(session, "project", projects, datasets, at)
    feeds = await fact_store.feeds(session, datasets, at)
    came = await attendance.days(session, projects, due.get_column("month").min() or 0)  # type: ignore[arg-type]
    facts = frames.gather(projects, versions, feeds, datasets, at)
    silence = book.parameter("bank_silence_days", facts.today)
    return await asyncio.to_thread(_worked_out, facts, came, due, silence)


def _worked_out(facts: Facts, came: pl.DataFrame, due: pl.DataFrame, silence_days: int) -> Wages:
    lines = wages.lines_of(facts, came, due)
    return Wages(lines, wages.months_of(facts, lines, due, silence_days))


async def months_read(
    session: Session, code: str, caller: Caller, at: datetime, book: Rulebook
) -> ProjectWages | OutsideJurisdiction:
    """A project's months, for whoever may see the project. That he looked is on record."""
    project = await usecases.seen(session, ("project", code), caller, "project.wages")
    if not isinstance(project, Subject):
        return project
    await audit.record(session, caller.id, "project.wages.read", code, {})
    return ProjectWages(project, await wages_of(session, [code], at, book), at)


async def month_read(
    session: Session, code: str, month: int, caller: Caller, *, at: datetime, book: Rulebook, is_export: bool
) -> ProjectWages | OutsideJurisdiction:
    """One month, worker by worker. NoWagesKnown when nothing is known of it. The look, or the export, is on record."""
    project = await usecases.seen(session, ("project", code), caller, "project.wages")
    if not isinstance(project, Subject):
        return project
    known = await wages_of(session, [code], at, book)
    of_month = Wages(*(table.filter(pl.col("month") == month) for table in (known.lines, known.months)))
    if of_month.months.is_empty():
        raise NoWagesKnown(
            f"Nothing is known of wages of project {code} in that month.", detail_zh=f"没有项目 {code} 该月的工资数据。"
        )
    look = {"month": f"{month // 12:04}-{month % 12 + 1:02}", "workers": of_month.lines.height}
    await audit.record(session, caller.id, f"project.wages.{'exported' if is_export else 'workers_read'}", code, look)
    return ProjectWages(project, of_month, at)
