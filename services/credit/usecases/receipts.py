"""A credit system's receipt: the listing has been shared (Order 45, art. 10)."""

from datetime import datetime

from services.credit.store import cases, lists
from services.credit.usecases.steps import facts_of, law_of, system, take
from shared.clock import now as business_now
from shared.db import Session


async def note_receipt(session: Session, sequence: int, subscriber: str, received_at: datetime) -> None:
    """Mark the case as pushed at the first receipt of its listing; later receipts and removals change nothing."""
    found = await lists.listing_of_event(session, sequence)
    if found is None or found.pushed_at is not None:
        return
    # The case first, then the listing, as everywhere: two receipts at once must not wait for each other.
    case = await cases.case_for_update(session, found.case_id)
    listing = await lists.listing_for_update(session, found.id)
    if listing.pushed_at is None and case.state == "listed":
        listing.pushed_at = received_at
        by = system(business_now())
        await take(session, case, "push", facts_of(case, await law_of(session, case), by), by, subscriber=subscriber)
