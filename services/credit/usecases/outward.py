"""How the list speaks: one CloudEvent, kept in the feed, announced on the bus, and queued for every subscriber."""

from datetime import UTC, datetime
from typing import Literal

from services.credit.models import Listing
from services.credit.store import deliveries, lists
from services.credit.usecases.steps import By
from shared.db import Session
from shared.events import EmployerListed, EmployerRemoved, ListedParty
from shared.outbox import announce
from shared.telemetry import current_traceparent


async def tell_listed(session: Session, listing: Listing) -> None:
    """Announce the listing. Parties are masked; no worker, no wage, no sum."""
    parties = [ListedParty(role=party["role"], name=party["name"]) for party in listing.parties]
    copied = {name: getattr(listing, name) for name in _COPIED}
    await _send(session, EmployerListed(listing_id=listing.id, parties=parties, **copied), listing.sequence)


async def tell_removed(
    session: Session, listing: Listing, remove_type: Literal["expired", "early", "revoked"], by: By
) -> None:
    """Take the listing off the list and announce it (Order 45, art. 17)."""
    listing.removed_on, listing.remove_type = by.today, remove_type
    sequence = await lists.next_sequence(session)
    event = EmployerRemoved(
        listing_id=listing.id,
        sequence=sequence,
        uscc=listing.uscc,
        decision_no=listing.decision_no,
        remove_type=remove_type,
        removed_on=by.today,
    )
    await _send(session, event, sequence)


async def _send(session: Session, event: EmployerListed | EmployerRemoved, sequence: int) -> None:
    event_id = announce(session, event)
    await lists.add_to_feed(session, sequence, type(event), event_id)
    # Retries run on the system's clock: the business clock may be moved on a development platform.
    await deliveries.fan_out(session, sequence, current_traceparent(), datetime.now(UTC))


_COPIED = (
    "sequence",
    "uscc",
    "subject_name",
    "decision_no",
    "deciding_org",
    "cause",
    "basis",
    "listed_on",
    "expected_exit",
    "order_no",
    "signature",
)
