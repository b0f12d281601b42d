"""Facts move as columns, in and out by COPY. They are only ever added."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import polars as pl

from services.scoring.frames import FEEDS, RECORD, VERSIONS, Stopped, horizons
from services.scoring.rulebook import Dataset, Scored
from services.scoring.store.columns import MARK_SQL, marked, read, texts
from services.scoring.store.moves import keep_moved, move
from services.scoring.store.subjects import Key, as_columns, keys_of
from services.scoring.values import UTC_TIME
from shared.clock import SHANGHAI, local_date
from shared.db import Session, copy_in_binary, copy_out, copy_pieces, sql
from shared.pgbinary import Kind

_DELIVERED = """
insert into scoring.delivery (batch_id, receipt_id, dataset, agency, reported_at, records)
values (:batch_id, :receipt_id, :dataset, :agency, :reported_at, :records)
on conflict do nothing
"""

_KEEP = """
copy scoring.fact
    (subject_kind, subject_id, dataset, key, source_time, receipt_id, row_no, agency, reported_at, body)
from stdin (format binary)
"""
_KEPT = {
    "kind": Kind.TEXT,
    "id": Kind.TEXT,
    "dataset": Kind.TEXT,
    "key": Kind.TEXT,
    "source_time": Kind.TIMESTAMPTZ,
    "receipt_id": Kind.UUID,
    "row_no": Kind.INT4,
    "agency": Kind.TEXT,
    "reported_at": Kind.TIMESTAMPTZ,
    "body": Kind.JSONB,
}

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

_MONTH = """
insert into scoring.feed_month (dataset, agency, month, reported_at)
select :dataset, :agency, :month, cast(:reported_at as timestamptz)
where not exists (
    select from scoring.feed_month
    where dataset = :dataset and agency = :agency and month = :month and reported_at <= :reported_at
)
on conflict do nothing
"""

_FEEDS = """
select dataset, agency, min(oldest), max(reported_at),
    (select max(month) from scoring.feed_month told
        where told.dataset = feed.dataset and told.agency = feed.agency and told.reported_at < :today),
    (select case when told.state in ('late', 'silent', 'broken') then coalesce(told.last_at, told.since) end
        from scoring.feed_change told
        where told.dataset = feed.dataset and told.agency = feed.agency and told.changed_at <= :at
        order by told.change desc limit 1)
from scoring.feed_report feed
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

# So many subjects' records leave as one message.
_AT_ONCE = 50
# The order is that of frames.newest. Source time leads in it, so a horizon in source time hides every version of a
# record or shows the newest: no old one comes up again. What left a subject for another and came to it after all stands
# there without a body, too: the body counts. Many subjects' lines leave together: the driver spends more on a message
# than on what is in it. Mostly nothing was ever withdrawn, and then no row is looked up. Times leave as the eight bytes
# that they are: to make a number of one costs as much as to find it.
_NEWEST = f"""
copy (
    select told.lines
    from (select %(kinds)s::text[] as kinds, %(ids)s::text[] as ids offset 0) as wanted
    cross join generate_series(1, cardinality(wanted.ids), {_AT_ONCE}) as first (no)
    cross join lateral (
        select string_agg(concat_ws(',', each.kind, {marked("each.id")}, dataset, {marked("key")},
            timestamptz_send(source_time), timestamptz_send(reported_at), receipt_id, row_no, {marked("agency")},
            {MARK_SQL} || body::text || {MARK_SQL}), E'\\n') as lines
        from unnest(wanted.kinds[first.no : first.no + {_AT_ONCE - 1}],
            wanted.ids[first.no : first.no + {_AT_ONCE - 1}]) as each (kind, id)
        cross join lateral (
            select distinct on (fact.dataset, fact.key) fact.* from scoring.fact
            where fact.subject_id = each.id and fact.subject_kind = each.kind and fact.reported_at <= %(at)s
                and fact.source_time >= (%(since)s::timestamptz[])[
                    array_position(%(datasets)s::text[], fact.dataset)]
                and case when (select exists (select from scoring.withdrawn)) then not exists (
                    select from scoring.withdrawn gone where gone.receipt_id = fact.receipt_id
                        and gone.rows @> fact.row_no and gone.withdrawn_at <= %(at)s) else true end
            order by dataset desc, key desc, source_time desc, receipt_id desc, row_no desc, body is null
        ) as newest
        where body is not null
    ) as told
    where told.lines is not null
) to stdout (format binary)
"""  # noqa: S608 - of our own
_EVERY = _NEWEST.replace("distinct on (fact.dataset, fact.key)", "")
_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)


ROWS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "left": pl.String(),
    "key": pl.String(),
    "source_time": UTC_TIME,
    "row_no": pl.Int64(),
    "receipt_id": pl.String(),
    "body": pl.String(),
}


@dataclass(frozen=True)
class Batch:
    """Records that came together: `rows` as ROWS; ids are those of `kind`, null when not known.

    `receipt_id`: the receipt of them all, or the first of several.
    """

    batch_id: UUID
    kind: str
    dataset: str
    agency: str
    receipt_id: UUID
    reported_at: datetime
    rows: pl.DataFrame


async def keep_facts(session: Session, batch: Batch, can_move: bool) -> set[Key] | None:
    """Keep the batch's versions once. Returns the subjects they are about; None when the batch was here before."""
    if not await _is_new(session, batch):
        return None
    versions = _versions(batch)
    await copy_in_binary(session, _KEEP, versions, _KEPT)
    touched: set[Key] = {(batch.kind, subject) for subject in versions.get_column("id").unique().to_list()}
    if can_move:
        await keep_moved(session, batch.dataset, batch.rows.select("key", "id", "left"))
        touched |= await move(session, batch.dataset, batch.rows.get_column("key").to_list())
    return touched


