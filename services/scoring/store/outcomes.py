"""Outcomes move as rows in and as columns out. They are only ever added: a correction is one more."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from services.scoring.learning.outcomes import OUTCOMES
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
    from scoring.outcome where known_at <= %(known_by)s order by known_at, key
) to stdout (format csv)
"""


async def keep(session: Session, outcome: Mapping[str, Any]) -> None:
    """Keep a statement once: the columns of scoring.outcome, those without a value may be missing."""
    details = json.dumps(outcome["details"], ensure_ascii=False) if outcome.get("details") else None
    await sql(session, _KEEP, details=details, **{name: outcome.get(name) for name in _COLUMNS.split(", ")})


async def known(session: Session, known_by: datetime) -> pl.DataFrame:
    """Every statement that was known by a time, as OUTCOMES, in the order of knowing."""
    return await copied_table(session, _KNOWN, {"known_by": known_by}, OUTCOMES)
