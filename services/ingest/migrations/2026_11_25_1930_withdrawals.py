"""What was taken back, and the states of a record that are not its newest: they stand again when the newest falls."""

from alembic import op

revision = "ingest_withdrawals"
down_revision = "ingest_2026_11_25_1900"
branch_labels = None
depends_on = None

_STATEMENTS = """
create table ingest.past_state (
    key uuid not null,
    row_hash uuid not null,
    source_time timestamptz not null,
    receipt_id uuid not null,
    row_no int not null,
    primary key (key, source_time, receipt_id, row_no)
);
create index past_state_by_receipt on ingest.past_state (receipt_id);
comment on table ingest.past_state is 'states of records that were taken and are not the newest (that one is in head)';

-- Receipts come in the order of their ids, so a summary of each stretch of the table finds those of one.
create index head_by_receipt on ingest.head using brin (receipt_id uuid_minmax_multi_ops) with (pages_per_range = 32);

create table ingest.withdrawal (
    withdrawal_id uuid primary key,
    receipt_id uuid not null,
    rows int4multirange not null,
    reason text not null check (length(reason) between 1 and 500),
    withdrawn_by text not null,
    withdrawn_at timestamptz not null
);
create index withdrawal_by_receipt on ingest.withdrawal (receipt_id);
comment on table ingest.withdrawal is 'append-only: which rows of a receipt its agency took back, when and why';

-- A trigger, because it costs nothing where no head is replaced, and because no way of replacing one may forget it.
create function ingest.keep_past_states() returns trigger language plpgsql as $$
begin
    insert into ingest.past_state (key, row_hash, source_time, receipt_id, row_no)
    select key, row_hash, source_time, receipt_id, row_no from replaced
    on conflict do nothing;
    return null;
end $$;
create trigger past_states after update on ingest.head
    referencing old table as replaced for each statement execute function ingest.keep_past_states();
"""


def upgrade() -> None:
    """Create them."""
    op.execute(_STATEMENTS)
