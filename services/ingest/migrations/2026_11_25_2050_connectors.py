"""How far each connector is: a page's receipt and its cursor are kept together."""

from alembic import op

revision = "ingest_connectors"
down_revision = "ingest_rulebook"
branch_labels = None
depends_on = None

_TABLES = """
create table ingest.connector (
    connector text primary key,
    worker uuid,
    leased_until timestamptz,
    next_at timestamptz not null default now(),
    started_at timestamptz,
    ended_at timestamptz,
    failures int not null default 0
);
comment on table ingest.connector is 'platforms that are asked for records, and who is at it';
create table ingest.connector_cursor (
    connector text,
    dataset text,
    cursor text,
    pages bigint not null default 0,
    digest text,
    unknown_fields text[] not null default '{}',
    receipt_id uuid,
    moved_at timestamptz,
    fault text,
    detail text,
    primary key (connector, dataset)
);
comment on table ingest.connector_cursor is 'where the next page of a dataset begins, and why the last round failed';
"""


def upgrade() -> None:
    """Create them."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
