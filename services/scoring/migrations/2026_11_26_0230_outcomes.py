"""What became of alerts, orders, listings and inspections: every statement, a correction being one more."""

from alembic import op

revision = "scoring_outcomes"
down_revision = "scoring_sites"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
create table scoring.outcome (
    subject_id text not null,
    subject_kind text not null check (subject_kind in ('employer', 'project')),
    key text not null,
    matter text not null check (matter in ('alert', 'order', 'listing', 'inspection', 'complaint')),
    matter_id text not null,
    known_at timestamptz not null,
    finding text not null check (finding in ('pending', 'confirmed', 'no_arrears', 'false', 'unverifiable', 'nothing',
        'ordered', 'paid', 'overdue', 'listed', 'revoked')),
    selection text not null check (selection in ('alert', 'complaint', 'random')),
    found_on date not null,
    started_on date,
    uscc text,
    level text check (level in ('none', 'blue', 'yellow', 'orange', 'red')),
    division text,
    workers integer,
    months integer,
    amount numeric(18, 2),
    cause text,
    score_id uuid,
    primary key (subject_id, subject_kind, key)
)""",
    """
comment on table scoring.outcome is
    'append-only: what became of alerts, orders, listings and inspections; the newest statement of a matter counts'
""",
    "create index outcome_by_time on scoring.outcome (known_at)",
    # What was found before the moment of the finding was told is taken as known when the day was over.
    """
insert into scoring.outcome (subject_id, subject_kind, key, matter, matter_id, known_at, finding, selection, found_on,
    uscc, workers, months, amount, cause, score_id)
select subject_id, subject_kind, md5(alert_id::text || found_on || finding), 'alert', alert_id::text,
    (found_on + 1)::timestamp at time zone 'Asia/Shanghai', finding, 'alert', found_on, uscc, workers, months, amount,
    cause, score_id
from scoring.label
""",
    "drop table scoring.label",
)


def upgrade() -> None:
    """Create the table, move the labels into it."""
    for statement in _STATEMENTS:
        op.execute(statement)
