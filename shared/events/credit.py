"""credit speaks: who is on the list, and who no longer."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from shared.events.base import Event


class ListedParty(msgspec.Struct, frozen=True, kw_only=True):
    """A party on the list as the public may see it."""

    role: str
    name: str


class EmployerListed(Event, frozen=True, kw_only=True):
    """credit -> the world. A person decided: the employer is on the joint-discipline list. No worker, no wage."""

    subject = "credit.listed"
    source = "credit"
    listing_id: UUID
    sequence: int
    uscc: str
    subject_name: str
    parties: list[ListedParty]
    decision_no: str
    deciding_org: str
    cause: str
    basis: str
    listed_on: date
    expected_exit: date
    order_no: str
    signature: str


class EmployerRemoved(Event, frozen=True, kw_only=True):
    """credit -> the world. The employer left the list (expired, early, revoked)."""

    subject = "credit.removed"
    source = "credit"
    listing_id: UUID
    sequence: int
    uscc: str
    decision_no: str
    remove_type: Literal["expired", "early", "revoked"]
    removed_on: date
