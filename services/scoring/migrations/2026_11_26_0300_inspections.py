"""Random inspections: who was drawn, by which seed, out of how many; what was found is an outcome as any other."""

from alembic import op

revision = "scoring_inspections"
down_revision = "scoring_told_levels"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
create table scoring.inspection_sample (
    sample_id uuid primary key,
    design jsonb not null,
    seed bigint not null,
    asked integer not null check (asked > 0),
    drawn integer not null,
    population integer not null,
    within text not null,
    as_of timestamptz not null,
    frame_sha256 text not null,
    strata jsonb not null,
    due_on date,
    reason text not null,
    ordered_by text not null,
    ordered_at timestamptz not null
)""",
    """
comment on table scoring.inspection_sample is
    'append-only: random samples of employers to inspect; frame and seed are enough to draw one again'
""",
    """
create table scoring.inspection (
    employer_id text not null,
    inspection_id uuid not null,
    sample_id uuid not null,
    stratum text not null,
    stratum_population integer not null,
    stratum_drawn integer not null,
    probability double precision not null check (probability > 0 and probability <= 1),
    name text,
    division text,
    industry text,
    size text,
    level text not null,
    primary key (employer_id, inspection_id)
)""",
    "comment on table scoring.inspection is 'append-only: whom a sample drew, with which probability, as known then'",
    "create index inspection_by_sample on scoring.inspection (sample_id)",
    "create index inspection_by_id on scoring.inspection (inspection_id)",
    "alter table scoring.outcome add column details jsonb",
    "create index outcome_by_matter on scoring.outcome (matter, matter_id)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
