"""Punches counted by project, month and report: what models read of attendance, without reading the punches."""

from alembic import op

revision = "scoring_attendance_told"
down_revision = "scoring_due_in_order"
branch_labels = None
depends_on = None

# The month of a punch (since year 0), as training has it: of its own time, else of when the record was true.
_MONTH = """
create function scoring.punch_month(punch_at text, source_time timestamptz) returns integer
language sql stable parallel safe return scoring.month_count(
    coalesce(scoring.china_day(punch_at), (source_time at time zone 'Asia/Shanghai')::date))
"""

# No row-level security, as fact has none: models read them of everybody, and of nobody else is anything told.
_TABLES = (
    """
    create table scoring.attendance_told (
        subject_id text not null,
        month integer not null,
        reported_at timestamptz not null,
        punches integer not null check (punches > 0),
        primary key (subject_id, month, reported_at)
    )
    """,
    """
    comment on table scoring.attendance_told is
        'how many versions of a project''s punches of a month (since year 0) were told at a time; added to, never less'
    """,
    """
    create table scoring.attendance_revised (
        subject_id text not null,
        key text not null,
        primary key (subject_id, key)
    )
    """,
    """
    comment on table scoring.attendance_revised is
        'append-only: punches that were told more than once, or taken back: what stands of them is looked up in fact'
    """,
)

_COUNT = """
insert into scoring.attendance_told (subject_id, month, reported_at, punches)
select subject_id, scoring.punch_month(body ->> 'punch_at', source_time), reported_at, count(*)
from scoring.fact
where dataset = 'hc_attendance' and subject_kind = 'project' and body is not null and row_no > 0
group by 1, 2, 3
"""

_REVISED = """
insert into scoring.attendance_revised (subject_id, key)
select subject_id, key from scoring.fact where dataset = 'hc_attendance' and subject_kind = 'project'
group by subject_id, key having count(*) > 1
union
select fact.subject_id, fact.key from scoring.withdrawn gone
join scoring.fact on fact.receipt_id = gone.receipt_id and gone.rows @> fact.row_no
where fact.dataset = 'hc_attendance' and fact.subject_kind = 'project'
"""

# Attendance was all that was not read live. A model is named by its content and registered once: what it lacked then
# is there for it now.
_NOTHING_LACKS = "update scoring.model set not_live = '{}', not_live_share = 0 where not_live <> '{}'"


def upgrade() -> None:
    """Create the tables, and count what is there."""
    for statement in (_MONTH, *_TABLES, _COUNT, _REVISED, _NOTHING_LACKS):
        op.execute(statement)
