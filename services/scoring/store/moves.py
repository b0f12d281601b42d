"""Records that named one subject and then another: the first keeps nothing of them.

Each version of such a record stands, without its body, also under every other subject that ever had it. Both
directions, so that order cannot matter.
"""

from collections.abc import Sequence

import polars as pl

from services.scoring.store.subjects import Key, keys_of
from shared.db import Session, sql

# What ingest says of an employer's record. Of a project's, whose id may be an item of ours, the facts themselves tell.
_KEEP = """
insert into scoring.moved (dataset, key, subject_id)
select :dataset, each.key, each.subject_id
from unnest(cast(:keys as text[]), cast(:subjects as text[])) as each (key, subject_id)
on conflict do nothing
"""

_ANY = """
select exists (select from scoring.moved where dataset = :dataset)
    or exists (select from scoring.fact where dataset = :dataset and subject_kind <> 'employer')
"""

_IN_ONE_LINE = "select pg_advisory_xact_lock(hashtext('scoring:' || :dataset))"

_MOVE = """
with owner as materialized (
    select 'employer' as subject_kind, subject_id, key from scoring.moved
    where dataset = :dataset and key = any(cast(:keys as text[]))
    union
    select subject_kind, subject_id, key from scoring.fact
    where dataset = :dataset and key = any(cast(:keys as text[])) and subject_kind <> 'employer'
), version as materialized (
    select fact.* from owner join scoring.fact on fact.subject_id = owner.subject_id
        and fact.subject_kind = owner.subject_kind and fact.dataset = :dataset and fact.key = owner.key
), added as (
    insert into scoring.fact
        (subject_kind, subject_id, dataset, key, source_time, receipt_id, row_no, agency, reported_at, body)
    select distinct owner.subject_kind, owner.subject_id, version.dataset, version.key, version.source_time,
        version.receipt_id, version.row_no, version.agency, version.reported_at, null::jsonb
    from version join owner on owner.key = version.key
        and (owner.subject_id, owner.subject_kind) <> (version.subject_id, version.subject_kind)
    where version.body is not null and not exists (
        select from version known where known.key = version.key and known.subject_id = owner.subject_id
            and known.subject_kind = owner.subject_kind and known.receipt_id = version.receipt_id
            and known.row_no = version.row_no
    )
    returning subject_kind, subject_id
)
select distinct subject_kind, subject_id from added
"""


async def keep_moved(session: Session, dataset: str, rows: pl.DataFrame) -> None:
    """Note who had these records. `rows`: key, id (whose it is), left (whose it was; null where nobody else's)."""
    moved = rows.filter(pl.col("left").is_not_null())
    if moved.is_empty():
        return
    owners = pl.concat([moved.select("key", pl.col(whose).alias("subject")) for whose in ("id", "left")])
    known = owners.drop_nulls().unique().sort("key", "subject")
    await sql(session, _KEEP, dataset=dataset, keys=known["key"].to_list(), subjects=known["subject"].to_list())


async def move(session: Session, dataset: str, keys: Sequence[str]) -> set[Key]:
    """Let these records leave every subject but their own. Returns who lost something."""
    if not (await sql(session, _ANY, dataset=dataset)).scalar_one():
        return set()
    # Two records that move at the same moment must see each other.
    await sql(session, _IN_ONE_LINE, dataset=dataset)
    return await keys_of(session, _MOVE, {"dataset": dataset, "keys": keys})
