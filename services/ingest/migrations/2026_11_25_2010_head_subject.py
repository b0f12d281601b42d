"""A head knows whose record it is, so that one that names another subject can leave the first."""

from alembic import op

revision = "ingest_head_subject"
down_revision = "ingest_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the subject; heads from before have none until their record changes."""
    op.execute("alter table ingest.head add column subject text")
