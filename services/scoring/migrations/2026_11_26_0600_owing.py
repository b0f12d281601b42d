"""A model may also say that arrears are going on and nobody has found out: by that it ranks."""

from alembic import op

revision = "scoring_owing"
down_revision = "scoring_evidence"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; null of a model that tells only whether arrears start."""
    op.execute("alter table scoring.prediction add column owing double precision check (owing between 0 and 1)")
