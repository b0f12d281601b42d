"""Good records whose subject is not known yet."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import polars as pl

from services.ingest.catalogue import Subject
from services.ingest.rules import RowRange
from services.ingest.store.columns import arrays
from services.ingest.store.withdrawals import multirange
from services.ingest.validation import ROW
from shared.db import Session, sql

# The newest source time wins, whatever order it arrives in; at the same source time the newest receipt, and within
# a file the later row. What is outdone is past. `order by key` gives every transaction the same order of locks.
_KEEP_UNMATCHED = """
with given as materialized (
    select * from unnest(
        cast(:rows as int[]), cast(:keys as uuid[]), cast(:hashes as uuid[]), cast(:times as timestamptz[])
    ) as given (row_no, key, row_hash, source_time) join (
        select (line ->> 'row')::int as row_no, line ->> 'name' as name, line -> 'record' as record
        from jsonb_array_elements(cast(:records as jsonb)) as line
    ) as records using (row_no)
), newest as (
    select distinct on (key) * from given order by key, source_time desc, row_no desc
), compared as materialized (
    select newest.*, held.row_hash as held_hash,
        (held.source_time, held.receipt_id) > (newest.source_time, cast(:receipt_id as uuid)) as is_older
    from newest
    left join lateral (select * from ingest.unmatched known where known.key = newest.key limit 1) held on true
), outdone as (
    insert into ingest.past_unmatched (key, dataset, row_hash, source_time, receipt_id, row_no, name, record)
    select given.key, :dataset, given.row_hash, given.source_time, :receipt_id, given.row_no, given.name, given.record
    from given join compared using (key)
    where (given.row_hash <> compared.row_hash
            or (given.row_no = compared.row_no and is_older and held_hash <> compared.row_hash))
        and not exists (
            select from ingest.past_unmatched past where past.key = given.key and past.row_hash = given.row_hash
                and past.source_time = given.source_time
        )
    order by given.key
    on conflict do nothing
)
insert into ingest.unmatched as held (key, dataset, row_hash, source_time, receipt_id, row_no, name, record)
select key, :dataset, row_hash, source_time, :receipt_id, row_no, name, record from compared
where held_hash is null or (held_hash <> row_hash and not is_older)
order by key
on conflict (key) do update set row_hash = excluded.row_hash, source_time = excluded.source_time,
    receipt_id = excluded.receipt_id, row_no = excluded.row_no, name = excluded.name, record = excluded.record
where (held.source_time, held.receipt_id) <= (excluded.source_time, excluded.receipt_id)
"""

_ANY_WAIT = "select exists (select from ingest.unmatched where dataset = :dataset)"

_DROP_MATCHED = """
with gone as (
    delete from ingest.unmatched waiting
    using unnest(cast(:keys as uuid[]), cast(:times as timestamptz[])) as given(key, source_time)
    where waiting.key = given.key and waiting.source_time <= given.source_time
    returning waiting.*
)
insert into ingest.past_unmatched select * from gone on conflict do nothing
"""

_FORGET_PAST = """
delete from ingest.past_unmatched where ctid in (
    select past.ctid from unnest(cast(:datasets as text[]), cast(:cutoffs as timestamptz[])) as due (dataset, cutoff)
    join ingest.past_unmatched past using (dataset) join ingest.receipt using (receipt_id)
    where receipt.reported_at < due.cutoff limit :most
) returning key
"""

_HIDDEN = """
with gone as materialized (
    select key from ingest.head where receipt_id = :receipt_id and cast(:rows as int4multirange) @> row_no
    union
    select key from ingest.unmatched where receipt_id = :receipt_id and cast(:rows as int4multirange) @> row_no
)
select key from gone where exists (select from ingest.past_unmatched past where past.key = gone.key)
"""

# Unless something newer of the record stands, or waits.
_WAIT_AGAIN = """
with newest as (
    select distinct on (key) * from ingest.past_unmatched where key = any(cast(:keys as uuid[]))
    order by key, source_time desc, receipt_id desc, row_no desc
), bare as materialized (
    select newest.* from newest where not exists (select from ingest.unmatched held where held.key = newest.key)
        and not exists (
            select from ingest.head where head.key = newest.key and (head.source_time, head.receipt_id, head.row_no)
                > (newest.source_time, newest.receipt_id, newest.row_no)
        )
), gone as (
    delete from ingest.past_unmatched past using bare where (past.key, past.source_time, past.receipt_id, past.row_no)
        = (bare.key, bare.source_time, bare.receipt_id, bare.row_no)
), again as (
    insert into ingest.unmatched select * from bare order by key
)
update ingest.question set due_after = '00000000-0000-0000-0000-000000000000'
from bare where question.question_id = bare.question_id
"""


async def keep_unmatched(
    session: Session, rows: pl.DataFrame, subject: Subject, *, dataset: str, receipt_id: UUID
) -> None:
    """Keep good records whose subject is not known: their items, and the name they give for it.

    Of several states of a record the newest waits; the others are kept for when it is taken back.
    """
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


async def hidden_behind(session: Session, receipt_id: UUID, rows: list[RowRange]) -> list[UUID]:
    """Records that waited once, of which a newer state is among these rows of a receipt."""
    return list((await sql(session, _HIDDEN, receipt_id=receipt_id, rows=multirange(rows))).scalars())


async def wait_again(session: Session, keys: list[UUID]) -> None:
    """Let the newest state that is left of these records wait again, unless something newer of it stands."""
    if keys:
        await sql(session, _WAIT_AGAIN, keys=keys)


async def forget_past(session: Session, cutoffs: Mapping[str, datetime], most: int) -> int:
    """Give up states that others outdid and that were reported before their dataset's cutoff, at most so many."""
    due = {"datasets": list(cutoffs), "cutoffs": list(cutoffs.values())}
    return len((await sql(session, _FORGET_PAST, most=most, **due)).all())
