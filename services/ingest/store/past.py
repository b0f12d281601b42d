"""States of records that are not the newest: a trigger on `head` keeps what was replaced, we what came late."""

from uuid import UUID

import polars as pl

from services.ingest.store.columns import arrays
from shared.db import Session, sql

_KEEP_LATE = """
insert into ingest.past_state (key, row_hash, source_time, receipt_id, row_no)
select key, row_hash, source_time, :receipt_id, row_no
from unnest(
    cast(:rows as int[]), cast(:keys as uuid[]), cast(:hashes as uuid[]), cast(:times as timestamptz[])
) as given(row_no, key, row_hash, source_time)
where not exists (
    select from ingest.past_state past
    where past.key = given.key and past.row_hash = given.row_hash and past.source_time = given.source_time
)
on conflict do nothing
returning row_no
"""


async def keep_late(session: Session, rows: pl.DataFrame, receipt_id: UUID) -> list[int]:
    """Keep states that came after a newer one (columns as for heads.merge). Returns the row numbers of the unknown."""
    if rows.is_empty():
        return []
    kept = await sql(session, _KEEP_LATE, receipt_id=receipt_id, **arrays(rows))
    return list(kept.scalars())
