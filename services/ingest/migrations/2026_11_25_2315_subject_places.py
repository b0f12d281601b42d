"""Where a subject is, as its register says: it decides who sees the rows that name no place."""

from alembic import op

revision = "ingest_subject_places"
down_revision = "ingest_identity_retention"
branch_labels = None
depends_on = None

# A state that came before this table is kept when its record comes again, changed or not.
STATEMENTS = """
create table ingest.subject_place (
    key uuid not null,
    row_hash uuid not null,
    subject_kind text not null,
    subject_id text not null,
    division text not null check (division ~ '^[0-9]{9}$'),
    primary key (key, row_hash)
);
create index subject_place_of on ingest.subject_place (subject_id, subject_kind);
comment on table ingest.subject_place is 'append-only: where a state of a register''s record says that its subject is';
"""


def upgrade() -> None:
    """Create it."""
    op.execute(STATEMENTS)
