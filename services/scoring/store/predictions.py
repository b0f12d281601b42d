"""What each model says of whom: the last of a day is kept of each."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import polars as pl

from services.scoring.model import Foretold
from services.scoring.store.columns import numbers, texts
from services.scoring.store.facts import copied_table
from shared.db import Session, sql

_KEEP = """
insert into scoring.prediction (subject_id, model_id, day, at, population_id, probability, owing)
select each.id, :model_id, :day, :at, :population_id, each.probability, each.owing
from unnest(cast(:ids as text[]), cast(:probabilities as double precision[]), cast(:owing as double precision[]))
    as each (id, probability, owing)
on conflict (subject_id, model_id, day) do update set at = excluded.at, population_id = excluded.population_id,
    probability = excluded.probability, owing = excluded.owing
"""

_LAST = """
select prediction.model_id, prediction.at, prediction.population_id, prediction.probability, prediction.owing
from scoring.prediction join scoring.model_standing using (model_id)
where prediction.subject_id = :id and model_standing.state = 'champion'
order by prediction.day desc limit 1
"""

_LAST_OF = """
select distinct on (subject_id) subject_id, probability, owing from scoring.prediction
where model_id = :model_id and subject_id = any(cast(:ids as text[])) order by subject_id, day desc
"""

# The same moment of the same population: both read the same inputs.
_BOTH = """
copy (
    select one.subject_id, one.probability, other.probability, coalesce(one.owing, one.probability),
        coalesce(other.owing, other.probability)
    from scoring.prediction one join scoring.prediction other
        on other.subject_id = one.subject_id and other.day = one.day and other.at = one.at
        and other.population_id = one.population_id
    where one.model_id = %(one)s and other.model_id = %(other)s and one.day = %(day)s
) to stdout (format csv)
"""

_DAYS = """
select one.day, count(*) as employers from scoring.prediction one join scoring.prediction other
    on other.subject_id = one.subject_id and other.day = one.day and other.at = one.at
where one.model_id = :one and other.model_id = :other and one.day >= :since group by one.day order by one.day desc
"""

# What two models say, and by what they rank.
BOTH: dict[str, pl.DataType] = {
    "subject": pl.String(),
    **dict.fromkeys(("one", "other", "one_ranked", "other_ranked"), pl.Float64()),
}


class Kept(NamedTuple):
    """Which model said it, when, and beside which population."""

    model_id: str
    day: date
    at: datetime
    population_id: UUID


class Prediction(NamedTuple):
    """What the champion said of an employer last, and of which population it was worked out."""

    model_id: str
    at: datetime
    population_id: UUID
    probability: float
    owing: float | None

    @property
    def said(self) -> Foretold:
        """What it was."""
        return Foretold(self.probability, self.owing)


async def keep(session: Session, whose: Kept, told: Mapping[str, Foretold]) -> None:
    """Keep what a model says of employers; what it said of them before on the same day is replaced."""
    ids = sorted(told)
    said = [told[each] for each in ids]
    probabilities, owing = numbers(each.probability for each in said), numbers(each.owing for each in said)
    await sql(session, _KEEP, **whose._asdict(), ids=texts(ids), probabilities=probabilities, owing=owing)


async def last_of(session: Session, model_id: str, ids: Sequence[str]) -> dict[str, Foretold]:
    """What a model said last of these employers."""
    return {
        row.subject_id: Foretold(row.probability, row.owing)
        for row in await sql(session, _LAST_OF, model_id=model_id, ids=list(ids))
    }


async def of_champion(session: Session, subject_id: str) -> Prediction | None:
    """What the champion said of an employer last."""
    row = (await sql(session, _LAST, id=subject_id)).mappings().first()
    return Prediction(**row) if row else None


async def days_of_both(session: Session, one: str, other: str, since: date) -> list[tuple[date, int]]:
    """On which days two models were asked of the same inputs, and of how many employers; the newest first."""
    rows = await sql(session, _DAYS, one=one, other=other, since=since)
    return [(row["day"], row["employers"]) for row in rows.mappings()]


async def of_both(session: Session, one: str, other: str, day: date) -> pl.DataFrame:
    """BOTH: what two models said of the same employers on a day."""
    return await copied_table(session, _BOTH, {"one": one, "other": other, "day": day}, BOTH)


async def forget(session: Session, before: date) -> None:
    """Let go of what was said before a day."""
    await sql(session, "delete from scoring.prediction where day < :before", before=before)
