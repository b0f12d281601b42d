"""Records that were called wrong (数据校核), and their sources' answers: either may come first."""

from alembic import op

revision = "scoring_disputes"
down_revision = "scoring_owing"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    create table scoring.dispute (
        dispute_id uuid primary key,
        dataset text not null,
        agency text not null,
        key text not null,
        receipt_id uuid not null,
        row_no integer not null,
        item text,
        raised_at timestamptz not null,
        due_on date not null
    )
    """,
    "create index dispute_by_dataset on scoring.dispute (dataset)",
    "comment on table scoring.dispute is 'append-only: records that somebody called wrong'",
    """
    create table scoring.dispute_answer (
        dispute_id uuid primary key,
        outcome text not null check (outcome in ('corrected', 'upheld')),
        answered_at timestamptz not null
    )
    """,
    "comment on table scoring.dispute_answer is 'append-only: what their sources answered, which is final'",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
