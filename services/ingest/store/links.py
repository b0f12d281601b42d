"""Links from a clue to a subject, and the records that found theirs by one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import polars as pl
from sqlmodel import col, select

from services.ingest.models import Link
from services.ingest.store.registry import as_json
from shared.db import Session, sql
from shared.ids import new_id

# The update changes nothing: it returns the link that is there already.
_LINKS = """
insert into ingest.link (link_id, method, kind, scope, value, division, subject_id, made_at, made_by)
select link_id, method, kind, scope, value, '', subject_id, :at, 'system'
from jsonb_to_recordset(cast(:links as jsonb))
    as given (link_id uuid, method text, kind text, scope text, value text, subject_id text)
order by kind, scope, value, subject_id
on conflict (kind, scope, value, subject_id) where method <> 'manual' and undone_at is null
do update set method = link.method
returning link_id::text, kind, scope, value, subject_id
"""

# Each state of a record by itself, the older ones aside: an undone link takes back those that it led astray, no others.
_KEEP_LINKED = """
with given as materialized (
    select key, link_id, merger_id, subject_id, method, :dataset as dataset, :agency as agency, natural_key, at,
        written, name, row_hash, source_time, cast(:receipt_id as uuid) as receipt_id, row_no, record
    from jsonb_to_recordset(cast(:rows as jsonb)) as given (key uuid, link_id uuid, merger_id uuid, subject_id text,
        method text, natural_key text, at timestamptz, written text, name text, row_hash uuid, source_time timestamptz,
        row_no int, record jsonb)
), newest as (
    select distinct on (key) * from given order by key, source_time desc, row_no desc
), older as (
    insert into ingest.past_linked
    select given.* from given join newest using (key) left join ingest.linked held using (key)
    where given.row_no <> newest.row_no
        or (held.source_time, held.receipt_id) > (given.source_time, given.receipt_id)
    order by given.key
    on conflict do nothing
)
insert into ingest.linked as held select * from newest order by key
on conflict (key) do update set link_id = excluded.link_id, merger_id = excluded.merger_id,
    subject_id = excluded.subject_id, method = excluded.method, at = excluded.at, written = excluded.written,
    name = excluded.name, row_hash = excluded.row_hash, source_time = excluded.source_time,
    receipt_id = excluded.receipt_id, row_no = excluded.row_no, record = excluded.record
where (held.source_time, held.receipt_id) <= (excluded.source_time, excluded.receipt_id)
"""

_LINK_AND_MERGER_COUNT = """
select link_id, count(distinct key) as records from (
    select link_id, key from ingest.linked_state where link_id = any(cast(:links as uuid[]))
    union all select merger_id, key from ingest.linked_state where merger_id = any(cast(:links as uuid[]))
) as each group by link_id
"""

# States that an undone link holds: the newest of a record waits again, an older one would if the newer were taken back.
_TAKE_BACK = """
with undone as (
    select link_id from ingest.link where undone_at is not null and not is_emptied order by link_id
    limit 1 for update skip locked
), held as (
    select linked.key, linked.receipt_id, linked.row_no
    from undone join ingest.linked_state linked on undone.link_id in (linked.link_id, linked.merger_id)
    order by linked.key, linked.receipt_id, linked.row_no limit :most
), newer as (
    delete from ingest.linked using held
    where (linked.key, linked.receipt_id, linked.row_no) = (held.key, held.receipt_id, held.row_no)
    returning linked.*
), older as (
    delete from ingest.past_linked linked using held
    where (linked.key, linked.receipt_id, linked.row_no) = (held.key, held.receipt_id, held.row_no)
    returning linked.*
), taken as (
    select * from newer union all select * from older
), current as (
    delete from ingest.head using taken
    where (head.key, head.receipt_id, head.row_no) = (taken.key, taken.receipt_id, taken.row_no)
    returning head.key, head.receipt_id, head.row_no
), past as (
    delete from ingest.past_state past using taken
    where (past.key, past.receipt_id, past.row_no) = (taken.key, taken.receipt_id, taken.row_no)
    returning past.key, past.receipt_id, past.row_no
), newest as materialized (
    -- What a subject loses of a record is told once, with its newest state: that covers the older ones. It would cover
    -- one of the same moment, too, that stands there rightly.
    select distinct on (taken.key, taken.subject_id) taken.*
    from taken join (select * from current union all select * from past) as stood using (key, receipt_id, row_no)
    where not exists (
        select from ingest.head where head.key = taken.key and head.subject = taken.subject_id
            and head.source_time = taken.source_time
            and (head.receipt_id, head.row_no) <> (taken.receipt_id, taken.row_no)
    )
    order by taken.key, taken.subject_id, taken.source_time desc, taken.receipt_id desc, taken.row_no desc
), noted as (
    insert into ingest.unlinked (key, subject_id, undo_id, row_no)
    select key, subject_id, :undo_id, row_number() over (order by key, subject_id) from newest
    returning key, subject_id, row_no as place
), waiting as (
    insert into ingest.unmatched as held (key, dataset, row_hash, source_time, receipt_id, row_no, name, record,
        natural_key, agency, at, written)
    select key, dataset, row_hash, source_time, receipt_id, row_no, name, record, natural_key, agency, at, written
    from taken join current using (key, receipt_id, row_no) order by key
    on conflict (key) do update set row_hash = excluded.row_hash, source_time = excluded.source_time,
        receipt_id = excluded.receipt_id, row_no = excluded.row_no, name = excluded.name, record = excluded.record,
        natural_key = excluded.natural_key, agency = excluded.agency, at = excluded.at, written = excluded.written,
        question_id = null
    where (held.source_time, held.receipt_id, held.row_no)
        < (excluded.source_time, excluded.receipt_id, excluded.row_no)
    returning held.key, held.receipt_id, held.row_no
), hidden as (
    insert into ingest.past_unmatched (key, dataset, row_hash, source_time, receipt_id, row_no, name, record,
        natural_key, agency, at, written)
    select key, dataset, row_hash, source_time, receipt_id, row_no, name, record, natural_key, agency, at, written
    from taken join (
        select * from past union all (select * from current except select * from waiting)
    ) as behind using (key, receipt_id, row_no) order by key
    on conflict do nothing
), emptied as (
    update ingest.link set is_emptied = true from undone
    where link.link_id = undone.link_id and (select count(*) from held) < :most
)
select undone.link_id, taken.key::text, newest.dataset, newest.agency, newest.subject_id, newest.natural_key,
    noted.place, newest.source_time
