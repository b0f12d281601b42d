"""A subject's row is written again in its own page: that it was looked at once more then touches no index.

Mostly nothing of a scored subject changes but when it was looked at. Without room in its page each such line was put
elsewhere and entered in three indexes: a third of what writing it down costs, and the looks for who is due
(`subject_to_review`, `subject_by_rules`) went through the entries of lines that were gone, a tenth of a second after a
flood. A release of before writes as it did. Pages that are full fill up anew as their rows are written.
"""

from alembic import op

revision = "scoring_room_for_scores"
down_revision = "scoring_falls_at_once"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave half of each page free: room for one more line of every row in it."""
    op.execute("alter table scoring.subject set (fillfactor = 50)")
