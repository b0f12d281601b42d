"""Subjects whose facts came in a flood and that wait to be scored. One that a hundred batches spoke of is scored once.

They wait in buckets: whoever takes a bucket takes all that was ever said of its subjects.
"""

from collections.abc import Iterable

import polars as pl

from services.scoring.store.subjects import Key
from shared.db import Session, sql

# Of Yuhang's 260,000 employers a thousand in each: a transaction's worth.
BUCKETS = 256

_KEEP = """
insert into scoring.unscored (bucket, subjects)
select * from unnest(cast(:buckets as int[]), cast(:subjects as text[]))
"""

_TAKE = """
delete from scoring.unscored where bucket = (
    select bucket from scoring.unscored order by unscored_no limit 1 for update skip locked
)
returning subjects
"""


async def keep(session: Session, keys: Iterable[Key]) -> None:
    """Let these subjects be scored later."""
    lines = pl.DataFrame(list(keys), schema={"kind": pl.String, "id": pl.String}, orient="row")
    subjects = lines.select((pl.col("kind") + "\t" + pl.col("id")).alias("subject"))
    bucket = (pl.col("subject").hash() % BUCKETS).alias("bucket")
    grouped = subjects.group_by(bucket).agg(pl.col("subject").str.join("\n"))
    if len(grouped):
        await sql(session, _KEEP, buckets=grouped["bucket"].to_list(), subjects=grouped["subject"].to_list())


async def take(session: Session) -> set[Key]:
    """The subjects of the bucket that has waited longest; none when none wait."""
    found = (await sql(session, _TAKE)).scalars().all()
    return {(kind, subject) for line in found for kind, subject in (each.split("\t", 1) for each in line.split("\n"))}
