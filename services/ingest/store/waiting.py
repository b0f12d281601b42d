"""Good records whose subject is not known yet."""

from uuid import UUID

import polars as pl

from services.ingest.catalogue import Subject
from services.ingest.store.columns import COMPARED, arrays
from services.ingest.validation import ROW
from shared.db import Session, sql

# ruff: noqa: S608 - the statements are put together from texts of our own
_KEEP_UNMATCHED = (
    COMPARED.format(table="unmatched")
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

_ANY_WAIT = "select exists (select from ingest.unmatched where dataset = :dataset)"

_DROP_MATCHED = """
delete from ingest.unmatched waiting
using unnest(cast(:keys as uuid[]), cast(:times as timestamptz[])) as given(key, source_time)
where waiting.key = given.key and waiting.source_time <= given.source_time
"""


async def keep_unmatched(
    session: Session, rows: pl.DataFrame, subject: Subject, *, dataset: str, receipt_id: UUID
) -> None:
    """Keep good records whose subject is not known: their items, and the name they give for it."""
    if rows.is_empty():
        return
    items = [name for name in rows.columns if not name.startswith("#")]
    named = pl.col(subject.name) if subject.name and subject.name in items else pl.lit(None, dtype=pl.String)
    records = rows.select(pl.col(ROW).alias("row"), named.alias("name"), pl.struct(items).alias("record")).write_json()
    await sql(session, _KEEP_UNMATCHED, dataset=dataset, receipt_id=receipt_id, records=records, **arrays(rows))


async def drop_matched(session: Session, rows: pl.DataFrame, dataset: str) -> None:
    """Records that have found their subject wait no longer; a state newer than the one that has waits on."""
    if rows.is_empty() or not (await sql(session, _ANY_WAIT, dataset=dataset)).scalar_one():
        return
    told = arrays(rows)
    await sql(session, _DROP_MATCHED, keys=told["keys"], times=told["times"])
