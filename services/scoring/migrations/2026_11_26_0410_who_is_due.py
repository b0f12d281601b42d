"""Who is due is found by kind: a few projects do not lie behind all employers."""

from alembic import op

revision = "scoring_who_is_due"
down_revision = "scoring_evidence"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "drop index scoring.subject_to_review",
    "drop index scoring.subject_by_rules",
    "create index subject_to_review on scoring.subject (subject_kind, next_review_on)",
    "create index subject_by_rules on scoring.subject (subject_kind, rules_version)",
)


def upgrade() -> None:
    """Put the kind before the day and the version."""
    for statement in _STATEMENTS:
        op.execute(statement)
