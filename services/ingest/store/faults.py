"""Every fault of every row; never a value."""

from uuid import UUID

import polars as pl

from services.ingest.store.columns import literal, quoted
from services.ingest.store.heads import Whose
from shared.db import Session, sql

# What happened to a row with which nothing is wrong.
NOTES = ("superseded", "corrected", "nothing_corrected", "outside_list")

_KEEP_FAULTS = """
insert into ingest.fault (receipt_id, row_no, item, code)
select (cast(:receipts as uuid[]))[place], row_no - (cast(:before as int[]))[place], item, code
from unnest(cast(:rows as int[]), cast(:items as text[]), cast(:codes as text[])) as fault(row_no, item, code)
cross join lateral width_bucket(row_no - 1, cast(:before as int[])) as place
"""

_FAULTS = """
select id, row_no as row, item, code from ingest.fault
where receipt_id = :receipt_id and id > :after and (:with_notes or code <> all(:notes))
order by id limit :limit
"""
_FAULT_SCHEMA = {"id": pl.Int64, "row": pl.Int64, "item": pl.String, "code": pl.String}


async def keep_faults(session: Session, faults: pl.DataFrame, whose: Whose) -> None:
    """Keep every fault (row, item, code), in their order, each under the receipt that its row is of."""
    if faults.is_empty():
        return
    await sql(
        session,
        _KEEP_FAULTS,
        **vars(whose),
        rows=literal(faults.get_column("row")),
        items=quoted(faults.get_column("item")),
        codes=literal(faults.get_column("code")),
    )


async def faults(session: Session, receipt_id: UUID, after: int, limit: int, with_notes: bool) -> pl.DataFrame:
    """A page of faults (id, row, item, code) after an id; notes tell of rows that only came too late."""
    found = await sql(
        session, _FAULTS, receipt_id=receipt_id, after=after, limit=limit, with_notes=with_notes, notes=list(NOTES)
    )
    return pl.DataFrame([tuple(row) for row in found], schema=_FAULT_SCHEMA, orient="row")
