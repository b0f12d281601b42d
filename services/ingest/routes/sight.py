"""Who sees a receipt: the agency its own; a person with a role any, and that he looked is recorded."""

from uuid import UUID

from shared import audit
from shared.auth import Caller
from shared.db import Session
from shared.errors import Forbidden

_SCOPES = frozenset({"receipts:read", "audit:read"})


async def whose(session: Session, receipt_id: UUID, caller: Caller, action: str = "receipt.read") -> str | None:
    """Whose receipts this caller may see: an agency's own; everybody's (None) for a person, whose look is recorded.

    Raises Forbidden for a person without the scope.
    """
    if caller.kind == "agency":
        return caller.id
    if not caller.scopes & _SCOPES:
        raise Forbidden("The token lacks the scope receipts:read.", check="scope_missing")
    await audit.record(session, f"person:{caller.id}", action, str(receipt_id), {})
    return None
