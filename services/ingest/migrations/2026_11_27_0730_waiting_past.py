"""What waited and was replaced by a newer state of its record waits again when that one is taken back."""

from alembic import op

revision = "ingest_waiting_past"
down_revision = "ingest_taught_by"
branch_labels = None
depends_on = None

STATEMENTS = """
create table ingest.past_unmatched (like ingest.unmatched);
alter table ingest.past_unmatched add primary key (key, source_time, receipt_id, row_no);
create index past_unmatched_by_receipt on ingest.past_unmatched (receipt_id);
comment on table ingest.past_unmatched is
    'states of records that waited for their subject and are not the newest; without P2, P3 as pseudonym';

-- A trigger, as for head: no way of replacing one may forget it.
create function ingest.keep_past_unmatched() returns trigger language plpgsql as $$
begin
    insert into ingest.past_unmatched select replaced.* from replaced
    join ingest.unmatched using (key)
    where (replaced.receipt_id, replaced.row_no) <> (unmatched.receipt_id, unmatched.row_no)
    on conflict do nothing;
    return null;
end $$;
create trigger past_unmatched after update on ingest.unmatched
    referencing old table as replaced for each statement execute function ingest.keep_past_unmatched();
"""


def upgrade() -> None:
    """Create it."""
    op.execute(STATEMENTS)
