"""How right the levels are, day by day, and which bounds were passed."""

from alembic import op

revision = "scoring_quality"
down_revision = "scoring_quoted"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
create table scoring.quality_report (
    on_day date primary key,
    report jsonb not null,
    computed_at timestamptz not null
)""",
    "comment on table scoring.quality_report is 'append-only: how right the levels were, one report a day'",
    """
create table scoring.quality_change (
    bound text not null,
    grp text not null,
    change integer not null check (change > 0),
    state text not null check (state in ('kept', 'passed')),
    changed_at timestamptz not null,
    details jsonb not null,
    primary key (bound, grp, change)
)""",
    "comment on table scoring.quality_change is 'append-only: when a figure passed its bound or kept it again'",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
