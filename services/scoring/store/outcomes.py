"""Outcomes move as rows in and as columns out. They are only ever added: a correction is one more."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from services.scoring.learning.complaints import outcomes_of
from services.scoring.learning.outcomes import OUTCOMES, UTC_TIME, standing
from services.scoring.learning.policy import Complaints
from services.scoring.store.columns import texts
from services.scoring.store.facts import copied_table
from shared.db import Session, sql

_COLUMNS = (
    "subject_kind, subject_id, key, matter, matter_id, known_at, finding, selection, found_on, started_on, uscc, "
    "level, division, workers, months, amount, cause, score_id"
)

_KEEP = f"""
insert into scoring.outcome ({_COLUMNS}, details)
values ({", ".join(f":{name}" for name in _COLUMNS.split(", "))}, cast(:details as jsonb))
on conflict do nothing
"""  # noqa: S608 - names of our own

_KNOWN = """
copy (
    select subject_kind, subject_id, key, matter, matter_id, (extract(epoch from known_at) * 1000000)::bigint, finding,
        selection, found_on, started_on, uscc, level, division, workers, months, amount, cause
    from scoring.outcome
    where known_at <= %(known_by)s
        and (%(employers)s::text[] is null
            or subject_id = any(%(employers)s::text[]) or uscc = any(%(employers)s::text[]))
    order by known_at, key
) to stdout (format csv)
"""

CASES: dict[str, pl.DataType] = {
    "subject_id": pl.String(),
    "key": pl.String(),
    "reported_at": UTC_TIME,
    "body": pl.String(),
}
# The newest version of each record that was not withdrawn; one whose end was told (row 0) says what it said before. Of
# each employer first: whom the record has left, for another or for nobody, has a version without a body.
_CASES = """
copy (
    select subject_id, key, (extract(epoch from reported_at) * 1000000)::bigint, body from (
        select distinct on (key) * from (
            select distinct on (fact.key, fact.subject_id) fact.* from scoring.fact
            where fact.dataset = %(dataset)s and fact.subject_kind = 'employer' and fact.reported_at <= %(known_by)s
                and (%(employers)s::text[] is null or fact.subject_id = any(%(employers)s::text[]))
                and not exists (select from scoring.withdrawn gone where gone.receipt_id = fact.receipt_id
                    and gone.rows @> fact.row_no and gone.withdrawn_at <= %(known_by)s)
            order by fact.key, fact.subject_id, fact.source_time desc, fact.receipt_id desc, fact.row_no desc,
                fact.body is null
        ) as of_each where body is not null
        order by key, source_time desc, receipt_id desc, row_no desc
    ) as newest order by key
) to stdout (format csv)
"""

DRAWN: dict[str, pl.DataType] = {
    "inspection_id": pl.String(),
    "sample_id": pl.String(),
    "stratum": pl.String(),
    "probability": pl.Float64(),
}
_DRAWN = """
copy (
    select inspection.inspection_id, inspection.sample_id, inspection.stratum, inspection.probability
    from scoring.inspection join scoring.inspection_sample sample on sample.sample_id = inspection.sample_id
    where sample.ordered_at <= %(known_by)s
) to stdout (format csv)
"""
VERSIONS: dict[str, pl.DataType] = {"subject_id": pl.String(), "reported_at": UTC_TIME, "body": pl.String()}
_VERSIONS = """
copy (
    select subject_id, (extract(epoch from reported_at) * 1000000)::bigint, body from scoring.fact
    where dataset = %(dataset)s and subject_kind = %(kind)s and reported_at <= %(known_by)s
        and body is not null and row_no > 0
        and not exists (select from scoring.withdrawn gone where gone.receipt_id = fact.receipt_id
            and gone.rows @> fact.row_no and gone.withdrawn_at <= %(known_by)s)
    order by subject_id, reported_at
) to stdout (format csv)
"""


async def drawn(session: Session, known_by: datetime) -> pl.DataFrame:
    """Whom the samples that were ordered by a time drew, as DRAWN."""
    return await copied_table(session, _DRAWN, {"known_by": known_by}, DRAWN)


async def versions(session: Session, dataset: str, kind: str, known_by: datetime) -> pl.DataFrame:
    """Every version of a dataset's records known by a time that was not withdrawn by then, as VERSIONS."""
    return await copied_table(session, _VERSIONS, {"dataset": dataset, "kind": kind, "known_by": known_by}, VERSIONS)


async def cases(
    session: Session, dataset: str, known_by: datetime, employers: Sequence[str] | None = None
) -> pl.DataFrame:
    """The records of a dataset about some employers, or all, as known at a time, as CASES: `body` is JSON of texts."""
    asked = {"dataset": dataset, "known_by": known_by, "employers": _listed(employers)}
    return await copied_table(session, _CASES, asked, CASES)


async def keep(session: Session, outcome: Mapping[str, Any]) -> None:
    """Keep a statement once: the columns of scoring.outcome, those without a value may be missing."""
    details = json.dumps(outcome["details"], ensure_ascii=False) if outcome.get("details") else None
    await sql(session, _KEEP, details=details, **{name: outcome.get(name) for name in _COLUMNS.split(", ")})


async def known(session: Session, known_by: datetime, employers: Sequence[str] | None = None) -> pl.DataFrame:
    """Every statement about some employers, or all, that was known by a time, as OUTCOMES, in the order of knowing."""
    return await copied_table(session, _KNOWN, {"known_by": known_by, "employers": _listed(employers)}, OUTCOMES)


async def stands(
    session: Session, known_by: datetime, complaints: Iterable[Complaints], employers: Sequence[str] | None = None
) -> pl.DataFrame:
    """What stands of every matter, the cases that agencies reported among them, as known by a time: as OUTCOMES."""
    told = await known(session, known_by, employers)
    of_cases = [outcomes_of(await cases(session, each.dataset, known_by, employers), each) for each in complaints]
    return standing(pl.concat([told, *of_cases]), known_by)


def _listed(employers: Sequence[str] | None) -> str | None:
    return None if employers is None else texts(employers)