from undone left join (select distinct key, subject_id from taken) as taken on true
left join (newest join noted using (key, subject_id)) using (key, subject_id)
"""
TAKEN: dict[str, pl.DataType] = {
    "key": pl.String(),
    "dataset": pl.String(),
    "agency": pl.String(),
    "subject_id": pl.String(),
    "natural_key": pl.String(),
    "row_no": pl.Int64(),
    "source_time": pl.Datetime("us", "UTC"),
}


async def own_links(session: Session, decided: pl.DataFrame, subject: str, at: datetime) -> pl.DataFrame:
    """The decisions (DECIDED) with the id of a link each: a person's, or one of our own, made if it is new."""
    mine = decided.filter(pl.col("link_id").is_null())
    if mine.is_empty():
        return decided
    distinct = mine.select("method", "kind", "scope", "value", subject_id=subject).unique(
        ["kind", "scope", "value", "subject_id"], maintain_order=True
    )
    ids = pl.Series("link_id", [str(new_id()) for _ in range(len(distinct))])
    found = await sql(session, _LINKS, links=as_json(distinct.with_columns(ids)), at=at)
    names = ["own_id", "kind", "scope", "value", subject]
    made = pl.DataFrame([tuple(row) for row in found], schema=dict.fromkeys(names, pl.String), orient="row")
    joined = decided.join(made, on=["kind", "scope", "value", subject], how="left")
    return joined.with_columns(pl.coalesce("link_id", "own_id").alias("link_id")).drop("own_id")


async def keep_linked(session: Session, rows: pl.DataFrame, dataset: str, agency: str, receipt_id: UUID) -> None:
    """Keep how records found their subject, and what they say."""
    if len(rows):
        await sql(session, _KEEP_LINKED, rows=as_json(rows), dataset=dataset, agency=agency, receipt_id=receipt_id)


async def link_for_update(session: Session, link_id: UUID) -> Link | None:
    """A link, held until the end of the transaction."""
    return (await session.exec(select(Link).where(col(Link.link_id) == link_id).with_for_update())).first()


async def links_page(
    session: Session, district: str, *, subject: str | None, method: str | None, after: UUID | None, limit: int
) -> Sequence[Link]:
    """Links of a district or of none, the newest first."""
    mine = select(Link).where(col(Link.division).in_(("", district)))
    wanted = mine.order_by(col(Link.link_id).desc()).limit(limit)
    if subject:
        wanted = wanted.where(col(Link.subject_id) == subject)
    if method:
        wanted = wanted.where(col(Link.method) == method)
    if after:
        wanted = wanted.where(col(Link.link_id) < after)
    return (await session.exec(wanted)).all()


async def records_of(session: Session, links: Sequence[UUID]) -> dict[UUID, int]:
    """How many records each link has led to its subject."""
    found = await sql(session, _LINK_AND_MERGER_COUNT, links=list(links))
    return {row.link_id: row.records for row in found}


async def take_back(session: Session, undo_id: UUID, most: int) -> tuple[bool, pl.DataFrame]:
    """Let up to `most` states of one undone link wait again, or hide. Whether there was such a link, and TAKEN.

    Nothing but the key is told of a record that its subject loses nothing of.
    """
    found = [tuple(row) for row in await sql(session, _TAKE_BACK, undo_id=undo_id, most=most)]
    taken = pl.DataFrame([row[1:] for row in found if row[1]], schema=TAKEN, orient="row")
    return bool(found), taken
