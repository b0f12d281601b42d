"""Who says that a record is wrong, and what its source answers (Decree 809: 数据校核)."""

from alembic import op

revision = "ingest_disputes"
down_revision = "ingest_import_statements"
branch_labels = None
depends_on = None

# key, row_hash: the record, and the state of it that is disputed; it is corrected when that state stands no more.
STATEMENTS = """
create table ingest.dispute (
    dispute_id uuid primary key,
    receipt_id uuid not null,
    row_no int not null,
    dataset text not null,
    agency text not null,
    key uuid not null,
    row_hash uuid not null,
    item text,
    reason text not null check (length(reason) between 1 and 500),
    raised_by_kind text not null check (raised_by_kind in ('agency', 'person')),
    raised_by text not null,
    raised_at timestamptz not null,
    due_on date not null,
    state text not null default 'open' check (state in ('open', 'corrected', 'upheld')),
    answer text check (length(answer) between 1 and 500),
    corrected_by uuid,
    answered_by text,
    answered_at timestamptz,
    check ((state = 'open') = (answered_at is null)),
    check (state <> 'upheld' or answer is not null)
);
create unique index dispute_open_once on ingest.dispute (receipt_id, row_no, raised_by_kind, raised_by)
    where state = 'open';
create index dispute_of_source on ingest.dispute (agency, dispute_id);
create index dispute_open on ingest.dispute (dataset, agency, due_on) where state = 'open';
comment on table ingest.dispute is 'records that a user of the data called wrong, and what their source answered';
"""


def upgrade() -> None:
    """Create it."""
    op.execute(STATEMENTS)
