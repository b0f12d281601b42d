"""The newest known state of each record: newest source time, then newest receipt; within a file the later row.

A row that another one of its file outdoes counts as one that came after it: should that be taken back, it stands.

Most files are all new, and go in by COPY as they are; what is known, or changes meanwhile, is compared row by row.
"""

from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

import polars as pl
from psycopg.errors import UniqueViolation

from services.ingest.batches import KEY_HASH, LEFT, ROW_HASH, SOURCE_TIME
from services.ingest.matching import SUBJECT
from services.ingest.store.columns import literal
from services.ingest.validation import ROW
from shared.db import Session, copy_in_binary, sql
from shared.pgbinary import Kind, uuids

# So many keys tell whether a file is likely to be all new.
_SAMPLE = 64
_FEW = 200
_LEFT = {ROW: pl.Int64, LEFT: pl.String}

_KNOWS = "select exists (select from ingest.head where key = any(cast(:keys as uuid[])))"

_COPY = """
copy ingest.head (key, dataset, subject, row_hash, source_time, receipt_id, row_no) from stdin (format binary)
"""
_COPIED = {
    KEY_HASH: Kind.UUID,
    "dataset": Kind.TEXT,
    SUBJECT: Kind.TEXT,
    ROW_HASH: Kind.UUID,
    SOURCE_TIME: Kind.TIMESTAMPTZ,
    "receipt_id": Kind.UUID,
    ROW: Kind.INT4,
}

# Each key is looked up in the index (`lateral .. limit 1` leaves no other way): a join would read the whole register
# for every batch, and a delivery cost the more, the more is known.
_DIFFERING = """
select place - 1
from unnest(cast(:keys as uuid[]), cast(:hashes as uuid[])) with ordinality as given(key, row_hash, place)
left join lateral (select row_hash from ingest.head where head.key = given.key limit 1) held on true
where held.row_hash is distinct from given.row_hash
"""

# `order by key` gives every transaction the same order of locks.
_MERGE = """
with given as (
    select row, key, row_hash, subject, timestamptz 'epoch' + micros * interval '1 microsecond' as source_time,
        (cast(:receipts as uuid[]))[place] as receipt_id, row - (cast(:before as int[]))[place] as row_no
    from unnest(cast(:rows as int[]), cast(:keys as uuid[]), cast(:hashes as uuid[]), cast(:micros as bigint[]),
        cast(:subjects as text[])) as given(row, key, row_hash, micros, subject)
    cross join lateral width_bucket(row - 1, cast(:before as int[])) as place
), compared as materialized (
    select given.*, held.row_hash as held_hash,
        (held.source_time, held.receipt_id) > (given.source_time, given.receipt_id) as is_older,
        nullif(held.subject, given.subject) as other
    from given left join lateral (select * from ingest.head where head.key = given.key limit 1) held on true
    where held.row_hash is distinct from given.row_hash
), kept as (
    insert into ingest.head as held (key, dataset, subject, row_hash, source_time, receipt_id, row_no)
    select key, :dataset, subject, row_hash, source_time, receipt_id, row_no from compared
    where held_hash is null or not is_older
    order by key
    on conflict (key) do update set row_hash = excluded.row_hash, source_time = excluded.source_time,
        receipt_id = excluded.receipt_id, row_no = excluded.row_no, subject = excluded.subject
    where held.row_hash <> excluded.row_hash
        and (held.source_time, held.receipt_id) <= (excluded.source_time, excluded.receipt_id)
    returning row_no + (cast(:before as int[]))[array_position(cast(:receipts as uuid[]), new.receipt_id)] as row,
        nullif(old.subject, new.subject) as other
), moved as (
    select row, other from kept where other is not null
    union all select row, other from compared where held_hash is not null and is_older and other is not null
)
select (select array_agg(row) from kept) as kept,
    (select array_agg(row) from moved) as left_rows,
    (select array_agg(other) from moved) as left_subjects,
    (select array_agg(row) from compared where held_hash is not null and is_older) as older
"""


@dataclass(frozen=True)
class Merged:
    """Row numbers: `kept` changed a head; `older` came after a newer state of the same record, or beside it.

    `left`: ROW and LEFT, the other subject that a kept record had before, or that an older one has now.
    """

    kept: list[int]
    older: list[int]
    left: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_LEFT))


