"""How many punches stand, by project, month and report, without reading them: what models ask of attendance.

Whatever is told is added to a count once, when it comes. Of the few records that were told again, corrected, ended or
taken back it is noted that they were: which of their versions stands is looked up when the count is asked for. So
nothing has to be undone, no order matters, and any time of the past can be asked for.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from services.scoring.store.columns import texts
from services.scoring.store.facts import Batch, copied_table
from services.scoring.values import UTC_TIME
from shared.db import Session, sql

STANDING: dict[str, pl.DataType] = {
    "subject": pl.String(),
    "month": pl.Int32(),
    "slot": pl.Int32(),
    "punches": pl.Int64(),
    "reported_at": UTC_TIME,
}

_ADD = """
insert into scoring.attendance_told (subject_id, month, reported_at, punches)
select each.id, scoring.punch_month(each.punch_at, each.source_time), cast(:reported_at as timestamptz),
    sum(each.punches)
from unnest(cast(:ids as text[]), cast(:punch_ats as text[]), cast(:source_times as timestamptz[]),
    cast(:punches as integer[])) as each (id, punch_at, source_time, punches)
group by 1, 2 order by 1, 2
on conflict (subject_id, month, reported_at) do update set punches = attendance_told.punches + excluded.punches
"""

# Of the punches of an hour, of Greenwich or of China, all are of the same month: each hour is read once.
_WITHIN_AN_HOUR = r"^(\d{4}-\d{2}-\d{2}[T ]\d{2}):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(Z?)$"
_HOUR = pl.col("source_time").dt.truncate("1h")

_NOTE = """
insert into scoring.attendance_revised (subject_id, key)
select fact.subject_id, fact.key from scoring.fact
where fact.dataset = 'hc_attendance' and fact.subject_kind = 'project'
    and fact.key = any(cast(:keys as text[])) and fact.subject_id = any(cast(:ids as text[]))
group by fact.subject_id, fact.key
having count(*) > 1 or bool_or(exists (
    select from scoring.withdrawn gone where gone.receipt_id = fact.receipt_id and gone.rows @> fact.row_no))
order by fact.subject_id, fact.key
on conflict do nothing
"""

# The count is by the very moment of the report: in which slot that lies is asked for, and need not be known before.
# One project after the other, by numbers alone: to group all of them together by their codes takes ten times as long.
# A version of a revised record was counted, too; it is taken off unless it is the newest that was not taken back.
_STANDING = """
copy (
    select wanted.id, found.*
    from (
        select each.id, array_agg(each.bound order by each.bound) filter (where each.bound is not null) as bounds
        from unnest(%(ids)s::text[], %(bounds)s::timestamptz[]) as each (id, bound) group by each.id
    ) as wanted
    cross join lateral (
        select month, coalesce(width_bucket(reported_at, wanted.bounds), 0) as slot, sum(punches) as punches,
            (extract(epoch from max(reported_at)) * 1000000)::bigint
        from (
            select month, reported_at, sum(punches)::integer as punches
            from (
                select month, reported_at, punches from scoring.attendance_told
                where subject_id = wanted.id and reported_at <= %(at)s
                union all
                select scoring.punch_month(body ->> 'punch_at', source_time), reported_at, -1
                from (
                    select version.*, row_number() over (partition by version.key order by version.is_gone,
                        version.source_time desc, version.receipt_id desc, version.row_no desc) = 1 as is_newest
                    from (
                        select fact.*, exists (select from scoring.withdrawn gone
                            where gone.receipt_id = fact.receipt_id and gone.rows @> fact.row_no
                                and gone.withdrawn_at <= %(at)s) as is_gone
                        from scoring.attendance_revised revised
                        join scoring.fact on fact.subject_id = wanted.id and fact.subject_kind = 'project'
                            and fact.dataset = 'hc_attendance' and fact.key = revised.key
                        where revised.subject_id = wanted.id and fact.reported_at <= %(at)s
                    ) as version
                ) as ranked
                where body is not null and row_no > 0 and (is_gone or not is_newest)
            ) as counted
            group by month, reported_at having sum(punches) > 0
        ) as standing
        group by month, slot
    ) as found
) to stdout (format csv)
"""


async def add(session: Session, batch: Batch) -> None:
    """Count the punches of a batch that was not here before. The projects must be held (lock_subjects)."""
    told = pl.col("body").str.json_path_match("$.punch_at").str.replace(_WITHIN_AN_HOUR, "$1:00:00$2")
    hours = batch.rows.drop_nulls(["id", "body"]).select("id", told.alias("punch_at"), _HOUR)
    counted = hours.group_by(hours.columns).agg(pl.len().alias("punches"))
    columns = {f"{name}s": texts(counted[name].cast(pl.String)) for name in hours.columns}
    await sql(session, _ADD, reported_at=batch.reported_at, punches=counted["punches"].to_list(), **columns)


async def note_revised(session: Session, projects: Sequence[str], keys: Sequence[str]) -> None:
    """Note which of these records do not simply stand as they were told first. The projects must be held."""
    await sql(session, _NOTE, ids=texts(projects), keys=texts(keys))


async def standing(session: Session, projects: Sequence[str], bounds: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """STANDING: the punches that stood at a time, by the months of their days and in slots by when they were reported.

    `bounds`: subject, reported_at: from each such moment on a project's next slot. `reported_at`: the last of a slot.
    """
    bare = pl.DataFrame({"subject": projects}, schema={"subject": pl.String}).unique()
    parts = bare.join(bounds.unique(), on="subject", how="left", maintain_order="left")
    columns = {"ids": parts["subject"].to_list(), "bounds": parts["reported_at"].to_list()}
    return await copied_table(session, _STANDING, {**columns, "at": at}, STANDING)
