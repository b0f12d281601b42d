"""Every SQL statement of ingest. Bulk statements take whole columns, as array literals: one round trip a batch."""

from dataclasses import dataclass
from uuid import UUID

import polars as pl
from sqlmodel import col, select

from services.ingest.batches import KEY_HASH, ROW_HASH, SOURCE_TIME
from services.ingest.catalogue import Subject
from services.ingest.models import Receipt, SubmissionKey
from services.ingest.sealing import SealedBody
from services.ingest.validation import ROW
from shared.db import Session, sql

# The newest source time wins, whatever order it arrives in; at the same source time the newest receipt, and within
# a file the later row. `order by key` gives every transaction the same order of locks.
_COMPARED = """
with given as (
    select * from unnest(
        cast(:rows as int[]), cast(:keys as uuid[]), cast(:hashes as uuid[]), cast(:times as timestamptz[])
    ) as given(row_no, key, row_hash, source_time)
), newest as (
    select distinct on (key) row_no, key, row_hash, source_time from given
    order by key, source_time desc, row_no desc
), compared as materialized (
    select newest.*, held.row_hash as held_hash,
        (held.source_time, held.receipt_id) > (newest.source_time, cast(:receipt_id as uuid)) as is_older
    from newest left join ingest.{table} held using (key)
)
"""

# ruff: noqa: S608 - the statements are put together from texts of our own
_MERGE = (
    _COMPARED.format(table="head")
    + """, kept as (
    insert into ingest.head as held (key, dataset, row_hash, source_time, receipt_id, row_no)
    select key, :dataset, row_hash, source_time, :receipt_id, row_no from compared
    where held_hash is null or (held_hash <> row_hash and not is_older)
    order by key
    on conflict (key) do update set row_hash = excluded.row_hash, source_time = excluded.source_time,
        receipt_id = excluded.receipt_id, row_no = excluded.row_no
    where held.row_hash <> excluded.row_hash
        and (held.source_time, held.receipt_id) <= (excluded.source_time, excluded.receipt_id)
    returning row_no
)
select (select array_agg(row_no) from kept) as kept,
    (select array_agg(row_no) from compared where held_hash <> row_hash and is_older) as older
"""
)

_KEEP_UNMATCHED = (
    _COMPARED.format(table="unmatched")
    + """, records as (
    select (line ->> 'row')::int as row_no, line ->> 'name' as name, line -> 'record' as record
    from jsonb_array_elements(cast(:records as jsonb)) as line
)
insert into ingest.unmatched as held (key, dataset, row_hash, source_time, receipt_id, row_no, name, record)
select key, :dataset, row_hash, source_time, :receipt_id, row_no, name, record
from compared join records using (row_no)
where held_hash is null or (held_hash <> row_hash and not is_older)
order by key
on conflict (key) do update set row_hash = excluded.row_hash, source_time = excluded.source_time,
    receipt_id = excluded.receipt_id, row_no = excluded.row_no, name = excluded.name, record = excluded.record
where (held.source_time, held.receipt_id) <= (excluded.source_time, excluded.receipt_id)
"""
)

_DROP_MATCHED = "delete from ingest.unmatched where key = any(cast(:keys as uuid[]))"

_KEEP_FAULTS = """
insert into ingest.fault (receipt_id, row_no, item, code)
select :receipt_id, row_no, item, code from unnest(
    cast(:rows as int[]), cast(:items as text[]), cast(:codes as text[])
) as fault(row_no, item, code)
"""

_KEEP_IDENTITIES = """
insert into ingest.identity (pseudonym, purpose, sealed)
select * from unnest(cast(:pseudonyms as text[]), cast(:purposes as text[]), cast(:sealed as text[])) as given(p, u, s)
order by p
on conflict do nothing
"""

_KEEP_BODY = """
insert into ingest.body (sha256, content, sealed_key, bytes) values (:sha256, :content, :sealed_key, :bytes)
on conflict do nothing
"""

_CLAIM_KEY = """
insert into ingest.submission_key (agency, key, receipt_id, dataset, sha256)
values (:agency, :key, :receipt_id, :dataset, :sha256)
on conflict do nothing
"""

_FAULTS = """
select id, row_no as row, item, code from ingest.fault
where receipt_id = :receipt_id and id > :after and (:with_notes or code <> 'superseded')
order by id limit :limit
"""
_FAULT_SCHEMA = {"id": pl.Int64, "row": pl.Int64, "item": pl.String, "code": pl.String}