@dataclass(frozen=True)
class Whose:
    """Which receipt a row is of: rows are numbered through, `before[i]` of them come before those of `receipts[i]`."""

    receipts: list[UUID]
    before: list[int]

    @classmethod
    def all_of(cls, receipt_id: UUID) -> Self:
        """All rows are one receipt's."""
        return cls([receipt_id], [0])


async def merge(session: Session, rows: pl.DataFrame, dataset: str, whose: Whose) -> Merged:
    """Let the newest state of each record win. `rows`: ROW, KEY_HASH, ROW_HASH, SOURCE_TIME, SUBJECT."""
    if rows.is_empty():
        return Merged([], [])
    newest = _newest(rows)
    merged = await _merge_newest(session, newest, dataset, whose)
    if len(newest) == len(rows):
        return merged
    outdone = _outdone(rows, newest)
    left = pl.concat([merged.left, outdone.drop_nulls(LEFT)])
    return replace(merged, older=sorted(merged.older + outdone.get_column(ROW).to_list()), left=left)


async def _merge_newest(session: Session, newest: pl.DataFrame, dataset: str, whose: Whose) -> Merged:
    # A few rows are compared in one round trip; to look first and then copy takes four.
    is_large = len(newest) > _FEW and len(whose.receipts) == 1
    if is_large:
        if await _is_likely_new(session, newest) and await _copied(session, newest, dataset, whose):
            return Merged(newest.get_column(ROW).to_list(), [])
        newest = await _differing(session, newest)
        if newest.is_empty():
            return Merged([], [])
    found = (await sql(session, _MERGE, dataset=dataset, **vars(whose), **_arrays(newest))).one()
    left = pl.DataFrame([found.left_rows or [], found.left_subjects or []], schema=_LEFT)
    return Merged(found.kept or [], found.older or [], left)


def _newest(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each key the newest row of the file, by key."""
    columns = rows.select(KEY_HASH, SUBJECT, ROW_HASH, SOURCE_TIME, ROW)
    if columns.get_column(KEY_HASH).n_unique() < len(columns):
        columns = columns.sort(SOURCE_TIME, ROW).unique(KEY_HASH, keep="last")
    return columns.sort(KEY_HASH)


def _outdone(rows: pl.DataFrame, newest: pl.DataFrame) -> pl.DataFrame:
    """ROW and LEFT (the newest's subject if another's) of rows that say something else than the newest of their key.

    Of those that are alike the last.
    """
    winners = newest.select(KEY_HASH, winner=ROW_HASH, held=SUBJECT)
    lost = rows.join(winners, on=KEY_HASH).filter(pl.col(ROW_HASH) != pl.col("winner"))
    alike = [KEY_HASH, ROW_HASH, SOURCE_TIME]
    other = pl.when(pl.col("held") != pl.col(SUBJECT)).then("held").alias(LEFT)
    return lost.sort(ROW).unique(alike, keep="last").select(pl.col(ROW).cast(pl.Int64), other)


async def _is_likely_new(session: Session, rows: pl.DataFrame) -> bool:
    sample = rows.get_column(KEY_HASH).gather_every(max(1, len(rows) // _SAMPLE))
    return not (await sql(session, _KNOWS, keys=uuids(sample))).scalar_one()


async def _differing(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that say something else than what is known: nearly none, when a register comes again."""
    keys, hashes = (uuids(rows.get_column(name)) for name in (KEY_HASH, ROW_HASH))
    return rows[list((await sql(session, _DIFFERING, keys=keys, hashes=hashes)).scalars())]


async def _copied(session: Session, rows: pl.DataFrame, dataset: str, whose: Whose) -> bool:
    """Put the rows in as they are. False, and nothing has happened, when one of them was known after all."""
    lines = rows.with_columns(
        pl.lit(dataset).alias("dataset"),
        pl.lit(whose.receipts[0].hex).alias("receipt_id"),
    )
    try:
        async with session.begin_nested():
            await copy_in_binary(session, _COPY, lines, _COPIED)
    except UniqueViolation:
        return False
    return True


def _arrays(rows: pl.DataFrame) -> dict[str, object]:
    return {
        "rows": literal(rows.get_column(ROW)),
        "keys": uuids(rows.get_column(KEY_HASH)),
        "hashes": uuids(rows.get_column(ROW_HASH)),
        "micros": literal(rows.get_column(SOURCE_TIME).dt.epoch("us")),
        "subjects": rows.get_column(SUBJECT).to_list(),
    }