async def _is_new(session: Session, batch: Batch) -> bool:
    about = {name: value for name, value in vars(batch).items() if name not in ("kind", "rows")}
    return bool((await sql(session, _DELIVERED, records=len(batch.rows), **about)).rowcount)


def _versions(batch: Batch) -> pl.DataFrame:
    """The batch as lines of scoring.fact, by subject: what lies together is read together."""
    return (
        batch.rows.filter(pl.col("id").is_not_null())
        .sort("id")
        .with_columns(
            pl.lit(batch.kind).alias("kind"),
            pl.lit(batch.dataset).alias("dataset"),
            pl.col("receipt_id").str.replace_all("-", "", literal=True),
            pl.lit(batch.agency).alias("agency"),
            pl.lit(batch.reported_at).dt.cast_time_unit("us").alias("reported_at"),
        )
    )


async def keep_feed_report(session: Session, batch: Batch, day: date) -> None:
    """Note that the feed spoke on a day (of China), and how far back."""
    oldest = batch.rows.get_column("source_time").min() or batch.reported_at
    origin = {"dataset": batch.dataset, "agency": batch.agency, "reported_at": batch.reported_at}
    await sql(session, _REPORT, day=day, oldest=oldest, **origin)


async def keep_feed_month(session: Session, batch: Batch, month: int) -> None:
    """Note that the feed has told of a month (as a count since year 0)."""
    origin = {"dataset": batch.dataset, "agency": batch.agency, "reported_at": batch.reported_at}
    await sql(session, _MONTH, month=month, **origin)


async def feeds(session: Session, datasets: Iterable[str], at: datetime) -> pl.DataFrame:
    """Per dataset and agency: the oldest record, the last report, the newest month, and since when it has been stopped.

    A month counts from the day after it was first told of: on the first day a feed may still be telling.
    """
    today = datetime.combine(local_date(at), time.min, tzinfo=SHANGHAI)
    rows = (await sql(session, _FEEDS, datasets=list(datasets), at=at, today=today)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=FEEDS, orient="row")


async def keep_links(
    session: Session, kind: str, projects: Sequence[str | None], aliases: Sequence[str | None]
) -> None:
    """Note which account or payroll belongs to which project."""
    await sql(session, _LINK, kind=kind, ids=list(projects), aliases=list(aliases))


async def projects_of(session: Session, aliases: Iterable[Key]) -> set[Key]:
    """The projects that some accounts or payrolls were named with."""
    found = await sql(session, _LINKED, **as_columns(aliases))
    return {("project", subject) for subject in found.scalars()}


async def newest(
    session: Session,
    kind: Scored,
    ids: Sequence[str],
    datasets: Mapping[str, Dataset],
    at: datetime,
    *,
    stopped: Stopped | None = None,
) -> pl.DataFrame:
    """The records of these subjects and of their accounts and payrolls: of each the newest version known at a time.

    Records beyond the horizon of their dataset stay where they are.
    """
    return await _versions_of(session, _NEWEST, (kind, ids), datasets, at=at, stopped=stopped)


async def histories(
    session: Session,
    kind: Scored,
    ids: Sequence[str],
    datasets: Mapping[str, Dataset],
    *,
    at: datetime,
    known: pl.DataFrame,
) -> pl.DataFrame:
    """Every version known at a time, also those that were replaced, of the records that `known` (newest) holds."""
    told = await _versions_of(session, _EVERY, (kind, ids), datasets, at=at)
    return told.join(known, on=RECORD, how="semi")


async def _versions_of(
    session: Session,
    statement: str,
    subjects: tuple[Scored, Sequence[str]],
    datasets: Mapping[str, Dataset],
    *,
    at: datetime,
    stopped: Stopped | None = None,
) -> pl.DataFrame:
    kind, ids = subjects
    aliases = await keys_of(session, _ALIASES, {"ids": list(ids)}) if kind == "project" else set()
    whose = pl.DataFrame({"id": pl.Series(ids, dtype=pl.String)}).unique(maintain_order=True)
    kinds = [kind] * whose.height + [each for each, _ in aliases]
    every = [*whose["id"], *(alias for _, alias in aliases)]
    parameters = {"kinds": texts(kinds), "ids": texts(every), **_seen(datasets, at, stopped), "at": at}
    return read(b"\n".join(await copy_pieces(session, statement, parameters)), VERSIONS)


async def copied_table(
    session: Session, statement: str, parameters: dict[str, Any], schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """What a `copy .. to stdout (format csv)` gives, in these types (see `table_of`)."""
    return table_of(await copy_out(session, statement, parameters), schema)


def table_of(text: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Lines of CSV in these types; moments are microseconds since 1970 UTC."""
    if not text:
        return pl.DataFrame(schema=schema)
    moments = [name for name, kind in schema.items() if kind == UTC_TIME]
    raw = {**schema, **dict.fromkeys(moments, pl.Int64())}
    table = pl.read_csv(io.BytesIO(text), has_header=False, new_columns=list(raw), schema=raw)
    return table.with_columns(pl.from_epoch(pl.col(moments), time_unit="us").dt.replace_time_zone("UTC"))


def _seen(datasets: Mapping[str, Dataset], at: datetime, stopped: Stopped | None) -> dict[str, list[Any]]:
    """The datasets, and from when on each of them counts."""
    since = horizons(datasets, at, stopped)
    return {"datasets": list(datasets), "since": [since.get(code, _ALWAYS) for code in datasets]}
