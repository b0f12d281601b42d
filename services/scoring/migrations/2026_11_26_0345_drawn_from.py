"""Whom a sample is drawn from, and what cases became, are read of everyone at once: of three datasets, not of all."""

from alembic import op

revision = "scoring_drawn_from"
down_revision = "scoring_models"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
create index fact_of_register on scoring.fact (subject_id)
    where dataset = 'samr_entity' and subject_kind = 'employer'
""",
    """
create index fact_of_headcount on scoring.fact (subject_id, key, source_time)
    where dataset = 'hrss_insured_headcount' and subject_kind = 'employer'
""",
    """
create index fact_of_cases on scoring.fact (dataset, key)
    where dataset in ('hrss_inspection_case', 'hrss_arbitration') and subject_kind = 'employer'
""",
)


def upgrade() -> None:
    """Create the indexes."""
    for statement in _STATEMENTS:
        op.execute(statement)
