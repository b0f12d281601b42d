"""The newest known state of each record."""

from dataclasses import dataclass
from uuid import UUID

import polars as pl

from services.ingest.store.columns import COMPARED, arrays
from shared.db import Session, sql

# ruff: noqa: S608 - the statements are put together from texts of our own
_MERGE = (
    COMPARED.format(table="head")
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


@dataclass(frozen=True)
class Merged:
    """Row numbers: `kept` changed a head; `older` came after a newer state of the same record."""

    kept: list[int]
    older: list[int]


async def merge(session: Session, rows: pl.DataFrame, dataset: str, receipt_id: UUID) -> Merged:
    """Let the newest state of each record win. `rows`: ROW, KEY_HASH, ROW_HASH, SOURCE_TIME."""
    if rows.is_empty():
        return Merged([], [])
    found = (await sql(session, _MERGE, dataset=dataset, receipt_id=receipt_id, **arrays(rows))).one()
    return Merged(found.kept or [], found.older or [])
