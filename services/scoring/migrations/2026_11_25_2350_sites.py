"""On which days a worker came, and on which of them no device said so; and what is wrong with a subject's data."""

from alembic import op

revision = "scoring_sites"
down_revision = "scoring_deliveries"
branch_labels = None
depends_on = None

# As store/attendance.py folds: the newest version of each punch that was not withdrawn.
_BACKFILL = """
with newest as (
    select distinct on (subject_id, key) * from scoring.fact
    where dataset = 'hc_attendance' and subject_kind = 'project'
        and not exists (select from scoring.withdrawn gone
            where gone.receipt_id = fact.receipt_id and gone.rows @> fact.row_no)
    order by subject_id, key, source_time desc, receipt_id desc, row_no desc
), punch as (
    select subject_id, body ->> 'id_no' as worker, scoring.china_day(body ->> 'punch_at') as day,
        coalesce(lower(btrim(body ->> 'origin')) = 'generated', false)
            or coalesce(lower(btrim(body ->> 'attend_type')) = 'manual', false) as is_made
    from newest where body is not null and row_no > 0
), folded as (
    select subject_id, worker, scoring.month_count(day) as month,
        bit_or(1 << (extract(day from day)::integer - 1)) as came,
        coalesce(bit_or(1 << (extract(day from day)::integer - 1)) filter (where is_made), 0) as made
    from punch where worker is not null and day is not null group by 1, 2, 3
)
update scoring.attendance_month line set came = folded.came, made = folded.made from folded
where line.subject_id = folded.subject_id and line.worker = folded.worker and line.month = folded.month
"""

_STATEMENTS = (
    "alter table scoring.attendance_month add column came integer not null default 0",
    "alter table scoring.attendance_month add column made integer not null default 0",
    # Forced row-level security binds the table's owner, too.
    "alter table scoring.attendance_month no force row level security",
    _BACKFILL,
    "alter table scoring.attendance_month force row level security",
    "alter table scoring.subject add column data_quality jsonb not null default '[]'",
)


def upgrade() -> None:
    """Add the columns, and fold what is there."""
    for statement in _STATEMENTS:
        op.execute(statement)
