"""Facts come in whole batches: a batch is new or it is not, so a fact needs one small index and no key of its own."""

from alembic import op

revision = "scoring_deliveries"
down_revision = "scoring_feed_changes"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "alter table scoring.fact drop constraint fact_pkey",
    "drop index scoring.fact_by_record",
    # Equal entries share one: the index stays small however many facts a subject has.
    "create index fact_by_subject on scoring.fact (subject_id)",
    # Only projects' records are looked up by key: of an employer's ingest says whose they were before.
    "create index fact_by_record on scoring.fact (dataset, key) where subject_kind <> 'employer'",
    """
    create table scoring.moved (
        dataset text not null,
        key text not null,
        subject_id text not null,
        primary key (dataset, key, subject_id)
    )
    """,
    "comment on table scoring.moved is 'append-only: employers'' records that named another employer, and all of them'",
    """
    create table scoring.delivery (
        batch_id uuid primary key,
        receipt_id uuid not null,
        dataset text not null,
        agency text not null,
        reported_at timestamptz not null,
        records integer not null
    )
    """,
    "comment on table scoring.delivery is 'append-only: the batches of records that were taken in, each once'",
    """
    create table scoring.unscored (
        unscored_no bigint generated always as identity primary key,
        bucket integer not null,
        subjects text not null
    )
    """,
    "create index unscored_by_bucket on scoring.unscored (bucket)",
    "comment on table scoring.unscored is 'subjects with new facts that are to be scored when there is time'",
)


def upgrade() -> None:
    """Change them."""
    for statement in _STATEMENTS:
        op.execute(statement)
