"""Which record taught what is known, so that it goes with the record; and from when a person's answer counts."""

from alembic import op

revision = "ingest_taught_by"
down_revision = "ingest_disputes"
branch_labels = None
depends_on = None

# What was learned before this has no teacher, and stays.
STATEMENTS = """
alter table ingest.known_employer add column taught_by uuid, add column confirmed_by uuid;
create index known_employer_taught on ingest.known_employer (taught_by) where taught_by is not null;
create index known_employer_confirmed on ingest.known_employer (confirmed_by) where confirmed_by is not null;
alter table ingest.known_account add column taught_by uuid, add column confirmed_by uuid;
create index known_account_taught on ingest.known_account (taught_by) where taught_by is not null;
create index known_account_confirmed on ingest.known_account (confirmed_by) where confirmed_by is not null;
comment on table ingest.known_account is
    'who held an account (P3 as pseudonym) from when, as long as the record that taught it, or another, says so';
alter table ingest.link add column taught_by uuid;
create index link_taught on ingest.link (taught_by) where taught_by is not null;
-- A link holds states of records, not records.
alter table ingest.linked drop constraint linked_pkey;
alter table ingest.linked add primary key (key, receipt_id, row_no);
"""


def upgrade() -> None:
    """Add them."""
    op.execute(STATEMENTS)