@dataclass(frozen=True)
class Merged:
    """Row numbers: `kept` changed a head; `older` came after a newer state of the same record."""

    kept: list[int]
    older: list[int]


async def claim_key(session: Session, claim: SubmissionKey) -> SubmissionKey | None:
    """Take the key for this submission. Returns None when it is ours, or who took it before.

    Of two at the same time, the second waits here until the first has committed or given up.
    """
    taken = await sql(session, _CLAIM_KEY, **claim.model_dump())
    if taken.rowcount:
        return None
    return await session.get(SubmissionKey, (claim.agency, claim.key))


async def receipt(session: Session, receipt_id: UUID) -> Receipt | None:
    """The receipt of that id."""
    return (await session.exec(select(Receipt).where(col(Receipt.receipt_id) == receipt_id))).first()


async def merge(session: Session, rows: pl.DataFrame, dataset: str, receipt_id: UUID) -> Merged:
    """Let the newest state of each record win. `rows`: ROW, KEY_HASH, ROW_HASH, SOURCE_TIME."""
    if rows.is_empty():
        return Merged([], [])
    found = (await sql(session, _MERGE, dataset=dataset, receipt_id=receipt_id, **_arrays(rows))).one()
    return Merged(found.kept or [], found.older or [])


async def keep_unmatched(
    session: Session, rows: pl.DataFrame, subject: Subject, *, dataset: str, receipt_id: UUID
) -> None:
    """Keep good records whose subject is not known: their items, and the name they give for it."""
    if rows.is_empty():
        return
    items = [name for name in rows.columns if not name.startswith("#")]
    named = pl.col(subject.name) if subject.name and subject.name in items else pl.lit(None, dtype=pl.String)
    records = rows.select(pl.col(ROW).alias("row"), named.alias("name"), pl.struct(items).alias("record")).write_json()
    await sql(session, _KEEP_UNMATCHED, dataset=dataset, receipt_id=receipt_id, records=records, **_arrays(rows))


async def drop_matched(session: Session, keys: pl.Series) -> None:
    """Records that have found their subject wait no longer."""
    if keys.is_empty():
        return
    await sql(session, _DROP_MATCHED, keys=_literal(keys))


async def keep_faults(session: Session, faults: pl.DataFrame, receipt_id: UUID) -> None:
    """Keep every fault (row, item, code), in the order of the rows."""
    if faults.is_empty():
        return
    await sql(
        session,
        _KEEP_FAULTS,
        receipt_id=receipt_id,
        rows=_literal(faults.get_column("row")),
        items=_quoted(faults.get_column("item")),
        codes=_literal(faults.get_column("code")),
    )


async def keep_identities(session: Session, identities: pl.DataFrame) -> None:
    """Keep the way back from pseudonyms; one that is known stays as it was."""
    if identities.is_empty():
        return
    columns = {name: _literal(identities.get_column(name)) for name in ("pseudonym", "purpose", "sealed")}
    await sql(
        session,
        _KEEP_IDENTITIES,
        pseudonyms=columns["pseudonym"],
        purposes=columns["purpose"],
        sealed=columns["sealed"],
    )


async def keep_body(session: Session, body: SealedBody) -> None:
    """Keep what was handed in, once."""
    await sql(
        session,
        _KEEP_BODY,
        sha256=body.sha256,
        content=body.content,
        sealed_key=body.sealed_key,
        bytes=body.bytes,
    )


async def faults(session: Session, receipt_id: UUID, after: int, limit: int, with_notes: bool) -> pl.DataFrame:
    """A page of faults (id, row, item, code) after an id; notes tell of rows that only came too late."""
    found = await sql(session, _FAULTS, receipt_id=receipt_id, after=after, limit=limit, with_notes=with_notes)
    return pl.DataFrame([tuple(row) for row in found], schema=_FAULT_SCHEMA, orient="row")


def _arrays(rows: pl.DataFrame) -> dict[str, str]:
    return {
        "rows": _literal(rows.get_column(ROW)),
        "keys": _literal(rows.get_column(KEY_HASH)),
        "hashes": _literal(rows.get_column(ROW_HASH)),
        "times": _literal(rows.get_column(SOURCE_TIME).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")),
    }


def _literal(column: pl.Series) -> str:
    """A PostgreSQL array literal of values that need no quotes: numbers, hex, names of our own."""
    return "{" + ",".join(column.cast(pl.String).to_list()) + "}"


def _quoted(column: pl.Series) -> str:
    """The same, with quotes: an empty text stays a text."""
    return _literal('"' + column + '"')
