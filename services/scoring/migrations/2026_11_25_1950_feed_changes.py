"""How feeds stand: while one is late, silent or broken, what it does not say is not known."""

from alembic import op

revision = "scoring_feed_changes"
down_revision = "scoring_revisions"
branch_labels = None
depends_on = None

_TABLE = """
create table scoring.feed_change (
    dataset text not null,
    agency text not null,
    change integer not null,
    state text not null check (state in ('never', 'on_time', 'due', 'late', 'silent', 'broken')),
    since timestamptz not null,
    last_at timestamptz,
    changed_at timestamptz not null,
    primary key (dataset, agency, change)
);
comment on table scoring.feed_change is 'append-only: when a feed went late, fell silent, broke or recovered';
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(_TABLE)
