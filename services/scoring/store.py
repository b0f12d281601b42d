"""Every SQL statement of scoring. Facts move as columns: in by unnest, out by COPY; the subject's id is in every key.

Nothing here is updated in place but `subject`: facts, feed reports, links, scores and labels are only ever added.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl
from psycopg import AsyncConnection
from sqlalchemy import insert
from sqlmodel import col, select

from services.scoring.frames import FEEDS, VERSIONS
from services.scoring.models import Label, Score, Subject
from services.scoring.rulebook import Scored
from shared.db import Session, sql

Key = tuple[str, str]  # kind and id of a subject

_IN_ONE_LINE = "select pg_advisory_xact_lock(hashtext('scoring:' || :dataset))"

_KEEP = """
with added as (
    insert into scoring.fact
        (subject_kind, subject_id, dataset, key, source_time, receipt_id, row_no, agency, reported_at, body)
    select :kind, each.subject_id, :dataset, each.key, each.source_time, :receipt_id, each.row_no, :agency,
        :reported_at, each.body::jsonb
    from unnest(cast(:ids as text[]), cast(:keys as text[]), cast(:times as timestamptz[]), cast(:rows as int[]),
        cast(:bodies as text[])) as each (subject_id, key, source_time, row_no, body)
    where each.subject_id is not null
    on conflict do nothing
    returning subject_kind, subject_id
)
select distinct subject_kind, subject_id from added
"""

# A record that names another subject than before is taken away from the old one: each version of a record stands,
# without its body, also under every other subject that ever had the record. Both directions, so order cannot matter.
_MOVE = """
with moved as (
    insert into scoring.fact
        (subject_kind, subject_id, dataset, key, source_time, receipt_id, row_no, agency, reported_at, body)
    select distinct other.subject_kind, other.subject_id, this.dataset, this.key, this.source_time, this.receipt_id,
        this.row_no, this.agency, this.reported_at, null::jsonb
    from scoring.fact this
    join scoring.fact other on other.dataset = this.dataset and other.key = this.key
        and (other.subject_id, other.subject_kind) <> (this.subject_id, this.subject_kind)
    where this.dataset = :dataset and this.key = any(cast(:keys as text[])) and this.body is not null
    on conflict do nothing
    returning subject_kind, subject_id
)
select distinct subject_kind, subject_id from moved
"""

# One line a day is enough to know that a feed lives; another only when it reaches further back.
_REPORT = """
insert into scoring.feed_report (dataset, agency, reported_on, oldest, reported_at)
select :dataset, :agency, cast(:day as date), cast(:oldest as timestamptz), cast(:reported_at as timestamptz)
where not exists (
    select from scoring.feed_report
    where dataset = :dataset and agency = :agency and reported_on = :day and oldest <= :oldest
)
on conflict do nothing
"""

_FEEDS = """
select dataset, agency, min(oldest), max(reported_at) from scoring.feed_report
where dataset = any(cast(:datasets as text[])) and reported_at <= :at group by dataset, agency
"""

_LINK = """
insert into scoring.link (subject_id, alias_kind, alias_id)
select distinct each.subject_id, :kind, each.alias_id
from unnest(cast(:ids as text[]), cast(:aliases as text[])) as each (subject_id, alias_id)
where each.subject_id is not null and each.alias_id is not null
on conflict do nothing
"""

_LINKED = """
select distinct link.subject_id from scoring.link
join unnest(cast(:kinds as text[]), cast(:ids as text[])) as each (kind, id)
    on link.alias_kind = each.kind and link.alias_id = each.id
"""

_ALIASES = """
select alias_kind as subject_kind, alias_id as subject_id from scoring.link
where subject_id = any(cast(:ids as text[]))
"""

_NAME = """
insert into scoring.subject (subject_kind, subject_id)
select each.kind, each.id from unnest(cast(:kinds as text[]), cast(:ids as text[])) as each (kind, id)
order by each.kind, each.id
on conflict do nothing
"""

_LOCK = """
select subject.subject_id from scoring.subject
join unnest(cast(:kinds as text[]), cast(:ids as text[])) as each (kind, id)
    on subject.subject_kind = each.kind and subject.subject_id = each.id
