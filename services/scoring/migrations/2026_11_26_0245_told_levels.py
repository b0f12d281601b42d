"""Three sources of a level, kept apart: what the rules work out, what is held for a while, what a person has set."""

from alembic import op

revision = "scoring_told_levels"
down_revision = "scoring_rulebooks"
branch_labels = None
depends_on = None

_LEVELS = "('none', 'blue', 'yellow', 'orange', 'red')"
_SOURCES = "('indicators', 'cool_down', 'override', 'law_floor')"

_SUBJECT = f"""
alter table scoring.subject
    add column computed_level text not null default 'none' check (computed_level in {_LEVELS}),
    add column level_source text not null default 'indicators' check (level_source in {_SOURCES}),
    add column level_until date,
    add column left_on jsonb not null default '{{}}',
    add column told_steps text not null default ''
"""

# A line of before has no computed level of its own: it was the level.
_SCORE = f"""
alter table scoring.score
    add column computed_level text check (computed_level in {_LEVELS}),
    add column level_source text not null default 'indicators' check (level_source in {_SOURCES}),
    add column level_until date,
    add column left_on jsonb not null default '{{}}',
    add column override_id uuid,
    add column previous_id uuid
"""

_OVERRIDE = f"""
create table scoring.override (
    subject_id text not null,
    subject_kind text not null check (subject_kind in ('employer', 'project')),
    act_id uuid not null,
    act text not null check (act in ('set', 'withdrawn')),
    override_id uuid not null,
    level text not null check (level in {_LEVELS}),
    reason text not null,
    valid_until date not null,
    computed_level text not null check (computed_level in {_LEVELS}),
    by_id text not null,
    by_name text not null,
    acted_at timestamptz not null,
    primary key (subject_id, subject_kind, act_id)
)
"""

# A person's session sees and sets those of his division (as rules.must_be_within); the platform ('*') all of them.
_POLICY = """
create policy jurisdiction on scoring.override using (
    current_setting('anxin.jurisdiction', true) = '*'
    or (current_setting('anxin.jurisdiction', true) <> '' and exists (
        select from scoring.subject where subject.subject_id = override.subject_id
            and subject.subject_kind = override.subject_kind
            and case when subject.division is null then length(current_setting('anxin.jurisdiction', true)) <= 6
                else starts_with(subject.division, current_setting('anxin.jurisdiction', true)) end)))
"""

_STATEMENTS = (
    _SUBJECT,
    "update scoring.subject set computed_level = level where level <> 'none'",
    _SCORE,
    _OVERRIDE,
    "comment on table scoring.override is 'append-only: levels that people set or withdrew, with their reasons'",
    "alter table scoring.override enable row level security",
    "alter table scoring.override force row level security",
    _POLICY,
)


def upgrade() -> None:
    """Add the columns and the table."""
    for statement in _STATEMENTS:
        op.execute(statement)
