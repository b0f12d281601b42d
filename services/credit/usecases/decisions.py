"""The decision: a document that a bureau head signs with his own key. Nothing else makes a listing."""

from datetime import date
from typing import Any
from uuid import UUID

from services.credit.listing import documents, lifecycle
from services.credit.listing.canonical import canonical
from services.credit.listing.law import Law
from services.credit.listing.signature import Signature, verify
from services.credit.models import Case, Listing
from services.credit.store import cases, lists
from services.credit.usecases.cases import matter_of
from services.credit.usecases.outward import tell_listed
from services.credit.usecases.steps import By, facts_of, law_of, system, take
from shared import audit
from shared.db import Session


async def decision_document(session: Session, case_id: UUID, by: By, prefix: str) -> bytes:
    """The exact bytes to sign today; refused with the reason while the law does not allow a decision yet."""
    case = await cases.case_by_id(session, case_id)
    law = await law_of(session, case)
    lifecycle.permit(case.state, "decide", facts_of(case, law, by))
    await audit.record(session, by.name, "credit.read_decision_document", str(case.id), {})
    return canonical(_document(case, law, by, prefix))


async def decide(session: Session, case_id: UUID, by: By, compact: str, *, prefix: str, listing_id: UUID) -> Listing:
    """List the employer, on the head's signature over today's document (Order 45, art. 8)."""
    lifecycle.check_role("decide", by.roles)
    case = await cases.case_for_update(session, case_id)
    law = await law_of(session, case)
    facts = facts_of(case, law, by)
    lifecycle.permit(case.state, "decide", facts)
    document = _document(case, law, by, prefix)
    signature = verify(compact, canonical(document), by.thumbprint)
    listing = _listing(
        case, document, signature, id=listing_id, sequence=await lists.next_sequence(session), signer=by.name
    )
    listing.published_at = by.now
    await lists.add_listing(session, listing)
    case.listing_id = listing_id
    await take(session, case, "decide", facts, by, signature=signature, decision_no=listing.decision_no)
    await take(session, case, "publish", facts, system(by.now))
    await tell_listed(session, listing)
    return listing


def _document(case: Case, law: Law, by: By, prefix: str) -> dict[str, Any]:
    number = documents.DECISION_NO.format(prefix=prefix, year=by.today.year, serial=case.serial)
    return documents.decision(matter_of(case, law), law, number, by.today)


def _listing(case: Case, document: dict[str, Any], signature: Signature, **given: Any) -> Listing:
    return Listing(
        case_id=case.id,
        uscc=case.uscc,
        subject_name=case.employer_name,
        parties=document["parties"],
        decision_no=document["decision_no"],
        deciding_org=case.deciding_org,
        order_no=case.order_no,
        cause=document["blocks"]["cause"]["zh"],
        basis=document["blocks"]["basis"]["zh"],
        listed_on=date.fromisoformat(document["decided_on"]),
        expected_exit=date.fromisoformat(document["expected_exit"]),
        signature=signature.jws,
        thumbprint=signature.thumbprint,
        **given,
    )
