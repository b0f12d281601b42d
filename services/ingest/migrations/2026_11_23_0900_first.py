"""Receipts with their faults and raw bodies; the newest known state of every record; what waits for its subject."""

from alembic import op

revision = "ingest_0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = """
create table ingest.submission_key (
    agency text not null,
    key text not null,
    receipt_id uuid not null,
    dataset text not null,
    sha256 bytea not null,
    primary key (agency, key)
);
comment on table ingest.submission_key is 'append-only: which receipt an agency''s Idempotency-Key led to';

create table ingest.receipt (
    receipt_id uuid primary key,
    agency text not null,
    dataset text not null,
    reported_at timestamptz not null,
    sha256 bytea not null check (length(sha256) = 32),
    bytes bigint not null check (bytes >= 0),
    content_type text not null,
    received int not null,
    accepted int not null,
    unchanged int not null,
    superseded int not null,
    rejected int not null,
    unmatched int not null,
    signed boolean not null default false,
    traceparent text,
    check (received = accepted + unchanged + rejected + unmatched),
    check (superseded <= unchanged)
);
create index receipt_by_agency on ingest.receipt (agency, dataset, receipt_id);
comment on table ingest.receipt is 'append-only: what was handed in, by whom, and what became of it';

create table ingest.body (
    sha256 bytea primary key check (length(sha256) = 32),
    content bytea not null,
    sealed_key text not null,
    bytes bigint not null,
    kept_at timestamptz not null default now()
);
-- The content is sealed, and so cannot be compressed again.
alter table ingest.body alter column content set storage external;
comment on table ingest.body is 'append-only: what was handed in, as it came (zstd, AES-256-GCM), by its own hash';

create table ingest.fault (
    id bigint generated always as identity primary key,
    receipt_id uuid not null,
    row_no int not null check (row_no > 0),
    item text not null,
    code text not null
);
create index fault_by_receipt on ingest.fault (receipt_id, id);
comment on table ingest.fault is 'append-only: every fault of every row; never a value';

create table ingest.head (
    key uuid primary key,
    dataset text not null,
    row_hash uuid not null,
    source_time timestamptz not null,
    receipt_id uuid not null,
    row_no int not null
);
comment on table ingest.head is 'the newest known state of each record: newest source time, then newest receipt';

create table ingest.unmatched (
    key uuid primary key,
    dataset text not null,
    row_hash uuid not null,
    source_time timestamptz not null,
    receipt_id uuid not null,
    row_no int not null,
    name text,
    record jsonb not null
);
create index unmatched_by_dataset on ingest.unmatched (dataset, key);
comment on table ingest.unmatched is 'good records whose subject is not known yet; without P2, P3 as pseudonym';

create table ingest.identity (
    pseudonym text primary key check (length(pseudonym) = 32),
    purpose text not null,
    sealed text not null,
    kept_at timestamptz not null default now()
);
comment on table ingest.identity is 'append-only: sealed numbers of persons and accounts, by pseudonym';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)
