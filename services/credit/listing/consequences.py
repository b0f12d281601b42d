"""What an order's fate does to its case or its listing, without anybody's discretion."""

from services.credit.listing.guards import Facts
from services.credit.listing.lifecycle import permit
from shared.errors import Conflict

REVOCATIONS = ("revoke", "revoke_paid_in_time")
_CONSEQUENCES = ("find_order_annulled", *REVOCATIONS, "find_paid_in_time")


def consequence(state: str, facts: Facts) -> str | None:
    """The system's own event that the facts of the order now call for, if any. It never leads onto the list."""
    for event in _CONSEQUENCES:
        try:
            permit(state, event, facts)
        except Conflict:
            continue
        return event
    return None
