"""Random samples of employers: who could be drawn as known at a time, who was drawn, and what stands about each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from services.scoring.store.facts import copied_table
from shared.db import Session, sql

FRAME: dict[str, pl.DataType] = {
    "employer_id": pl.String(),
    "name": pl.String(),
    "town": pl.String(),
    "industry": pl.String(),
    "people": pl.Float64(),
    "level": pl.String(),
}

_COUNTS = """fact.reported_at <= %(at)s
            and not exists (select from scoring.withdrawn gone where gone.receipt_id = fact.receipt_id
                and gone.rows @> fact.row_no and gone.withdrawn_at <= %(at)s)"""

# Whoever stands in the register and is not gone. What else is known of them is asked for apart and joined here: how
# many there will be is nothing that the database can guess.
_REGISTER = f"""
copy (
    select subject_id, body ->> 'ent_name', body ->> 'street', body ->> 'industry' from (
        select distinct on (fact.subject_id) fact.subject_id, fact.row_no, fact.body from scoring.fact
        where fact.dataset = 'samr_entity' and fact.subject_kind = 'employer' and {_COUNTS}
        order by fact.subject_id, fact.source_time desc, fact.receipt_id desc, fact.row_no desc
    ) as register
    where row_no > 0 and body is not null and not coalesce(body ->> 'state', '') = any(%(gone)s::text[])
        and (coalesce(body ->> 'street', '') like %(within)s
            or body ->> 'street' is null and length(%(within)s) <= 7)
) to stdout (format csv)
"""  # noqa: S608 - a condition of our own

_LEVELS = """
copy (
    select distinct on (subject_id) subject_id, level from scoring.score
    where subject_kind = 'employer' and scored_at <= %(at)s
    order by subject_id, scored_at desc, score_id desc
) to stdout (format csv)
"""

# The last month is the end of the natural key (code, month).
_HEADS = f"""
copy (
    select each.id, heads.people from unnest(%(ids)s::text[]) as each (id)
    cross join lateral (
        select fact.body ->> 'pension_payers' as people from scoring.fact
        where fact.subject_id = each.id and fact.subject_kind = 'employer'
            and fact.dataset = 'hrss_insured_headcount' and fact.row_no > 0 and fact.body is not null and {_COUNTS}
        order by fact.key desc, fact.source_time desc, fact.receipt_id desc limit 1
    ) as heads
) to stdout (format csv)
"""  # noqa: S608 - a condition of our own
_REGISTERED = {name: FRAME[name] for name in ("employer_id", "name", "town", "industry")}
_LEVEL = {name: FRAME[name] for name in ("employer_id", "level")}
_PEOPLE = {name: FRAME[name] for name in ("employer_id", "people")}

_SAMPLE = text("""
insert into scoring.inspection_sample (sample_id, design, seed, asked, drawn, population, within, as_of, frame_sha256,
    strata, due_on, reason, ordered_by, ordered_at)
values (:sample_id, :design, :seed, :asked, :drawn, :population, :within, :as_of, :frame_sha256, :strata, :due_on,
    :reason, :ordered_by, :ordered_at)
""").bindparams(bindparam("design", type_=JSONB), bindparam("strata", type_=JSONB))

_DRAWN = """
insert into scoring.inspection (employer_id, inspection_id, sample_id, stratum, stratum_population, stratum_drawn,
    probability, name, division, industry, size, level)
select employer_id, inspection_id, :sample_id, stratum, stratum_population, stratum_drawn, probability, name, division,
    industry, size, level
from unnest(cast(:employers as text[]), cast(:ids as uuid[]), cast(:strata as text[]), cast(:populations as int[]),
    cast(:drawn as int[]), cast(:probabilities as float8[]), cast(:names as text[]), cast(:divisions as text[]),
    cast(:industries as text[]), cast(:sizes as text[]), cast(:levels as text[]))
    as each (employer_id, inspection_id, stratum, stratum_population, stratum_drawn, probability, name, division,
        industry, size, level)
"""

_SAMPLES = """
select sample.*, (
    select count(distinct inspection.inspection_id) from scoring.inspection
    join scoring.outcome on outcome.matter = 'inspection' and outcome.matter_id = inspection.inspection_id::text
    where inspection.sample_id = sample.sample_id
) as recorded
from scoring.inspection_sample sample
where (cast(:sample_id as uuid) is null or sample_id = :sample_id) order by sample_id desc limit :most
"""

_STANDS = """
select inspection.*, stands.key, stands.finding, stands.found_on, stands.started_on, stands.workers, stands.months,
    stands.amount, stands.details, stands.known_at
from scoring.inspection
left join lateral (
    select * from scoring.outcome where matter = 'inspection' and matter_id = inspection.inspection_id::text
    order by known_at desc, key desc limit 1
) as stands on true
where inspection.{by} = :id and coalesce(inspection.division, '') like :within
order by inspection.employer_id
"""

Row = dict[str, Any]


async def frame(session: Session, within: str, at: datetime, *, gone: Sequence[str], with_size: bool) -> pl.DataFrame:
    """The employers of a division (its prefix) in the register as known at a time, as FRAME, with the level told then.

    A district's holds those whose town is not known; `gone`: states of the register that end an employer.
    """
    asked = {"at": at, "within": f"{within}%", "gone": list(gone)}
    register = await copied_table(session, _REGISTER, asked, _REGISTERED)
    levels = await copied_table(session, _LEVELS, {"at": at}, _LEVEL)
    heads = pl.DataFrame(schema=_PEOPLE)
    if with_size:
        ids = register.get_column("employer_id").to_list()
        heads = await copied_table(session, _HEADS, {"at": at, "ids": ids}, _PEOPLE)
    known = register.join(levels, on="employer_id", how="left").join(heads, on="employer_id", how="left")
    return known.with_columns(pl.col("level").fill_null("none")).select(list(FRAME))


async def keep_sample(session: Session, sample: Mapping[str, Any], drawn: pl.DataFrame, ids: Sequence[UUID]) -> None:
    """Keep a sample and whom it drew (as learning.sampling.draw gives them), an id for each."""
    await (await session.connection()).execute(_SAMPLE, dict(sample))
    columns = {
        "employers": "employer_id",
        "strata": "stratum",
        "populations": "stratum_population",
        "drawn": "stratum_drawn",
        "probabilities": "probability",
        "names": "name",
        "divisions": "town",
        "industries": "industry",
        "sizes": "size",
        "levels": "level",
    }
    told = {name: drawn.get_column(column).to_list() for name, column in columns.items()}
    await sql(session, _DRAWN, sample_id=sample["sample_id"], ids=list(ids), **told)


async def samples(session: Session, most: int, sample_id: UUID | None = None) -> list[Row]:
    """The newest samples, or the one of this id, each with how many of its inspections have a finding."""
    return [dict(row) for row in (await sql(session, _SAMPLES, sample_id=sample_id, most=most)).mappings()]


async def drawn_of(session: Session, sample_id: UUID, within: str) -> list[Row]:
    """Whom a sample drew within a division, each with the finding that stands, by employer."""
    found = await sql(session, _STANDS.format(by="sample_id"), id=sample_id, within=f"{within}%")
    return [dict(row) for row in found.mappings()]


async def inspection(session: Session, inspection_id: UUID, within: str) -> Row | None:
    """One inspection within a division with the finding that stands; None when there is none."""
    found = await sql(session, _STANDS.format(by="inspection_id"), id=inspection_id, within=f"{within}%")
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)
