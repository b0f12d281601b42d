"""What was done with dead letters: one step each, so that two at once do not settle it twice."""

from alembic import op

revision = "issuer_2026_11_25_1930"
down_revision = "issuer_2026_11_25_1900"
branch_labels = None
depends_on = None

_TABLE = """
create table issuer.dead_letter_step (
    sequence bigint not null,
    buried_at timestamptz not null,
    step text not null check (step in ('replayed', 'discarded')),
    consumer text not null,
    subject text not null,
    reason text not null,
    by_whom text not null,
    at timestamptz not null,
    primary key (sequence, buried_at)
);
comment on table issuer.dead_letter_step is 'append-only: who replayed or discarded which dead letter, and why';
"""


def upgrade() -> None:
    """Create it."""
    op.execute(_TABLE)
