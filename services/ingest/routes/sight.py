"""Who sees a receipt: the agency its own; a person with a role any, and that he looked is recorded."""

from typing import Any
from uuid import UUID

from shared import audit
from shared.auth import Caller
from shared.db import Session
from shared.errors import Forbidden

ROW_READ = "receipt.row.read"
_ROWS = frozenset({"receipts:read"})
# Who reads the audit log sees receipts (counts, faults without values) as well, but no row.
_RECEIPTS = _ROWS | {"audit:read"}


async def whose(
    session: Session, receipt_id: UUID, caller: Caller, action: str = "receipt.read", **details: Any
) -> str | None:
    """Whose receipts this caller may see: an agency's own; everybody's (None) for a person, whose look is recorded.

    Raises Forbidden for a person without the scope.
    """
    if caller.kind == "agency":
        return caller.id
    if not caller.scopes & (_ROWS if action == ROW_READ else _RECEIPTS):
        raise Forbidden(
            "The token lacks the scope receipts:read.", detail_zh="令牌缺少权限 receipts:read。", check="scope_missing"
        )
    await audit.record(session, f"person:{caller.id}", action, str(receipt_id), details)
    return None