order by subject.subject_kind, subject.subject_id for update of subject
"""

_SETTLE = """
update scoring.subject set name = each.name, division = each.division, gc_uscc = each.gc_uscc, gc_name = each.gc_name,
    level = each.level, meaning = each.meaning, state = each.state,
    score_id = coalesce(each.score_id, subject.score_id),
    rules_version = :rules_version, reviewed_at = :at, next_review_on = each.next_review_on
from unnest(cast(:ids as text[]), cast(:names as text[]), cast(:divisions as text[]), cast(:gc_usccs as text[]),
    cast(:gc_names as text[]), cast(:levels as text[]), cast(:meanings as text[]), cast(:states as text[]),
    cast(:score_ids as uuid[]), cast(:reviews as date[]))
    as each (id, name, division, gc_uscc, gc_name, level, meaning, state, score_id, next_review_on)
where subject.subject_kind = :kind and subject.subject_id = each.id
"""

_VERSIONS = """
copy (
    select fact.subject_kind, fact.subject_id, fact.dataset, fact.key,
        (extract(epoch from fact.source_time) * 1000000)::bigint,
        (extract(epoch from fact.reported_at) * 1000000)::bigint,
        fact.receipt_id, fact.row_no, fact.agency, fact.body
    from scoring.fact join unnest(%(kinds)s::text[], %(ids)s::text[]) as each (kind, id)
        on fact.subject_kind = each.kind and fact.subject_id = each.id
    where fact.dataset = any(%(datasets)s::text[]) and fact.reported_at <= %(at)s
) to stdout (format csv)
"""

_DUE = """
select subject_kind, subject_id from scoring.subject
where subject_kind in ('employer', 'project') and (next_review_on <= :today or rules_version <> :rules_version)
order by next_review_on nulls last limit :most for update skip locked
"""


_FEED_TIMES = """
select dataset, max(source_time) as as_of, max(reported_at) as reported_at from scoring.fact
where subject_kind = :kind and subject_id = :id and body is not null group by dataset order by dataset
"""


@dataclass(frozen=True)
class Batch:
    """Records of one receipt as columns of equal length; `ids` are those of `kind`."""

    kind: str
    dataset: str
    agency: str
    receipt_id: UUID
    reported_at: datetime
    ids: list[str | None]
    keys: list[str]
    times: list[datetime]
    rows: list[int]
    bodies: list[str | None]


@dataclass(frozen=True)
class Span:
    """Lines of history: from a moment (inclusive) to another, and how many at most."""

    since: datetime | None
    until: datetime | None
    most: int


async def keep_facts(session: Session, batch: Batch, can_move: bool) -> set[Key]:
    """Keep the batch's versions once. Returns the subjects that something new is known of."""
    if can_move:
        # Two records that move at the same moment must see each other.
        await sql(session, _IN_ONE_LINE, dataset=batch.dataset)
    touched = await _keys(session, _KEEP, vars(batch))
    if can_move and touched:
        touched |= await _keys(session, _MOVE, {"dataset": batch.dataset, "keys": batch.keys})
    return touched


async def _keys(session: Session, statement: str, parameters: dict[str, Any]) -> set[Key]:
    found = await sql(session, statement, **parameters)
    return {(row["subject_kind"], row["subject_id"]) for row in found.mappings()}


async def keep_feed_report(session: Session, batch: Batch, day: date) -> None:
    """Note that the feed spoke on a day (of China), and how far back."""
    oldest = min(batch.times, default=batch.reported_at)
    origin = {"dataset": batch.dataset, "agency": batch.agency, "reported_at": batch.reported_at}
    await sql(session, _REPORT, day=day, oldest=oldest, **origin)


async def feeds(session: Session, datasets: Iterable[str], at: datetime) -> pl.DataFrame:
    """Per dataset and agency: the oldest record and the last day's report, as known at a time."""
    rows = (await sql(session, _FEEDS, datasets=list(datasets), at=at)).all()
    columns = ("dataset", "agency", "oldest", "reported_at")
    return pl.DataFrame([tuple(row) for row in rows], schema={name: FEEDS[name] for name in columns}, orient="row")


