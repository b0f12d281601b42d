"""What a trigger costs grows with the rows it is told of, not with their square.

PostgreSQL plans a trigger's statement once a connection, by the rows of the first call: an upsert that replaced nothing
calls it, too, with none. A nested loop is right for these and compares every row with every other one ever after.
"""

from alembic import op

revision = "ingest_trigger_plans"
down_revision = "ingest_waiting_past"
branch_labels = None
depends_on = None

STATEMENTS = """
alter function ingest.keep_past_unmatched() set enable_nestloop = off;
alter function ingest.keep_past_linked() set enable_nestloop = off;
"""


def upgrade() -> None:
    """Set it."""
    op.execute(STATEMENTS)
