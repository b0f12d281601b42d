"""Subjects whose facts came in a flood and that wait to be scored. One that a hundred batches spoke of is scored once.

They wait in buckets: whoever takes a bucket takes all that was ever said of its subjects. Neighbours by code wait in
one: their facts lie beside each other, and a page of them is read once for them all.
"""

from collections.abc import Collection, Iterable

import polars as pl

from services.scoring.store.subjects import Key
from shared.db import Session, sql

BUCKETS = 256
# About what a subject takes in `subjects`: its kind, a code of 18 and two separators.
_CHARACTERS = 28
# Codes that differ in their last characters only are neighbours (two of a credit code's are check characters).
_LAST = 4

_KEEP = """
insert into scoring.unscored (bucket, subjects, falls_at_once)
select *, :falls_at_once from unnest(cast(:buckets as int[]), cast(:subjects as text[]))
"""

# Those that have waited longest, until there are enough. A bucket that another takes at this moment is left to him.
# What a flood has left (pages of lines that are gone) is passed over: the first that waits is found by its number.
_TAKE = """
with oldest as materialized (
    select min(unscored_no) as no from scoring.unscored
), waiting as (
    select bucket, min(unscored_no) as first, sum(octet_length(subjects)) as size from scoring.unscored
    where unscored_no >= (select no from oldest) group by bucket
), ranked as (
    select bucket, sum(size) over (order by first) - size as before from waiting
), taken as materialized (
    select bucket from ranked
    where case when before < :most then pg_try_advisory_xact_lock(hashtext('scoring.unscored'), bucket) end
)
delete from scoring.unscored using taken
where unscored.bucket = taken.bucket and unscored_no >= (select no from oldest) returning subjects, falls_at_once
"""


async def keep(session: Session, keys: Collection[Key], *, falls_at_once: bool = False) -> None:
    """Let these subjects be scored later. `falls_at_once`: what was known of them is corrected."""
    kinds, ids = zip(*keys, strict=True) if keys else ((), ())
    lines = pl.DataFrame({"kind": pl.Series(kinds, dtype=pl.String), "id": pl.Series(ids, dtype=pl.String)})
    neighbours = pl.concat_str("kind", pl.col("id").str.head(-_LAST), separator="\t")
    subject = pl.concat_str("kind", "id", separator="\t")
    grouped = lines.group_by((neighbours.hash() % BUCKETS).alias("bucket")).agg(
        subject.str.join("\n").alias("subjects")
    )
    if len(grouped):
        columns = {name: grouped[name].to_list() for name in ("bucket", "subjects")}
        await sql(session, _KEEP, buckets=columns["bucket"], subjects=columns["subjects"], falls_at_once=falls_at_once)


async def take(session: Session, most: int) -> tuple[set[Key], set[Key]]:
    """The subjects of the buckets that have waited longest, about so many; and those of them that fall at once."""
    taken: set[str] = set()
    falling: set[str] = set()
    read, asked = 0, most * _CHARACTERS
    while len(taken) < most / 2:
        lines = (await sql(session, _TAKE, most=asked)).all()
        for line in lines:
            named = line.subjects.split("\n")
            taken.update(named)
            falling.update(named if line.falls_at_once else ())
        characters = sum(len(line.subjects) for line in lines)
        if characters < asked:  # there are no more
            break
        read += characters
        # How often each is named shows only when they are read.
        asked = (most - len(taken)) * read // len(taken)
    return _keys(taken), _keys(falling)


def _keys(subjects: Iterable[str]) -> set[Key]:
    return {(kind, subject) for kind, subject in (each.split("\t", 1) for each in subjects)}
