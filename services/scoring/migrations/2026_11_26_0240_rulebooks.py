"""Rules that people change: every version of the book, what was done with it by whom, and what a dry run found."""

from alembic import op

revision = "scoring_rulebooks"
down_revision = "scoring_outcomes"
branch_labels = None
depends_on = None

_TABLES = """
create table scoring.rulebook (
    version text primary key,
    digest text not null unique,
    origin text not null check (origin in ('shipped', 'drafted')),
    based_on text references scoring.rulebook,
    datasets text not null,
    features text not null,
    indicators text not null,
    parameters text not null,
    author text not null,
    reason text not null,
    effective_from date,
    created_at timestamptz not null
);
comment on table scoring.rulebook is
    'append-only: every version of the rules, whole; effective_from = the day its author wants, null = at once';

create table scoring.rulebook_act (
    act_no bigint generated always as identity primary key,
    version text not null references scoring.rulebook,
    act text not null check (act in ('drafted', 'submitted', 'returned', 'approved', 'activated', 'rolled_back')),
    actor text not null,
    reason text not null,
    effective_from date check ((effective_from is not null) = (act in ('activated', 'rolled_back'))),
    dry_run_id uuid,
    acted_at timestamptz not null
);
comment on table scoring.rulebook_act is
    'append-only: what was done with a version of the rules; the latest activation whose day has come is in force';
create index rulebook_act_by_version on scoring.rulebook_act (version, act_no);
create index rulebook_in_force on scoring.rulebook_act (act_no) include (version, effective_from)
    where act in ('activated', 'rolled_back');

create table scoring.dry_run (
    dry_run_id uuid primary key,
    version text not null references scoring.rulebook,
    baseline text not null references scoring.rulebook,
    asked_by text not null,
    asked_at timestamptz not null,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'finished', 'failed')),
    subject_kind text not null default 'employer' check (subject_kind in ('employer', 'project')),
    after_id text not null default '',
    done integer not null default 0,
    total integer not null,
    result jsonb not null default '{}',
    failure text,
    moved_at timestamptz not null,
    finished_at timestamptz
);
comment on table scoring.dry_run is
    'what a version of the rules would say of everyone; the place it has come to is kept, so a restart goes on there';
create unique index dry_run_at_work on scoring.dry_run (version, baseline) where state in ('waiting', 'running');
create index dry_run_by_version on scoring.dry_run (version, asked_at);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
