"""Attendance folded to a line a project, month and worker: a rescoring reads months, not a year of punches."""

from alembic import op

revision = "scoring_attendance_months"
down_revision = "scoring_0002"
branch_labels = None
depends_on = None

# The day in China of a moment as ingest writes it; what tells no moment is no day. Without a zone it is China's time.
_DAY = """
create function scoring.china_day(moment text) returns date language sql stable parallel safe return
    case when moment ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' and pg_input_is_valid(moment, 'timestamptz') then (
        (case when moment ~ '(Z|[+-][0-9]{2}:?[0-9]{2})$' then moment else moment || '+08:00' end)::timestamptz
        at time zone 'Asia/Shanghai')::date
    end
"""

_MONTH = """
create function scoring.month_count(day date) returns integer language sql immutable parallel safe return
    extract(year from day)::integer * 12 + extract(month from day)::integer - 1
"""

# A punch is found by project, worker and the text of its time: a cell is read without the rest of the project.
_INDEX = """
create index fact_attendance on scoring.fact (subject_id, (body ->> 'id_no'), ((body ->> 'punch_at') collate "C"))
    where dataset = 'hc_attendance' and body is not null
"""

_TABLE = """
create table scoring.attendance_month (
    subject_id text not null,
    month integer not null,
    worker text not null,
    days integer not null check (days > 0),
    device_days integer not null check (device_days between 0 and days),
    key text not null,
    source_time timestamptz not null,
    reported_at timestamptz not null,
    receipt_id uuid not null,
    row_no integer not null,
    agency text not null,
    body jsonb not null,
    primary key (subject_id, month, worker)
)
"""
_COMMENT = """
comment on table scoring.attendance_month is
    'a project''s workers by month (since year 0): days with a punch, those by device, and the last punch; made of fact'
"""

# A person's session sees the projects of his division (as rules.must_be_within), the platform itself ('*') all of them.
_POLICY = """
create policy jurisdiction on scoring.attendance_month using (
    current_setting('anxin.jurisdiction', true) = '*'
    or (current_setting('anxin.jurisdiction', true) <> '' and exists (
        select from scoring.subject where subject.subject_id = attendance_month.subject_id
            and subject.subject_kind = 'project'
            and case when subject.division is null then length(current_setting('anxin.jurisdiction', true)) <= 6
                else starts_with(subject.division, current_setting('anxin.jurisdiction', true)) end)))
"""

_BACKFILL = """
insert into scoring.attendance_month
with newest as (
    select distinct on (subject_id, key) * from scoring.fact
    where dataset = 'hc_attendance' and subject_kind = 'project'
    order by subject_id, key, source_time desc, receipt_id desc, row_no desc
), punch as (
    select *, body ->> 'id_no' as worker, scoring.china_day(body ->> 'punch_at') as day from newest
    where body is not null
), cell as (
    select subject_id, scoring.month_count(day) as month, worker, count(distinct day) as days,
        count(distinct day) filter (where body ->> 'origin' = 'device') as device_days, max(key collate "C") as key
    from punch where worker is not null and day is not null group by 1, 2, 3
)
select cell.*, punch.source_time, punch.reported_at, punch.receipt_id, punch.row_no, punch.agency, punch.body
from cell join punch on punch.subject_id = cell.subject_id and punch.key = cell.key
"""
_SECURED = (
    "alter table scoring.attendance_month enable row level security",
    "alter table scoring.attendance_month force row level security",
)


def upgrade() -> None:
    """Create the table, and fold what is there."""
    for statement in (_DAY, _MONTH, _INDEX, _TABLE, _COMMENT, _BACKFILL, *_SECURED, _POLICY):
        op.execute(statement)
