"""Which record taught what is known, so that it goes with the record; and from when a person's answer counts."""

from alembic import op

revision = "ingest_taught_by"
down_revision = "ingest_disputes"
branch_labels = None
depends_on = None

# What was learned before this has no teacher, and stays.
STATEMENTS = """
alter table ingest.known_employer add column taught_by uuid, add column confirmed_by uuid;
create index known_employer_taught on ingest.known_employer (taught_by) where taught_by is not null;
create index known_employer_confirmed on ingest.known_employer (confirmed_by) where confirmed_by is not null;
alter table ingest.known_account add column taught_by uuid, add column confirmed_by uuid;
create index known_account_taught on ingest.known_account (taught_by) where taught_by is not null;
create index known_account_confirmed on ingest.known_account (confirmed_by) where confirmed_by is not null;
comment on table ingest.known_account is
    'who held an account (P3 as pseudonym) from when, as long as the record that taught it, or another, says so';
create table ingest.forgotten_employer (like ingest.known_employer);
create index forgotten_employer_taught on ingest.forgotten_employer (taught_by);
comment on table ingest.forgotten_employer is 'lessons whose record says so no more; they come back when it does again';
create table ingest.forgotten_account (like ingest.known_account);
create index forgotten_account_taught on ingest.forgotten_account (taught_by);
comment on table ingest.forgotten_account is 'lessons whose record says so no more; they come back when it does again';
alter table ingest.link add column taught_by uuid, add column confirmed_by uuid;
create index link_taught on ingest.link (taught_by) where taught_by is not null;
create index link_confirmed on ingest.link (confirmed_by) where confirmed_by is not null;
create index unmatched_by_receipt on ingest.unmatched (receipt_id);

-- A link holds states of records, not records: the older ones beside the newest. A trigger, so that a service of before
-- this keeps them, too.
create table ingest.past_linked (like ingest.linked);
alter table ingest.past_linked add primary key (key, receipt_id, row_no);
create index past_linked_by_link on ingest.past_linked (link_id, key);
create index past_linked_by_merger on ingest.past_linked (merger_id, key) where merger_id is not null;
create index past_linked_by_row on ingest.past_linked (receipt_id, row_no);
comment on table ingest.past_linked is 'states of records that found their subject by a link and are not the newest';
create function ingest.keep_past_linked() returns trigger language plpgsql as $$
begin
    insert into ingest.past_linked select replaced.* from replaced
    join present using (key)
    where (replaced.receipt_id, replaced.row_no) <> (present.receipt_id, present.row_no)
    on conflict do nothing;
    return null;
end $$;
create trigger past_linked after update on ingest.linked
    referencing old table as replaced new table as present
    for each statement execute function ingest.keep_past_linked();
create view ingest.linked_state as select * from ingest.linked union all select * from ingest.past_linked;
comment on view ingest.linked_state is 'every state of a record that found its subject by a link';
"""


def upgrade() -> None:
    """Add them."""
    op.execute(STATEMENTS)
