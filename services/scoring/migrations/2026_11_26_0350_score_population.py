"""A score knows beside which population the model spoke: with the facts and the model, all that a recomputing needs."""

from alembic import op

revision = "scoring_score_population"
down_revision = "scoring_drawn_from"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; lines of before no model spoke in."""
    op.execute("alter table scoring.score add column population_id uuid")
