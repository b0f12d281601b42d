"""What the champion read of an employer is kept with the score: its word comes out the same of the same."""

from alembic import op

revision = "scoring_readings"
down_revision = "scoring_disputes"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "alter table scoring.score_evidence add column reading bytea",
    # It is packed already.
    "alter table scoring.score_evidence alter column reading set storage external",
    """
    comment on column scoring.score_evidence.reading is
        'the values of the columns of score.model_id (float32, zstd); null: no model spoke, or as it had spoken before'
    """,
)


def upgrade() -> None:
    """Add the column."""
    for statement in _STATEMENTS:
        op.execute(statement)
