"""A payment that is told again is recorded once."""

from alembic import op

revision = "alerts_0004"
down_revision = "alerts_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table alerts.order_payments add column fingerprint text")
    op.execute("create unique index order_payments_once on alerts.order_payments (order_id, fingerprint)")
