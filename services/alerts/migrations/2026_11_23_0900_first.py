"""Alerts, orders, their histories and deadlines, with row-level security by division."""

from alembic import op

revision = "alerts_0001"
down_revision = None
branch_labels = None
depends_on = None

_STATES = [
    *("GENERATED", "MERGED", "SUPPRESSED", "TRIAGED", "DISPATCHED", "RETURNED", "ACCEPTED", "ESCALATED", "VERIFYING"),
    *("CONFIRMED", "NO_ARREARS", "FALSE", "UNVERIFIABLE", "DISPOSING", "LINKED_TO_CASE", "RESOLVED", "REVIEWED"),
    *("CLOSED", "REOPENED", "SUSPENDED"),
]
_ORDER_STATES = ["ISSUED", "SERVED", "PAID", "OVERDUE", "REVOKED"]
_LEVELS = ["none", "blue", "yellow", "orange", "red"]


def _one_of(column: str, values: list[str]) -> str:
    return f"check ({column} in ({', '.join(repr(value) for value in values)}))"


_TABLES = f"""
create table alerts.alerts (
    id uuid primary key,
    subject_kind text not null {_one_of("subject_kind", ["employer", "project"])},
    subject_id text not null,
    uscc text,
    name text,
    division text not null,
    workplace text,
    town text,
    level text not null {_one_of("level", _LEVELS)},
    state text not null {_one_of("state", _STATES)},
    stage text not null {_one_of("stage", _STATES)},
    points integer not null,
    indicators jsonb not null,
    reasons jsonb not null,
    rules_version text not null,
    score_id uuid not null unique,
    raised_at timestamptz not null,
    scored_at timestamptz not null,
    last_signal_at timestamptz not null,
    changed_at timestamptz not null,
    closed_at timestamptz,
    quiet_until timestamptz,
    returns integer not null default 0,
    is_supervised boolean not null default false,
    inspectors jsonb not null default '[]',
    proposal jsonb,
    finding jsonb,
    measures jsonb not null default '[]',
    paid numeric(18, 2) not null default 0,
    unpaid numeric(18, 2) not null default 0,
    link jsonb,
    pauses jsonb not null default '[]',
    suspended_until date,
    previous_alert_id uuid references alerts.alerts (id),
    -- Closing with an unpaid balance is forbidden unless something goes on with it (domain rules 9.1).
    constraint closed_means_settled check (state <> 'CLOSED' or unpaid <= 0 or link is not null),
    constraint found_by_a_person check (state <> 'CONFIRMED' or (finding ->> 'by') is not null)
);
create index alerts_subject on alerts.alerts (subject_kind, subject_id, raised_at desc);
create index alerts_state on alerts.alerts (state, id desc);
create index alerts_division on alerts.alerts (division text_pattern_ops, id desc);

create table alerts.signals (
    score_id uuid primary key,
    subject_kind text not null,
    subject_id text not null,
    level text not null {_one_of("level", _LEVELS)},
    points integer not null,
    indicators jsonb not null,
    reasons jsonb not null,
    scored_at timestamptz not null,
    received_at timestamptz not null,
    outcome text not null {_one_of("outcome", ["raised", "merged", "suppressed", "watched"])},
    alert_id uuid references alerts.alerts (id)
);
create index signals_alert on alerts.signals (alert_id);

create table alerts.deadlines (
    id uuid primary key,
    alert_id uuid not null references alerts.alerts (id),
    clock text not null,
    length text not null,
    tag text not null,
    article text,
    starts_at timestamptz not null,
    due_at timestamptz,
    internal_at timestamptz,
    warnings jsonb not null,
    provisional boolean not null,
    stopped_at timestamptz,
    breached_at timestamptz
);
create unique index deadlines_running on alerts.deadlines (alert_id, clock) where stopped_at is null;
create index deadlines_due on alerts.deadlines (due_at) where stopped_at is null and breached_at is null;

create table alerts.orders (
    id uuid primary key,
    order_no text not null unique,
    alert_id uuid not null references alerts.alerts (id),
    uscc text not null,
    employer_name text not null,
    division text not null,
    deciding_org text not null,
    state text not null {_one_of("state", _ORDER_STATES)},
    issued_on date not null,
    issued_by text not null,
    term_wd integer not null check (term_wd > 0),
    is_term_verified boolean not null,
    served_on date,
    service_method text,
    term_ends_on date,
    term_ends_at timestamptz,
    overdue_at timestamptz,
    paid_on date,
    revoked_on date,
    revoke_cause text,
    amount numeric(18, 2) not null check (amount > 0),
    workers integer not null check (workers > 0),
    migrant_workers integer not null,
    migrant_amount numeric(18, 2) not null,
    longest_months integer not null,
    largest_single numeric(18, 2) not null,
    parties jsonb not null,
    incident_serious boolean not null,
    traceparent text,
    changed_at timestamptz not null,
    constraint served_means_term check (
        state in ('ISSUED', 'REVOKED') or (served_on is not null and term_ends_at is not null)
    )
);
create index orders_alert on alerts.orders (alert_id);
create index orders_due on alerts.orders (term_ends_at) where state = 'SERVED';

create table alerts.order_workers (
    order_id uuid not null references alerts.orders (id),
    number integer not null,
    name_sealed text,
    name_masked text,
    id_no_sealed text,
    id_no_masked text,
    person text,
    months integer not null,
    amount numeric(18, 2) not null check (amount > 0),
    is_rural boolean not null,
    primary key (order_id, number)
);

create table alerts.order_payments (
    id uuid primary key,
    order_id uuid not null references alerts.orders (id),
    paid_on date not null,
    lines jsonb not null,
    proof jsonb not null,
    recorded_by text not null,
    recorded_at timestamptz not null
);
create index order_payments_order on alerts.order_payments (order_id);
"""

