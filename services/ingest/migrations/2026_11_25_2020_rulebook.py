"""The rules that scoring announced, for lineage."""

from alembic import op

revision = "ingest_rulebook"
down_revision = "ingest_full_lists"
branch_labels = None
depends_on = None

_TABLE = """
create table ingest.rulebook (
    version text primary key,
    announced_at timestamptz not null,
    content bytea not null
);
comment on table ingest.rulebook is 'what scoring makes of which items, by the version of its rules';
"""


def upgrade() -> None:
    """Create it."""
    op.execute(_TABLE)
