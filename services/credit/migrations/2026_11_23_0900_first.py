"""The list: numbers of law, cases with their history, listings, the feed, subscribers, deliveries, the query log."""

from pathlib import Path

import yaml
from alembic import op
from sqlalchemy import text

revision = "credit_0001"
down_revision = None
branch_labels = None
depends_on = None

# What was known on the day of this revision. Later numbers are added as rows (POST /v1/credit/parameters).
PARAMETERS = Path(__file__).with_name("2026_11_23_parameters.yaml")

STATEMENTS = """
create table credit.parameter (
    id bigint generated always as identity primary key,
    code text not null,
    region text not null check (region ~ '^[0-9]{2,9}$'),
    valid_from date not null,
    valid_to date check (valid_to is null or valid_to >= valid_from),
    value numeric(18, 2) not null check (value >= 0),
    source text not null check (source <> ''),
    verified boolean not null,
    recorded_by text not null,
    recorded_at timestamptz not null default now()
);
comment on table credit.parameter is 'append-only: numbers of law, effective-dated; the last record of a code wins';

create table credit.listing_case (
    id uuid primary key,
    serial bigint generated always as identity unique,
    order_id uuid not null unique,
    alert_id uuid not null,
    order_no text not null,
    uscc text not null check (length(uscc) = 18),
    employer_name text not null,
    division text not null,
    deciding_org text not null,
    served_on date not null,
    term_ends_on date not null,
    overdue_at timestamptz not null,
    amount numeric(18, 2) not null,
    workers integer not null,
    migrant_workers integer not null,
    migrant_amount numeric(18, 2) not null,
    longest_months integer not null,
    largest_single numeric(18, 2) not null,
    incident_serious boolean not null,
    parties jsonb not null,
    salt text not null,
    state text not null check (state in ('order_overdue', 'screened', 'not_met', 'prior_notice', 'objected',
        'objection_answered', 'spared', 'listed', 'removal_applied', 'removed_early', 'expired', 'revoked',
        'unpublished', 'removal_pushed')),
    screening_due_on date not null,
    notice_due_on date not null,
    decision_due_on date not null,
    grounds jsonb not null default '[]',
    screened_on date,
    notice jsonb,
    notice_served_on date,
    objection_ends_on date,
    objection jsonb,
    objected_on date,
    answer_due_on date,
    objection_answered_on date,
    extended_on date,
    paid_on date,
    annulled_on date,
    promised_on date,
    sparing_refused_on date,
    listing_id uuid,
    opened_at timestamptz not null,
    changed_at timestamptz not null,
    -- Whoever changes a state by hand meets this: nothing is listed without the row that holds the signature.
    check (listing_id is not null or state in
        ('order_overdue', 'screened', 'not_met', 'prior_notice', 'objected', 'objection_answered', 'spared'))
);
create index listing_case_open on credit.listing_case (division, state, decision_due_on);
create index listing_case_uscc on credit.listing_case (uscc);

create table credit.step (
    id bigint generated always as identity primary key,
    case_id uuid not null references credit.listing_case,
    division text not null,
    at timestamptz not null,
    actor text not null,
    event text not null,
    article text not null,
    from_state text not null,
    to_state text not null,
    mark text,
    reason text not null default '',
    details jsonb not null default '{}'
);
create index step_case on credit.step (case_id, id);
comment on table credit.step is 'append-only: every transition of a case';

create table credit.listing (
    id uuid primary key,
    case_id uuid not null unique,
    uscc text not null check (length(uscc) = 18),
    subject_name text not null,
    parties jsonb not null,
    decision_no text not null unique,
    deciding_org text not null,
    order_no text not null,
    cause text not null,
    basis text not null,
    listed_on date not null,
    expected_exit date not null check (expected_exit > listed_on),
    signature text not null check (signature ~ '^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$'),
    signer text not null check (signer <> ''),
    thumbprint text not null check (length(thumbprint) = 43),
    sequence bigint not null unique,
    objection_open boolean not null default false,
    published_at timestamptz not null,
    pushed_at timestamptz,
    removed_on date,
    remove_type text check (remove_type in ('expired', 'early', 'revoked')),
    check ((removed_on is null) = (remove_type is null))
);
create index listing_uscc on credit.listing (uscc, expected_exit desc);
alter table credit.listing_case add foreign key (listing_id) references credit.listing;

create table credit.order_fact (
    order_id uuid primary key,
    paid_on date,
    annulled_on date,
    annulment_cause text
);

create table credit.feed_head (only_row boolean primary key default true check (only_row), sequence bigint not null);
insert into credit.feed_head (sequence) values (0);
comment on table credit.feed_head is 'the last sequence: its row lock makes numbers gapless and in commit order';

create table credit.feed (
    sequence bigint primary key,
    event_id uuid not null unique,
    type text not null,
    body bytea not null,
    at timestamptz not null default now()
);
comment on table credit.feed is 'append-only: the CloudEvents of the list, byte for byte as they left';

create table credit.subscriber (
    id uuid primary key,
    name text not null unique,
    url text not null check (url like 'https://%'),
    secret_sealed text not null,
    state text not null check (state in ('active', 'disabled')),
    disabled_because text,
    created_by text not null,
    created_at timestamptz not null
);

create table credit.delivery (
    id uuid primary key,
    subscriber_id uuid not null references credit.subscriber,
    sequence bigint not null references credit.feed,
    state text not null check (state in ('pending', 'delivered', 'dead')),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    claimed_until timestamptz,
    created_at timestamptz not null,
    delivered_at timestamptz,
    last_status integer,
    last_error text,
    traceparent text,
    unique (subscriber_id, sequence)
);
create index delivery_due on credit.delivery (next_attempt_at) where state = 'pending';
create index delivery_dead on credit.delivery (id) where state = 'dead';

create table credit.query_log (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    caller_kind text not null,
    caller text not null,
    uscc text not null,
    listed boolean not null,
    trace_id text
);
create index query_log_uscc on credit.query_log (uscc, at);
comment on table credit.query_log is 'append-only: who asked about whom; kept 10 years (ZJ Public Credit Reg. art. 20)';
"""

# A person sees the cases of his own division; the system itself ('*') sees all; no jurisdiction sees none.
JURISDICTION = """
alter table credit.{table} enable row level security;
alter table credit.{table} force row level security;
create policy jurisdiction on credit.{table} using (
    current_setting('anxin.jurisdiction', true) <> '' and (
        current_setting('anxin.jurisdiction', true) = '*'
        or division like current_setting('anxin.jurisdiction', true) || '%'
    )
);
"""

_INSERT = text(
    "insert into credit.parameter (code, region, valid_from, valid_to, value, source, verified, recorded_by)"
    " values (:code, :region, :valid_from, :valid_to, :value, :source, :verified, 'migration')"
)


def upgrade() -> None:
    """Create the schema's tables and lay down the numbers of law that are known."""
    op.execute(text(STATEMENTS))
    for table in ("listing_case", "step"):
        op.execute(text(JURISDICTION.format(table=table)))
    for row in yaml.safe_load(PARAMETERS.read_text()):
        op.get_bind().execute(_INSERT, {"valid_to": None, "region": "00", **row})
