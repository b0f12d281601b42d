"""Whose record is this: what is known of employers and accounts, the links made by it, and the questions to people."""

from alembic import op

revision = "ingest_matching"
down_revision = "ingest_withdrawals"
branch_labels = None
depends_on = None

_STATEMENTS = """
create table ingest.known_employer (
    kind text not null check (kind in ('name', 'core', 'regno', 'organisation')),
    value text not null,
    subject_id text not null,
    division text not null,
    since timestamptz,
    until timestamptz,
    official boolean not null,
    told text,
    region text,
    form text,
    grams text[],
    primary key (kind, value, subject_id, division)
);
create index known_employer_of_subject on ingest.known_employer (subject_id, kind);
create index known_employer_by_grams on ingest.known_employer using gin (grams) where kind = 'core';
comment on table ingest.known_employer is
    'names (with their dates), registration numbers and organisation codes by which employers are known';

create table ingest.known_account (
    scope text not null,
    account text not null,
    since timestamptz not null,
    subject_id text not null,
    primary key (scope, account, since, subject_id)
);
comment on table ingest.known_account is
    'append-only: who held an account (P3 as pseudonym) from when, learned from records with a code';

create table ingest.link (
    link_id uuid primary key,
    method text not null check (method in ('code', 'regno', 'organisation', 'account', 'name', 'manual', 'merger')),
    kind text not null,
    scope text not null,
    value text not null,
    division text not null,
    subject_id text,
    since timestamptz,
    made_at timestamptz not null,
    made_by text not null,
    reason text,
    undone_at timestamptz,
    undone_by text,
    undo_reason text,
    is_emptied boolean not null default false
);
create unique index link_answer on ingest.link (kind, scope, value, division)
    where method = 'manual' and undone_at is null;
create unique index link_own on ingest.link (kind, scope, value, subject_id)
    where method <> 'manual' and undone_at is null;
create index link_by_clue on ingest.link (kind, scope, value);
create index link_undone on ingest.link (link_id) where undone_at is not null and not is_emptied;
comment on table ingest.link is
    'what leads to whom, by our own evidence or by a person''s answer (subject null: nobody we know)';

create table ingest.linked (
    key uuid primary key,
    link_id uuid not null,
    merger_id uuid,
    subject_id text not null,
    method text not null,
    dataset text not null,
    agency text not null,
    natural_key text not null,
    at timestamptz not null,
    written text,
    name text,
    row_hash uuid not null,
    source_time timestamptz not null,
    receipt_id uuid not null,
    row_no int not null,
    record jsonb not null
);
create index linked_by_link on ingest.linked (link_id, key);
create index linked_by_merger on ingest.linked (merger_id, key) where merger_id is not null;
create index linked_by_row on ingest.linked (receipt_id, row_no);
comment on table ingest.linked is
    'records that found their subject by a link, so that it can be undone; without P2, P3 as pseudonym';

create table ingest.unlinked (
    key uuid not null,
    subject_id text not null,
    undo_id uuid not null,
    row_no int not null,
    primary key (key, subject_id, undo_id)
);
comment on table ingest.unlinked is 'which records were taken away from whom, until they come back to him';

create table ingest.question (
    question_id uuid primary key,
    kind text not null check (kind in ('name', 'account', 'written')),
    scope text not null,
    value text not null,
    division text not null,
    told text not null,
    dataset text not null,
    agency text not null,
    asked_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'linked', 'none')),
    candidates jsonb not null default '[]',
    best_score int,
    due_after uuid default '00000000-0000-0000-0000-000000000000',
    unique (kind, scope, value, division)
);
create index question_due on ingest.question (question_id) where due_after is not null;
create index question_open on ingest.question (question_id) where state = 'open';
comment on table ingest.question is
    'whose are these records? due_after: those beyond this key are to be looked at again';

create table ingest.question_clue (
    kind text not null,
    scope text not null,
    value text not null,
    question_id uuid not null references ingest.question,
    primary key (kind, scope, value, question_id)
);
create index question_clue_of_question on ingest.question_clue (question_id);
comment on table ingest.question_clue is 'what must be learned for a question to answer itself';

alter table ingest.unmatched
    add column natural_key text,
    add column agency text,
    add column at timestamptz,
    add column written text,
    add column question_id uuid;
create index unmatched_by_question on ingest.unmatched (question_id, key);
"""


def upgrade() -> None:
    """Create them."""
    op.execute(_STATEMENTS)
