"""When an objection against an entry of the list has to be settled (ZJ Public Credit Reg. art. 31)."""

from pathlib import Path

import yaml
from alembic import op
from sqlalchemy import text

revision = "credit_0002"
down_revision = "credit_0001"
branch_labels = None
depends_on = None

PARAMETERS = Path(__file__).with_name("2026_11_25_parameters.yaml")

_INSERT = text(
    "insert into credit.parameter (code, region, valid_from, valid_to, value, source, verified, recorded_by)"
    " values (:code, :region, :valid_from, :valid_to, :value, :source, :verified, 'migration')"
)


def upgrade() -> None:
    op.execute("alter table credit.listing_case add column dispute_due_on date")
    for row in yaml.safe_load(PARAMETERS.read_text()):
        op.get_bind().execute(_INSERT, {"valid_to": None, "region": "00", **row})
