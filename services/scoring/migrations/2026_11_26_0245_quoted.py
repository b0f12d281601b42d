"""A text as a field of CSV, for lines that leave many at once."""

from alembic import op

revision = "scoring_quoted"
down_revision = "scoring_inspections"
branch_labels = None
depends_on = None

_QUOTED = """
create function scoring.quoted(field text) returns text language sql immutable parallel safe
return '"' || replace(field, '"', '""') || '"'
"""


def upgrade() -> None:
    """Add the function."""
    op.execute(_QUOTED)
