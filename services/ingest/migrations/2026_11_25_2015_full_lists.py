"""Corrections, and full lists: which keys one names, in how many parts, and what became of it."""

from alembic import op

revision = "ingest_full_lists"
down_revision = "ingest_retention"
branch_labels = None
depends_on = None

_STATEMENTS = """
alter table ingest.past_state add column subject text;
create or replace function ingest.keep_past_states() returns trigger language plpgsql as $$
begin
    insert into ingest.past_state (key, subject, row_hash, source_time, receipt_id, row_no)
    select key, subject, row_hash, source_time, receipt_id, row_no from replaced
    on conflict do nothing;
    return null;
end $$;

create table ingest.correction (
    receipt_id uuid primary key,
    corrects uuid not null
);
comment on table ingest.correction is 'append-only: which receipt another one corrects';

create table ingest.snapshot (
    snapshot_id uuid primary key,
    dataset text not null,
    agency text not null,
    prefix text not null check (length(prefix) = 12),
    month text not null,
    as_of timestamptz not null,
    state text not null check (state in ('open', 'held', 'applied', 'older', 'discarded', 'withdrawn')),
    held_because text check (held_because in ('empty', 'unreadable_keys', 'too_many_missing')),
    known int not null default 0,
    missing int not null default 0,
    opened_at timestamptz not null,
    settled_at timestamptz,
    check ((state = 'held') <= (held_because is not null))
);
create index snapshot_by_register on ingest.snapshot (dataset, agency, month, as_of);
comment on table ingest.snapshot is
    'full lists: all records of a register at a time; month is empty where the key holds none';

create table ingest.snapshot_part (
    snapshot_id uuid not null,
    receipt_id uuid not null,
    keyless int not null,
    primary key (snapshot_id, receipt_id)
);
create index snapshot_part_by_receipt on ingest.snapshot_part (receipt_id);
comment on table ingest.snapshot_part is
    'append-only: the receipts of a full list; keyless: rows whose key could not be read';

create table ingest.snapshot_key (
    snapshot_id uuid not null,
    key uuid not null,
    primary key (snapshot_id, key)
);
comment on table ingest.snapshot_key is 'what a full list names, until it is applied';

-- One round trip for what every file must know. The lock is shared by all files of a dataset and keeps out only the
-- moment in which a full list is applied: no record may slip in between its comparison and its commit.
create function ingest.full_lists(of_dataset text, of_agency text)
returns table (month text, as_of timestamptz, snapshot_id uuid) language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('ingest:register:' || of_dataset, 0));
    return query
        select distinct on (list.month) list.month, list.as_of, list.snapshot_id from ingest.snapshot list
        where list.dataset = of_dataset and list.agency = of_agency and list.state = 'applied'
        order by list.month, list.as_of desc, list.snapshot_id desc;
end $$;
"""


def upgrade() -> None:
    """Create them."""
    op.execute(_STATEMENTS)
