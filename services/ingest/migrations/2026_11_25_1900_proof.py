"""What proves a submission: the keys that sign receipts, the signed receipts, and the senders' own signatures."""

from alembic import op

revision = "ingest_2026_11_25_1900"
down_revision = "ingest_registers"
branch_labels = None
depends_on = None

STATEMENTS = """
create table ingest.receipt_key (
    kid text primary key,
    public jsonb not null,
    sealed text,
    made_at timestamptz not null,
    signs_until timestamptz not null check (signs_until > made_at)
);
comment on table ingest.receipt_key is 'keys that sign receipts; the sealed private half goes, the public half stays';

create table ingest.signed_receipt (
    receipt_id uuid primary key,
    kid text not null references ingest.receipt_key,
    token text not null,
    signed_at timestamptz not null
);
comment on table ingest.signed_receipt is 'append-only: receipts as they were signed, each once';

create table ingest.sender_signature (
    receipt_id uuid primary key,
    keyid text not null,
    algorithm text not null,
    created_at timestamptz not null,
    base text not null,
    signature bytea not null,
    certificate bytea not null,
    sent_sha256 bytea not null check (length(sent_sha256) = 32)
);
comment on table ingest.sender_signature is 'append-only: the senders'' own signatures (RFC 9421), as evidence';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)
