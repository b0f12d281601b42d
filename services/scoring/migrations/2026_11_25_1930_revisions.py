"""What agencies took back, and what ended: both may be told before the records that they are about."""

from alembic import op

revision = "scoring_revisions"
down_revision = "scoring_attendance_months"
branch_labels = None
depends_on = None

_TABLES = """
create table scoring.withdrawn (
    receipt_id uuid not null,
    withdrawal_id uuid not null,
    rows int4multirange not null,
    withdrawn_at timestamptz not null,
    primary key (receipt_id, withdrawal_id)
);
comment on table scoring.withdrawn is
    'append-only: rows of receipts that count no more, and since when; row 0 is what a full list ended';

create table scoring.closing (
    receipt_id uuid not null,
    row_no integer not null,
    snapshot_id uuid not null,
    agency text not null,
    closed_at timestamptz not null,
    reported_at timestamptz not null,
    primary key (receipt_id, row_no, snapshot_id)
);
comment on table scoring.closing is
    'append-only: which versions a full list did not name any more; what follows from it stands in fact as row 0';

-- Facts come in the order of their receipts, so a summary of each stretch of the table finds those of one.
create index fact_by_receipt on scoring.fact using brin (receipt_id uuid_minmax_multi_ops) with (pages_per_range = 32);
comment on table scoring.fact is
    'append-only: every version of every record by subject; body null = moved to another subject; row 0 = ended';
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
