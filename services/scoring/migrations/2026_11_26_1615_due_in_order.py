"""Who is due on the same day is taken in the order of codes: neighbours in facts, each page of which is read once."""

from alembic import op

revision = "scoring_due_in_order"
down_revision = "scoring_readings"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "drop index scoring.subject_to_review",
    "create index subject_to_review on scoring.subject (next_review_on, subject_id)",
    "drop index scoring.subject_by_rules",
    "create index subject_by_rules on scoring.subject (rules_version, subject_id)",
)


def upgrade() -> None:
    """Make the two indexes anew."""
    for statement in _STATEMENTS:
        op.execute(statement)
