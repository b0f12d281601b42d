"""Whose records were corrected while he waits for his turn falls at once when it comes, as those scored at once do.

A service of before these columns does not know them and neither sets nor clears them: whom it scores as due keeps his
mark, and falls at once when he is next scored by one that knows it; whom it takes from `unscored` is held as before.
"""

from alembic import op

revision = "scoring_falls_at_once"
down_revision = "scoring_attendance_told"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "alter table scoring.subject add column falls_at_once boolean not null default false",
    "alter table scoring.unscored add column falls_at_once boolean not null default false",
    # Of everyone hardly ever some: whoever is scored is looked up in next to nothing.
    "create index falling_subject on scoring.subject (subject_kind, subject_id) where falls_at_once",
    """
    comment on column scoring.subject.falls_at_once is
        'what was known is corrected: the next scoring holds no level of it (0020)'
    """,
)


def upgrade() -> None:
    """Add the column."""
    for statement in _STATEMENTS:
        op.execute(statement)
