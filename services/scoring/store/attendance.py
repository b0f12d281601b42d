"""Attendance by month: a line a project, month and worker, always made of the facts anew and never counted up."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from services.scoring.frames import VERSIONS
from services.scoring.store.facts import copied_table
from shared.db import Session, sql

DATASET = "hc_attendance"
MONTHS: dict[str, pl.DataType] = {
    "subject": pl.String(),
    "month": pl.Int32(),
    "worker": pl.String(),
    "days": pl.Int32(),
    "device_days": pl.Int32(),
}

# Whatever touched a punch - a repeat, a correction, an older version that came late, a withdrawal -, its cell is made
# of the newest versions again. Every version of the key names cells: a withdrawn one says no more whose it was. The
# planner cannot know how many rows these steps have: no two of them are joined, or a batch would cost its square.
_FOLD = """
with told as materialized (
    select distinct fact.subject_id, fact.body ->> 'id_no' as worker,
        scoring.china_day(fact.body ->> 'punch_at') as day
    from scoring.fact
    where fact.dataset = 'hc_attendance' and fact.subject_kind = 'project' and fact.body is not null
        and fact.key = any(cast(:keys as text[])) and fact.subject_id = any(cast(:ids as text[]))
), cell as materialized (
    select distinct subject_id, worker, date_trunc('month', day)::date as first_day
    from told where worker is not null and day is not null
), candidate as materialized (
    -- The text is a UTC moment or China's time: two days to either side hold every punch of a month of China.
    select distinct cell.subject_id, cell.worker, cell.first_day, fact.key
    from cell left join scoring.fact on fact.dataset = 'hc_attendance' and fact.body is not null
        and fact.subject_id = cell.subject_id and fact.body ->> 'id_no' = cell.worker
        and (fact.body ->> 'punch_at') collate "C" >= to_char(cell.first_day - 2, 'YYYY-MM-DD')
        and (fact.body ->> 'punch_at') collate "C" < to_char(cell.first_day + interval '1 month 2 days', 'YYYY-MM-DD')
), punch as materialized (
    select candidate.subject_id, candidate.worker, candidate.first_day, candidate.key, version.source_time,
        version.reported_at, version.receipt_id, version.row_no, version.agency, version.body, version.day
    from candidate left join lateral (
        select newest.*, scoring.china_day(newest.body ->> 'punch_at') as day from (
            select * from scoring.fact
            where fact.subject_id = candidate.subject_id and fact.subject_kind = 'project'
                and fact.dataset = 'hc_attendance' and fact.key = candidate.key
                and not exists (select from scoring.withdrawn gone
                    where gone.receipt_id = fact.receipt_id and gone.rows @> fact.row_no)
            order by fact.source_time desc, fact.receipt_id desc, fact.row_no desc limit 1
        ) newest
        where newest.row_no > 0 and newest.body ->> 'id_no' = candidate.worker
        offset 0
    ) version on version.day >= candidate.first_day and version.day < candidate.first_day + interval '1 month'
), folded as materialized (
    select subject_id, worker,
        (extract(year from first_day) * 12 + extract(month from first_day) - 1)::integer as month,
        count(distinct day) as days, count(distinct day) filter (where body ->> 'origin' = 'device') as device_days,
        coalesce(bit_or(1 << (extract(day from day)::integer - 1)), 0) as came,
        coalesce(bit_or(1 << (extract(day from day)::integer - 1)) filter (where lower(btrim(body ->> 'origin'))
            = 'generated' or lower(btrim(body ->> 'attend_type')) = 'manual'), 0) as made,
        (array_agg(key order by key collate "C" desc) filter (where day is not null))[1] as key,
        (array_agg(source_time order by key collate "C" desc) filter (where day is not null))[1] as source_time,
        (array_agg(reported_at order by key collate "C" desc) filter (where day is not null))[1] as reported_at,
        (array_agg(receipt_id order by key collate "C" desc) filter (where day is not null))[1] as receipt_id,
        (array_agg(row_no order by key collate "C" desc) filter (where day is not null))[1] as row_no,
        (array_agg(agency order by key collate "C" desc) filter (where day is not null))[1] as agency,
        (array_agg(body order by key collate "C" desc) filter (where day is not null))[1] as body
    from punch group by subject_id, worker, first_day
), gone as (
    delete from scoring.attendance_month line using folded
    where folded.days = 0 and line.subject_id = folded.subject_id and line.month = folded.month
        and line.worker = folded.worker
)
insert into scoring.attendance_month
    (subject_id, month, worker, days, device_days, came, made, key, source_time, reported_at, receipt_id, row_no,
    agency, body)
select subject_id, month, worker, days, device_days, came, made, key, source_time, reported_at, receipt_id, row_no,
    agency, body
from folded where days > 0
on conflict (subject_id, month, worker) do update set days = excluded.days, device_days = excluded.device_days,
    came = excluded.came, made = excluded.made, key = excluded.key, source_time = excluded.source_time,
    reported_at = excluded.reported_at,
    receipt_id = excluded.receipt_id, row_no = excluded.row_no, agency = excluded.agency, body = excluded.body
"""

_LAST = """
copy (
    select 'project', subject_id, 'hc_attendance', key, (extract(epoch from source_time) * 1000000)::bigint,
        (extract(epoch from reported_at) * 1000000)::bigint, receipt_id, row_no, agency,
        body || jsonb_build_object('came', came::text, 'made', made::text)
    from scoring.attendance_month
    where subject_id = any(%(ids)s::text[]) and source_time >= %(since)s
) to stdout (format csv)
"""

_DAYS = """
copy (
    select subject_id, month, worker, days, device_days from scoring.attendance_month
    where subject_id = any(%(ids)s::text[]) and month >= %(since)s
) to stdout (format csv)
"""


async def fold(session: Session, projects: Iterable[str], keys: Sequence[str]) -> None:
    """Make the months anew that these records touch, or ever touched. The projects must be held (lock_subjects)."""
    await sql(session, _FOLD, ids=list(projects), keys=list(keys))


async def last_punches(session: Session, projects: Sequence[str], since: datetime) -> pl.DataFrame:
    """Of each worker's months the last punch, as versions (frames.VERSIONS)."""
    return await copied_table(session, _LAST, {"ids": list(projects), "since": since}, VERSIONS)


async def days(session: Session, projects: Sequence[str], since: int) -> pl.DataFrame:
    """MONTHS: how many days each worker came, from a month (since year 0) on."""
    parameters: dict[str, Any] = {"ids": list(projects), "since": since}
    return await copied_table(session, _DAYS, parameters, MONTHS)
