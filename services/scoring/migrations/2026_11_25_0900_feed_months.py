"""Of which months a feed has told: who is missing from a month that it tells of owes nothing in it."""

from alembic import op

revision = "scoring_0002"
down_revision = "scoring_0001"
branch_labels = None
depends_on = None

_TABLES = """
create table scoring.feed_month (
    dataset text not null,
    agency text not null,
    month integer not null,
    reported_at timestamptz not null,
    primary key (dataset, agency, month, reported_at)
);
comment on table scoring.feed_month is
    'append-only: when which agency first told of a month (months since year 0); the earliest line counts';
"""


def upgrade() -> None:
    """Create the table."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
