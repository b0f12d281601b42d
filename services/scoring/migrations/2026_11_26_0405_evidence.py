"""What each score stood on: the names of the versions, and how the feeds stood."""

from alembic import op

revision = "scoring_evidence"
down_revision = "scoring_score_population"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    create table scoring.score_evidence (
        subject_id text not null,
        subject_kind text not null check (subject_kind in ('employer', 'project')),
        score_id uuid not null,
        names bytea not null,
        versions integer not null,
        sha256 text not null,
        feeds_sha256 text not null,
        falls_at_once boolean not null,
        modelled text,
        primary key (subject_id, subject_kind, score_id)
    )
    """,
    """
    comment on table scoring.score_evidence is
        'append-only: which versions of records a score stood on (packed), and the digest of what they said'
    """,
    "create table scoring.known_feeds (sha256 text primary key, body bytea not null)",
    "comment on table scoring.known_feeds is 'append-only: how the feeds stood when something was scored (packed)'",
    # It is packed already.
    "alter table scoring.score_evidence alter column names set storage external",
    "alter table scoring.known_feeds alter column body set storage external",
    "create index score_by_id on scoring.score (score_id)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
