"""The end of a listing: three years after the decision it leaves the list by itself (Order 45, art. 11 and 17)."""

from uuid import UUID

from services.credit.store import cases, lists
from services.credit.usecases.outward import tell_removed
from services.credit.usecases.steps import By, facts_of, law_of, take
from shared.db import Session

_BATCH = 100


async def run_out(session: Session, by: By) -> list[UUID]:
    """Cases whose listing's period is over today."""
    return [listing.case_id for listing in await lists.run_out(session, by.today, _BATCH)]


async def expire(session: Session, case_id: UUID, by: By) -> None:
    """Take the listing off the list and tell everybody, once."""
    case = await cases.case_for_update(session, case_id)
    assert case.listing_id is not None  # noqa: S101 - found by its listing
    listing = await lists.listing_for_update(session, case.listing_id)
    if listing.removed_on is not None:
        return
    facts = facts_of(case, await law_of(session, case), by, exit_on=listing.expected_exit)
    await tell_removed(session, listing, "expired", by)
    await take(session, case, "expire", facts, by)