_HISTORY = """
create table alerts.{thing}_history (
    {thing}_id uuid not null references alerts.{thing}s (id),
    seq integer not null,
    event text not null,
    before text,
    after text not null,
    stage text not null,
    actor text not null,
    actor_name text,
    at timestamptz not null,
    reason text,
    inputs jsonb not null,
    documents jsonb not null,
    previous_hash text not null,
    hash text not null,
    primary key ({thing}_id, seq)
);
comment on table alerts.{thing}_history is 'append-only: every step, hash-chained';
"""

# '*' is the platform itself; a person sees what lies below his own division; nobody sees anything without one.
_BY_DIVISION = """
alter table alerts.{table} enable row level security;
alter table alerts.{table} force row level security;
create policy jurisdiction on alerts.{table} using (
    current_setting('anxin.jurisdiction', true) = '*'
    or (current_setting('anxin.jurisdiction', true) <> ''
        and starts_with(division, current_setting('anxin.jurisdiction', true))));
"""
# What belongs to an alert is seen by whoever sees the alert: it moves with it from town to town.
_BY_OWNER = """
alter table alerts.{table} enable row level security;
alter table alerts.{table} force row level security;
create policy jurisdiction on alerts.{table} using (
    current_setting('anxin.jurisdiction', true) = '*'
    or exists (select 1 from alerts.{owner}s o where o.id = {owner}_id));
"""
_OWNERS = {
    "signals": "alert",
    "deadlines": "alert",
    "alert_history": "alert",
    "orders": "alert",
    "order_history": "order",
    "order_workers": "order",
    "order_payments": "order",
}


def upgrade() -> None:
    op.execute(_TABLES)
    for thing in ("alert", "order"):
        op.execute(_HISTORY.format(thing=thing))
    op.execute(_BY_DIVISION.format(table="alerts"))
    for table, owner in _OWNERS.items():
        op.execute(_BY_OWNER.format(table=table, owner=owner))
