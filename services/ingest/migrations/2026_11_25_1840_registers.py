"""Keys begin with their register, so that all records of one full list lie together."""

from alembic import op

revision = "ingest_registers"
down_revision = "ingest_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forget the heads under keys of the old form; the next delivery is taken once more, and scoring orders it."""
    op.execute("delete from ingest.head")
