"""Where employers and projects are, as their registers say: each state of a register's record, and what stands now."""

import polars as pl

from services.ingest.batches import KEY_HASH, ROW_HASH
from services.ingest.matching import SUBJECT
from services.ingest.store.columns import literal
from shared.db import Session, sql

# What a record says decides its fingerprint, so a state is kept once, however often it comes.
_KEEP = """
insert into ingest.subject_place (key, row_hash, subject_kind, subject_id, division)
select distinct on (key, row_hash) key, row_hash, :kind, subject, division
from unnest(cast(:keys as uuid[]), cast(:hashes as uuid[]), cast(:subjects as text[]), cast(:divisions as text[]))
    as given (key, row_hash, subject, division)
order by key, row_hash
on conflict do nothing
"""
# Only a state that is its record's newest speaks: one that was replaced, taken back or moved to another says nothing.
_PLACE = """
select place.division from ingest.subject_place place
join ingest.head on head.key = place.key and head.row_hash = place.row_hash and head.subject = place.subject_id
where place.subject_id = :subject and place.subject_kind = :kind
order by head.source_time desc, head.receipt_id desc limit 1
"""


async def keep_places(session: Session, rows: pl.DataFrame, item: str, kind: str) -> None:
    """Keep where the subjects of a register's rows are, if 9 digits say so. rows: KEY_HASH, ROW_HASH, SUBJECT, item."""
    told = rows.select(KEY_HASH, ROW_HASH, SUBJECT, pl.col(item).alias("place"))
    told = told.filter(pl.col("place").str.contains(r"^\d{9}$") & pl.col(SUBJECT).is_not_null())
    if told.is_empty():
        return
    columns = {"keys": KEY_HASH, "hashes": ROW_HASH, "subjects": SUBJECT, "divisions": "place"}
    await sql(session, _KEEP, kind=kind, **{name: literal(told.get_column(of)) for name, of in columns.items()})


async def place_of(session: Session, kind: str, subject_id: str) -> str | None:
    """The division (9 digits) that the register names now for a subject; None when it names none."""
    found = (await sql(session, _PLACE, kind=kind, subject=subject_id)).first()
    return found.division if found else None
