"""The history of levels, and how fresh the news about a subject is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import polars as pl
from sqlmodel import col, select

from services.scoring.models import Score, Subject
from shared.db import Session, copy_in, sql

# What is unchanged is not announced: how a feed lives is told by its reports about anyone, from the agency that last
# spoke of this subject.
_FEED_TIMES = """
select told.dataset, told.agency, told.as_of, told.reported_at, lives.reported_at as feed_reported_at
from (
    select dataset, max(source_time) as as_of, max(reported_at) as reported_at,
        (array_agg(agency order by reported_at desc))[1] as agency
    from scoring.fact where subject_kind = :kind and subject_id = :id and body is not null group by dataset
) told
left join lateral (
    select max(reported_at) as reported_at from scoring.feed_report
    where feed_report.dataset = told.dataset and feed_report.agency = told.agency
) lives on true
order by told.dataset
"""

# A line of the history as it is copied in: JSON, ids and moments as texts.
LINE: dict[str, pl.DataType] = {
    "subject_id": pl.String(),
    "subject_kind": pl.String(),
    "score_id": pl.String(),
    "level": pl.String(),
    "computed_level": pl.String(),
    "level_source": pl.String(),
    "level_until": pl.Date(),
    "left_on": pl.String(),
    "override_id": pl.String(),
    "previous_id": pl.String(),
    "previous_level": pl.String(),
    "points": pl.Int64(),
    "floor": pl.String(),
    "families": pl.String(),
    "reasons": pl.String(),
    "scored_at": pl.String(),
    "rules_version": pl.String(),
    "model_id": pl.String(),
    "probability": pl.Float64(),
    "model_level": pl.String(),
    "population_id": pl.String(),
    "indicator_level": pl.String(),
}
_APPEND = f"copy scoring.score ({', '.join(LINE)}) from stdin (format csv)"


class FeedTimes(NamedTuple):
    """A dataset's newest source time and report about a subject, by whom, and its newest report about anyone."""

    dataset: str
    agency: str
    as_of: datetime
    reported_at: datetime
    feed_reported_at: datetime


@dataclass(frozen=True)
class Span:
    """Lines of history: from a moment (inclusive) to another, and how many at most."""

    since: datetime | None
    until: datetime | None
    most: int


async def append_scores(session: Session, scores: list[dict[str, Any]]) -> None:
    """Add lines to the history: the columns of LINE."""
    if scores:
        plain = [{name: _AS_TEXT.get(name, _same)(value) for name, value in score.items()} for score in scores]
        await copy_in(session, _APPEND, pl.DataFrame(plain, schema=LINE, orient="row"))


def _same(value: object) -> object:
    return value


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _uuid(value: UUID | None) -> str | None:
    return None if value is None else str(value)


_AS_TEXT: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(("families", "reasons", "left_on"), _json),
    **dict.fromkeys(("score_id", "previous_id", "override_id", "population_id"), _uuid),
    "scored_at": datetime.isoformat,
}


async def latest_score(session: Session, subject: Subject) -> Score | None:
    """The newest line of a subject's history."""
    if subject.score_id is None:
        return None
    return await session.get(Score, (subject.subject_id, subject.subject_kind, subject.score_id))


async def line_of(session: Session, of: Score, score_id: UUID | None) -> Score | None:
    """Another line of the same subject's history."""
    return await session.get(Score, (of.subject_id, of.subject_kind, score_id)) if score_id else None


async def history(session: Session, subject: Subject, span: Span) -> Sequence[Score]:
    """A subject's scores in a span of time, the newest first."""
    wanted = select(Score).where(
        col(Score.subject_id) == subject.subject_id, col(Score.subject_kind) == subject.subject_kind
    )
    if span.since:
        wanted = wanted.where(col(Score.scored_at) >= span.since)
    if span.until:
        wanted = wanted.where(col(Score.scored_at) < span.until)
    newest_first = wanted.order_by(col(Score.scored_at).desc(), col(Score.score_id).desc())
    return (await session.exec(newest_first.limit(span.most))).all()


async def feed_times(session: Session, subject: Subject) -> list[FeedTimes]:
    """How fresh each dataset is that tells of a subject."""
    rows = (await sql(session, _FEED_TIMES, kind=subject.subject_kind, id=subject.subject_id)).mappings()
    # The first line of a day is kept of a feed; a later one about the subject is a report of the feed, too.
    return [
        FeedTimes(
            row["dataset"],
            row["agency"],
            row["as_of"],
            row["reported_at"],
            max(row["feed_reported_at"] or row["reported_at"], row["reported_at"]),
        )
        for row in rows
    ]
