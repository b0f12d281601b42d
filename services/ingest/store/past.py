"""States of records that are not the newest: a trigger on `head` keeps what was replaced, we what came late."""

from uuid import UUID

import polars as pl

from services.ingest.batches import KEY_HASH
from services.ingest.matching import SUBJECT
from services.ingest.store.columns import arrays
from shared.db import Session, sql
from shared.pgbinary import uuids

_KEEP_LATE = """
insert into ingest.past_state (key, subject, row_hash, source_time, receipt_id, row_no)
select key, subject, row_hash, source_time, :receipt_id, row_no
from unnest(
    cast(:rows as int[]), cast(:keys as uuid[]), cast(:hashes as uuid[]), cast(:times as timestamptz[]),
    cast(:subjects as text[])
) as given(row_no, key, row_hash, source_time, subject)
where not exists (
    select from ingest.past_state past
    where past.key = given.key and past.row_hash = given.row_hash and past.source_time = given.source_time
) and exists (
    select from ingest.head where head.key = given.key and (head.source_time, head.receipt_id, head.row_no)
        > (given.source_time, cast(:receipt_id as uuid), given.row_no)
)
on conflict do nothing
returning row_no
"""

# A correction stands in place of whatever was handed in up to the receipt that it corrects.
_SAID_UNTIL = """
select given.key, max(said.source_time) as source_time
from unnest(cast(:keys as uuid[])) as given(key) cross join lateral (
    select source_time from ingest.head where key = given.key and receipt_id <= :corrects
    union all
    select source_time from ingest.past_state where key = given.key and receipt_id <= :corrects
    union all
    select source_time from ingest.unmatched where key = given.key and receipt_id <= :corrects
    union all
    select source_time from ingest.past_unmatched where key = given.key and receipt_id <= :corrects
) as said
group by given.key
"""
_SAID_SCHEMA = {KEY_HASH: pl.String(), "said": pl.Datetime("us", "UTC")}

_NEWS = """
select given.row_no from unnest(
    cast(:rows as int[]), cast(:keys as uuid[]), cast(:hashes as uuid[]), cast(:times as timestamptz[])
) as given(row_no, key, row_hash, source_time)
left join lateral (select row_hash from ingest.head where head.key = given.key limit 1) head on true
left join lateral (select row_hash from ingest.unmatched known where known.key = given.key limit 1) waiting on true
where given.row_hash is distinct from head.row_hash and given.row_hash is distinct from waiting.row_hash
"""


async def keep_late(session: Session, rows: pl.DataFrame, receipt_id: UUID) -> list[int]:
    """Keep states that came after a newer one, or beside it (columns as for heads.merge).

    Not those that are newer than what stands: the row that outdid them told nothing new. Returns the row numbers of
    those that nobody knew of.
    """
    if rows.is_empty():
        return []
    kept = await sql(
        session, _KEEP_LATE, receipt_id=receipt_id, subjects=rows.get_column(SUBJECT).to_list(), **arrays(rows)
    )
    return list(kept.scalars())


async def said_until(session: Session, keys: pl.Series, corrects: UUID) -> pl.DataFrame:
    """Of these records, the newest source time (KEY_HASH, said) of what was handed in up to a receipt."""
    found = await sql(session, _SAID_UNTIL, keys=uuids(keys), corrects=corrects)
    return pl.DataFrame([(row.key.hex, row.source_time) for row in found], schema=_SAID_SCHEMA, orient="row")


async def news(session: Session, rows: pl.DataFrame) -> list[int]:
    """The row numbers of those (columns as for heads.merge) that say something else than what is known."""
    if rows.is_empty():
        return []
    return list((await sql(session, _NEWS, **arrays(rows))).scalars())