async def keep_links(
    session: Session, kind: str, projects: Sequence[str | None], aliases: Sequence[str | None]
) -> None:
    """Note which account or payroll belongs to which project."""
    await sql(session, _LINK, kind=kind, ids=list(projects), aliases=list(aliases))


async def projects_of(session: Session, aliases: Iterable[Key]) -> set[Key]:
    """The projects that some accounts or payrolls were named with."""
    found = await sql(session, _LINKED, **_columns(aliases))
    return {("project", subject) for subject in found.scalars()}


async def lock_subjects(session: Session, keys: Iterable[Key]) -> None:
    """Hold these subjects until the end of the transaction: facts read from now on include all that was committed."""
    await sql(session, _NAME, **_columns(keys))
    await sql(session, _LOCK, **_columns(keys))


def _columns(keys: Iterable[Key]) -> dict[str, list[str]]:
    ordered = sorted(keys)
    return {"kinds": [kind for kind, _ in ordered], "ids": [subject for _, subject in ordered]}


async def versions(
    session: Session, kind: Scored, ids: Sequence[str], datasets: Iterable[str], at: datetime
) -> pl.DataFrame:
    """Every version, reported by a time, of the records of these subjects and of their accounts and payrolls."""
    keys: set[Key] = {(kind, subject) for subject in ids}
    if kind == "project":
        keys |= await _keys(session, _ALIASES, {"ids": list(ids)})
    parameters = {**_columns(keys), "datasets": list(datasets), "at": at}
    text = await _copied(session, _VERSIONS, parameters)
    if not text:
        return pl.DataFrame(schema=VERSIONS)
    raw = {**VERSIONS, "source_time": pl.Int64(), "reported_at": pl.Int64()}
    table = pl.read_csv(io.BytesIO(text), has_header=False, new_columns=list(raw), schema=raw)
    moments = pl.from_epoch(pl.col("source_time", "reported_at"), time_unit="us").dt.replace_time_zone("UTC")
    return table.with_columns(moments)


async def _copied(session: Session, statement: str, parameters: dict[str, Any]) -> bytes:
    driver: AsyncConnection[Any] | None = (await (await session.connection()).get_raw_connection()).driver_connection
    if driver is None:
        raise RuntimeError("the session has no connection")
    async with driver.cursor() as cursor, cursor.copy(statement.encode(), parameters) as copy:
        return b"".join([bytes(block) async for block in copy])


async def subjects(session: Session, kind: Scored, ids: Iterable[str]) -> dict[str, Subject]:
    """These subjects as they stand."""
    wanted = select(Subject).where(col(Subject.subject_kind) == kind, col(Subject.subject_id).in_(list(ids)))
    return {subject.subject_id: subject for subject in (await session.exec(wanted)).all()}


async def settle(
    session: Session, kind: Scored, rules_version: str, at: datetime, columns: dict[str, list[Any]]
) -> None:
    """Write down how subjects stand now (columns as in _SETTLE)."""
    await sql(session, _SETTLE, kind=kind, rules_version=rules_version, at=at, **columns)


async def append_scores(session: Session, scores: list[dict[str, Any]]) -> None:
    """Add lines to the history."""
    if scores:
        await session.exec(insert(Score), params=scores)


async def due(session: Session, today: date, rules_version: str, most: int) -> set[Key]:
    """Some subjects whose state time or new rules may have changed, held until the end of the transaction."""
    return await _keys(session, _DUE, {"today": today, "rules_version": rules_version, "most": most})


async def keep_label(session: Session, label: Label) -> None:
    """Keep what was found, once."""
    if (
        await session.get(Label, (label.subject_id, label.subject_kind, label.alert_id, label.found_on, label.finding))
        is None
    ):
        session.add(label)


async def latest_score(session: Session, subject: Subject) -> Score | None:
    """The newest line of a subject's history."""
    if subject.score_id is None:
        return None
    return await session.get(Score, (subject.subject_id, subject.subject_kind, subject.score_id))


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


async def feed_times(session: Session, kind: str, subject_id: str) -> list[tuple[str, datetime, datetime]]:
    """Per dataset: the newest source time and the newest report about a subject."""
    rows = await sql(session, _FEED_TIMES, kind=kind, id=subject_id)
    return [(row["dataset"], row["as_of"], row["reported_at"]) for row in rows.mappings()]
