"""The employer's own name beside the subject's: a project is not called what its contractor is called."""

from alembic import op

revision = "alerts_0003"
down_revision = "alerts_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table alerts.alerts add column employer_name text")
    # Row-level security holds for the owner, too; the platform itself sees every row.
    op.execute("select set_config('anxin.jurisdiction', '*', true)")
    op.execute("update alerts.alerts set employer_name = name where subject_kind = 'employer'")
