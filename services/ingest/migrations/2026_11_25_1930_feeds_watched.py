"""Feeds watched: what each brought a day, what its records look like, and what state it is in."""

from alembic import op

revision = "ingest_feeds"
down_revision = "ingest_matching"
branch_labels = None
depends_on = None

STATEMENTS = """
-- Which transaction wrote a receipt: what is counted is exactly what was committed since the last count, however long a
-- transaction took. Nothing else about a receipt says in which order receipts became visible.
alter table ingest.receipt add column xid xid8 not null default pg_current_xact_id();
create index receipt_by_xid on ingest.receipt (xid);

create table ingest.feed_tally (
    single boolean primary key default true check (single),
    seen xid8 not null default '0',
    floor uuid not null default '00000000-0000-0000-0000-000000000000',
    counted_at timestamptz
);
comment on table ingest.feed_tally is 'one row: receipts of transactions before `seen` are in feed_day';
insert into ingest.feed_tally default values;

create table ingest.feed_day (
    dataset text not null,
    agency text not null,
    day date not null,
    submissions bigint not null,
    received bigint not null,
    accepted bigint not null,
    unchanged bigint not null,
    superseded bigint not null,
    rejected bigint not null,
    unmatched bigint not null,
    bytes bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (day, dataset, agency)
);
create index feed_day_by_feed on ingest.feed_day (dataset, agency, day);
comment on table ingest.feed_day is 'sums of receipts by feed and day of China';

create table ingest.feed_sample (
    id bigint generated always as identity primary key,
    dataset text not null,
    agency text not null,
    reported_at timestamptz not null,
    sketch jsonb,
    refusal text,
    check (num_nonnulls(sketch, refusal) = 1)
);
comment on table ingest.feed_sample is 'what a batch looked like, or why a file was refused; folded away in seconds';

create table ingest.feed_sketch (
    dataset text not null,
    agency text not null,
    day date not null,
    sketch jsonb not null,
    primary key (dataset, agency, day)
);
comment on table ingest.feed_sketch is 'what the records of a feed looked like on a day: counts, nothing personal';

create table ingest.feed (
    dataset text not null,
    agency text not null,
    state text not null default 'never'
        check (state in ('never', 'on_time', 'due', 'late', 'silent', 'broken')),
    since timestamptz not null,
    changes int not null default 0,
    first_at timestamptz,
    last_at timestamptz,
    refusals int not null default 0,
    refused_at timestamptz,
    refusal text,
    findings jsonb not null default '[]',
    drifts jsonb not null default '[]',
    primary key (dataset, agency)
);
comment on table ingest.feed is 'how each feed stands; `changes` numbers its alarms';
"""


def upgrade() -> None:
    """Create them."""
    op.execute(STATEMENTS)
