"""A score may reopen the alert whose arrears it reports again (domain rules 9.1)."""

from alembic import op

revision = "alerts_0002"
down_revision = "alerts_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table alerts.signals drop constraint signals_outcome_check")
    op.execute(
        "alter table alerts.signals add constraint signals_outcome_check"
        " check (outcome in ('raised', 'merged', 'suppressed', 'watched', 'reopened'))"
    )
