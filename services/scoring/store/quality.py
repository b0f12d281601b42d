"""What the quality of the levels is worked out of, the reports that were made of it, and which bounds were passed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from services.scoring.learning.bounds import State, Verdict
from services.scoring.store.facts import copied_table
from shared.db import Session, sql

PROFILES: dict[str, pl.DataType] = {"employer": pl.String(), "industry": pl.String(), "people": pl.Float64()}
VISITS: dict[str, pl.DataType] = {
    "employer": pl.String(),
    "sample_id": pl.String(),
    "stratum": pl.String(),
    "stratum_population": pl.Int64(),
    "level": pl.String(),
    "town": pl.String(),
    "industry": pl.String(),
    "size": pl.String(),
    "finding": pl.String(),
    "found_on": pl.Date(),
}

# The newest record of each dataset; of the months of a headcount the last, which is the end of the natural key.
_PROFILES = """
copy (
    select each.id, register.industry, heads.people from unnest(%(ids)s::text[]) as each (id)
    left join lateral (
        select fact.body ->> 'industry' as industry from scoring.fact
        where fact.subject_id = each.id and fact.subject_kind = 'employer' and fact.dataset = 'samr_entity'
            and fact.body is not null and fact.reported_at <= %(at)s
        order by fact.source_time desc, fact.receipt_id desc, fact.row_no desc limit 1
    ) as register on true
    left join lateral (
        select fact.body ->> 'pension_payers' as people from scoring.fact
        where fact.subject_id = each.id and fact.subject_kind = 'employer'
            and fact.dataset = 'hrss_insured_headcount' and fact.body is not null and fact.reported_at <= %(at)s
        order by fact.key desc, fact.source_time desc, fact.receipt_id desc limit 1
    ) as heads on true
) to stdout (format csv)
"""

_VISITS = """
copy (
    select inspection.employer_id, inspection.sample_id, inspection.stratum, inspection.stratum_population,
        inspection.level, inspection.division, inspection.industry, inspection.size, stands.finding, stands.found_on
    from scoring.inspection
    join scoring.inspection_sample sample on sample.sample_id = inspection.sample_id
    left join lateral (
        select finding, found_on from scoring.outcome
        where matter = 'inspection' and matter_id = inspection.inspection_id::text and known_at <= %(at)s
        order by known_at desc, key desc limit 1
    ) as stands on true
    where sample.ordered_at > %(since)s and sample.ordered_at <= %(at)s
    order by inspection.sample_id, inspection.employer_id
) to stdout (format csv)
"""

# By a hash of the code: the same employers each day, and no order of coming decides who is among them.
_SOME = """
select subject_id from scoring.subject where subject_kind = 'employer' order by md5(subject_id) limit :most
"""

_KEEP_REPORT = text(
    "insert into scoring.quality_report (on_day, report, computed_at) values (:on_day, :report, :computed_at)"
).bindparams(bindparam("report", type_=JSONB))

_REPORT = """
select on_day, report, computed_at from scoring.quality_report
where (cast(:on_day as date) is null or on_day = :on_day) order by on_day desc limit 1
"""

_STATES = """
select distinct on (bound, grp) bound, grp, state, change, changed_at, details from scoring.quality_change
order by bound, grp, change desc
"""

_KEEP_CHANGE = text(
    "insert into scoring.quality_change (bound, grp, change, state, changed_at, details) "
    "values (:bound, :grp, :change, :state, :changed_at, :details)"
).bindparams(bindparam("details", type_=JSONB))

# One process at a time makes a day's report; who waited finds it made.
_ALONE = "select pg_advisory_xact_lock(hashtextextended('scoring:quality', 0))"


class Standing(NamedTuple):
    """How a bound last stood for a group, since when, by its how manieth change, and with which figure."""

    bound: str
    group: str
    state: State
    change: int
    changed_at: datetime
    details: Mapping[str, Any]


class Kept(NamedTuple):
    """A day's report as it was made."""

    on: date
    report: Mapping[str, Any]
    computed_at: datetime


async def alone(session: Session) -> None:
    """Hold the making of reports until the end of the transaction."""
    await sql(session, _ALONE)


async def profiles(session: Session, employers: Sequence[str], at: datetime) -> pl.DataFrame:
    """Industry (as the register writes it) and insured people of some employers as known at a time, as PROFILES."""
    return await copied_table(session, _PROFILES, {"ids": list(employers), "at": at}, PROFILES)


async def visits(session: Session, since: datetime, at: datetime) -> pl.DataFrame:
    """The random inspections of samples drawn in a span, each with what stands about it at its end, as VISITS."""
    return await copied_table(session, _VISITS, {"since": since, "at": at}, VISITS)


async def some_employers(session: Session, most: int) -> list[str]:
    """So many employers, chosen by a hash of their code."""
    return list((await sql(session, _SOME, most=most)).scalars())


async def keep_report(session: Session, on: date, report: Mapping[str, Any], at: datetime) -> None:
    """Keep a day's report."""
    values = {"on_day": on, "report": dict(report), "computed_at": at}
    await (await session.connection()).execute(_KEEP_REPORT, values)


async def report(session: Session, on: date | None = None) -> Kept | None:
    """The report of a day, or the newest; None when there is none."""
    row = (await sql(session, _REPORT, on_day=on)).one_or_none()
    return None if row is None else Kept(row.on_day, row.report, row.computed_at)


async def states(session: Session) -> list[Standing]:
    """How every bound last stood, by bound and group."""
    return [Standing(*tuple(row)) for row in (await sql(session, _STATES)).all()]


async def keep_change(session: Session, verdict: Verdict, change: int, at: datetime) -> None:
    """Keep that a bound was passed, or is kept again."""
    told = verdict.watched
    details = {name: getattr(told, name) for name in ("rows", "value", "low", "high")}
    values = {"bound": verdict.bound.code, "grp": told.group, "change": change, "state": verdict.state}
    await (await session.connection()).execute(_KEEP_CHANGE, values | {"changed_at": at, "details": details})
