"""Trained models and their states, what each says of whom, what is kept of the population, and its runs."""

from alembic import op

revision = "scoring_models"
down_revision = "scoring_quality"
branch_labels = None
depends_on = None

_SOURCES = "('indicators', 'model', 'cool_down', 'override', 'law_floor')"

_STATEMENTS = (
    """
create table scoring.model (
    model_id text primary key check (model_id ~ '^[0-9a-f]{64}$'),
    name text not null,
    horizon_days integer not null,
    entry text not null,
    trees text,
    card text not null,
    not_live jsonb not null,
    not_live_share double precision not null check (not_live_share between 0 and 1),
    registered_at timestamptz not null,
    registered_by text not null
)""",
    "comment on table scoring.model is 'append-only: trained models as they were registered, named by their content'",
    """
create table scoring.model_standing (
    model_id text primary key references scoring.model,
    state text not null check (state in ('candidate', 'shadow', 'champion', 'retired')),
    since timestamptz not null,
    proposed_by text,
    proposed_at timestamptz,
    proposal text,
    check ((proposed_by is null) = (proposed_at is null) and (proposed_by is null) = (proposal is null))
)""",
    "create unique index model_one_champion on scoring.model_standing (state) where state = 'champion'",
    """
create table scoring.model_step (
    step bigint generated always as identity primary key,
    model_id text not null references scoring.model,
    act text not null,
    state text not null check (state in ('candidate', 'shadow', 'champion', 'retired')),
    at timestamptz not null,
    actor text not null,
    reason text not null,
    check (act <> 'approve' or actor <> '')
)""",
    "comment on table scoring.model_step is 'append-only: who did what to a model, when and why'",
    "create index model_step_of on scoring.model_step (model_id, step)",
    """
create table scoring.population (
    population_id uuid primary key,
    as_of timestamptz not null,
    employers integer not null,
    content bytea not null
)""",
    "comment on table scoring.population is 'append-only: what features need of everyone, worked out once a run'",
    "create index population_by_time on scoring.population (as_of)",
    """
create table scoring.population_run (
    run_id uuid primary key,
    state text not null check (state in ('waiting', 'running', 'done', 'failed')),
    reason text not null,
    requested_by text not null,
    requested_at timestamptz not null,
    population_id uuid references scoring.population,
    after text not null default '',
    done integer not null default 0,
    total integer not null default 0,
    failures integer not null default 0,
    error text,
    started_at timestamptz,
    ended_at timestamptz
)""",
    "create index population_run_open on scoring.population_run (requested_at) where state in ('waiting', 'running')",
    """
create table scoring.prediction (
    subject_id text not null,
    model_id text not null references scoring.model,
    day date not null,
    at timestamptz not null,
    population_id uuid not null references scoring.population,
    probability double precision not null check (probability between 0 and 1),
    primary key (subject_id, model_id, day)
)""",
    "create index prediction_of_day on scoring.prediction (model_id, day)",
    "alter table scoring.score add column model_id text",
    "alter table scoring.score add column probability double precision",
    "alter table scoring.score add column model_level text",
    "alter table scoring.score add column indicator_level text",
    *(
        f"alter table scoring.{table} drop constraint {table}_level_source_check, add constraint "
        f"{table}_level_source_check check (level_source in {_SOURCES})"
        for table in ("subject", "score")
    ),
)


def upgrade() -> None:
    """Create the tables; a score knows which model said what."""
    for statement in _STATEMENTS:
        op.execute(statement)
