"""Facts as versions, the subjects and their scores, and the labels that people gave."""

from alembic import op

revision = "scoring_0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
create table scoring.fact (
    subject_kind text not null check (subject_kind in ('employer', 'project', 'account', 'payroll', 'person')),
    subject_id text not null,
    dataset text not null,
    key text not null,
    source_time timestamptz not null,
    receipt_id uuid not null,
    row_no integer not null,
    agency text not null,
    reported_at timestamptz not null,
    body jsonb,
    primary key (subject_id, subject_kind, dataset, key, source_time, receipt_id, row_no)
);
comment on table scoring.fact is
    'append-only: every version of every record by subject; body null = moved to another subject';
create index fact_by_record on scoring.fact (dataset, key);

create table scoring.feed_report (
    dataset text not null,
    agency text not null,
    reported_on date not null,
    oldest timestamptz not null,
    reported_at timestamptz not null,
    primary key (dataset, agency, reported_on, oldest)
);
comment on table scoring.feed_report is
    'append-only: on which days which agency reported which dataset, and how far back';

create table scoring.link (
    subject_id text not null,
    alias_kind text not null check (alias_kind in ('account', 'payroll')),
    alias_id text not null,
    primary key (subject_id, alias_kind, alias_id)
);
comment on table scoring.link is
    'append-only: accounts and payrolls ever named with a project (an index; the truth is in fact)';
create index link_by_alias on scoring.link (alias_kind, alias_id);

create table scoring.subject (
    subject_id text not null,
    subject_kind text not null check (subject_kind in ('employer', 'project', 'account', 'payroll')),
    name text,
    division text,
    gc_uscc text,
    gc_name text,
    level text not null default 'none' check (level in ('none', 'blue', 'yellow', 'orange', 'red')),
    meaning text,
    state text,
    score_id uuid,
    rules_version text,
    reviewed_at timestamptz,
    next_review_on date,
    primary key (subject_id, subject_kind)
);
create index subject_to_review on scoring.subject (next_review_on);
create index subject_by_rules on scoring.subject (rules_version);

create table scoring.score (
    subject_id text not null,
    subject_kind text not null check (subject_kind in ('employer', 'project')),
    score_id uuid not null,
    level text not null check (level in ('none', 'blue', 'yellow', 'orange', 'red')),
    previous_level text not null check (previous_level in ('none', 'blue', 'yellow', 'orange', 'red')),
    points integer not null check (points between 0 and 100),
    floor text not null check (floor in ('none', 'blue', 'yellow', 'orange', 'red')),
    families jsonb not null,
    reasons jsonb not null,
    scored_at timestamptz not null,
    rules_version text not null,
    primary key (subject_id, subject_kind, score_id)
);
comment on table scoring.score is 'append-only: the history of every level, with its reasons';
create index score_by_time on scoring.score (subject_id, subject_kind, scored_at);

create table scoring.label (
    subject_id text not null,
    subject_kind text not null check (subject_kind in ('employer', 'project')),
    alert_id uuid not null,
    finding text not null check (finding in ('confirmed', 'no_arrears', 'false', 'unverifiable')),
    found_on date not null,
    score_id uuid not null,
    uscc text,
    workers integer,
    months integer,
    amount numeric(18, 2),
    cause text,
    primary key (subject_id, subject_kind, alert_id, found_on, finding)
);
comment on table scoring.label is 'append-only: what people found behind an alert, to learn from';
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
