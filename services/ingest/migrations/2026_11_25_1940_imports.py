"""Large files that arrive piece by piece, and how far each has been taken in."""

from alembic import op

revision = "ingest_imports"
down_revision = "ingest_feeds"
branch_labels = None
depends_on = None

STATEMENTS = """
create table ingest.import (
    import_id uuid primary key,
    agency text not null,
    dataset text not null,
    key text,
    metadata text not null,
    content_type text not null,
    content_encoding text not null,
    file_key text not null,
    length bigint not null check (length >= 0),
    arrived bigint not null default 0 check (arrived between 0 and length),
    state text not null default 'receiving' check (state in
        ('receiving', 'waiting', 'reading', 'storing', 'done', 'refused', 'failed', 'withdrawn', 'expired')),
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    reported_at timestamptz,
    finished_at timestamptz,
    traceparent text,
    worker uuid,
    lease_ends timestamptz,
    attempts int not null default 0,
    sha256 bytea check (length(sha256) = 32),
    bytes bigint,
    rows_read int not null default 0,
    last_row int not null default 0,
    received int not null default 0,
    accepted int not null default 0,
    superseded int not null default 0,
    rejected int not null default 0,
    unmatched int not null default 0,
    problem jsonb,
    check (state in ('receiving', 'withdrawn', 'expired') or arrived = length)
);
create unique index import_by_key on ingest.import (agency, key)
    where key is not null and state not in ('withdrawn', 'expired');
create index import_open on ingest.import (agency, state)
    where state in ('receiving', 'waiting', 'reading', 'storing');
comment on table ingest.import is 'a large file on its way in, and how far it is; import_id = receipt_id';

create table ingest.import_piece (
    import_id uuid not null references ingest.import,
    first_byte bigint not null check (first_byte >= 0),
    bytes int not null check (bytes > 0),
    content bytea not null,
    primary key (import_id, first_byte)
);
-- The content is sealed, and so cannot be compressed again.
alter table ingest.import_piece alter column content set storage external;
comment on table ingest.import_piece is 'the file of an import as it came, kept in pieces (zstd, AES-256-GCM)';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)
