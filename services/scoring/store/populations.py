"""Whom a population holds, how its feeds have spoken, and what was kept of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import polars as pl

from services.scoring.rulebook import Scored
from services.scoring.store.facts import copied_table
from shared.db import Session, sql

_AFTER = """
select subject_id from scoring.subject where subject_kind = :kind and subject_id > :after
order by subject_id limit :most
"""

_ALL = "copy (select subject_id from scoring.subject where subject_kind = %(kind)s) to stdout (format csv)"

# Of each record the version that counts, as store.facts.newest has it, of everyone: in the order of the primary key.
_STANDING = """
select distinct on (fact.subject_id, fact.subject_kind, fact.dataset, fact.key) fact.dataset, fact.reported_at,
    fact.row_no, fact.body is not null as is_told, fact.body ->> cast(:item as text) as month
from scoring.fact
where fact.dataset = any(cast(:datasets as text[])) and fact.subject_kind = 'employer' and fact.reported_at <= :at
    and not exists (select from scoring.withdrawn gone where gone.receipt_id = fact.receipt_id
        and gone.rows @> fact.row_no and gone.withdrawn_at <= :at)
order by fact.subject_id desc, fact.subject_kind desc, fact.dataset desc, fact.key desc, fact.source_time desc,
    fact.receipt_id desc, fact.row_no desc, fact.body is null
"""

_LAST = f"""
select dataset, max(reported_at) as last from ({_STANDING}) newest where is_told and row_no > 0 group by dataset
"""  # noqa: S608 - of our own

_MONTHS = f"""
select month, count(*) as records from ({_STANDING}) newest
where is_told and row_no > 0 and month is not null group by month
"""  # noqa: S608 - of our own

_ADD = """
insert into scoring.population (population_id, as_of, employers, content)
values (:population_id, :as_of, :employers, :content)
"""

_NEWEST = (
    "select population_id from scoring.population where as_of <= :at order by as_of desc, population_id desc limit 1"
)


class Kept(NamedTuple):
    """A population as it is kept (population.packing)."""

    population_id: UUID
    as_of: datetime
    employers: int
    content: bytes


async def subjects_after(session: Session, kind: Scored, after: str, most: int) -> list[str]:
    """The next subjects in the order of their ids."""
    return list((await sql(session, _AFTER, kind=kind, after=after, most=most)).scalars())


async def last_reports(session: Session, datasets: Sequence[str], at: datetime) -> dict[str, datetime]:
    """When each of these datasets last told something of an employer that still stood at a time."""
    rows = await sql(session, _LAST, datasets=list(datasets), at=at, item="")
    return {row.dataset: row.last for row in rows}


async def records_by_month(session: Session, dataset: str, item: str, at: datetime) -> dict[str, int]:
    """How many records of a dataset stood at a time, by the text of their month."""
    rows = await sql(session, _MONTHS, datasets=[dataset], at=at, item=item)
    return {row.month: row.records for row in rows}


async def add(session: Session, kept: Kept) -> None:
    """Keep a population."""
    await sql(session, _ADD, **kept._asdict())


async def newest(session: Session, at: datetime) -> UUID | None:
    """The newest population of a time or before."""
    found: UUID | None = (await sql(session, _NEWEST, at=at)).scalar()
    return found


async def oldest(session: Session) -> UUID | None:
    """The first population that was kept."""
    wanted = "select population_id from scoring.population order by as_of, population_id limit 1"
    found: UUID | None = (await sql(session, wanted)).scalar()
    return found


async def content(session: Session, population_id: UUID) -> bytes:
    """What was kept of a population. LookupError when there is none of that id."""
    wanted = "select content from scoring.population where population_id = :id"
    found = (await sql(session, wanted, id=population_id)).scalar()
    if found is None:
        raise LookupError(f"there is no population {population_id}")
    return bytes(found)


async def all_subjects(session: Session, kind: Scored) -> pl.Series:
    """Every subject of a kind."""
    return (await copied_table(session, _ALL, {"kind": kind}, {"id": pl.String()})).get_column("id")
