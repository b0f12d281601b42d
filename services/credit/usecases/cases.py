"""The steps that people take before a decision: screening, notice, objection and answer, sparing, extension."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.credit.listing import documents
from services.credit.listing import law as codes
from services.credit.listing.canonical import digest
from services.credit.listing.documents import Matter
from services.credit.listing.law import Law
from services.credit.models import Case
from services.credit.store import cases, lists
from services.credit.usecases.steps import By, facts_of, grounds_of, law_of, take
from shared.calendar import add_working_days
from shared.db import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How a document reached the party: when, by which method, to whom, with which proof (reference, media hash)."""

    served_on: date
    method: str
    recipient: str
    proof: str


async def screen(session: Session, case_id: UUID, by: By, meets: bool, reason: str) -> Case:
    """The squad confirms or denies the grounds (Order 45, art. 5). It cannot confirm what the test does not give."""
    case, law = await _open(session, case_id)
    facts = facts_of(case, law, by, reason=reason)
    if meets:
        case.grounds = [str(ground) for ground in facts.grounds or ()]
        case.screened_on = by.today
    await take(session, case, "screen_met" if meets else "screen_not_met", facts, by, grounds=case.grounds)
    return case


async def serve_notice(session: Session, case_id: UUID, by: By, service: Service) -> Case:
    """Record that the notice was served; the term for objections runs from the day after (Order 45, art. 6)."""
    case, law = await _open(session, case_id)
    text = documents.notice(matter_of(case, law), law)
    await take(
        session, case, "serve_notice", facts_of(case, law, by, happened_on=service.served_on), by, sha256=digest(text)
    )
    case.notice = text | {
        "served_on": service.served_on.isoformat(),
        "method": service.method,
        "recipient": service.recipient,
        "proof": service.proof,
    }
    case.notice_served_on = service.served_on
    case.objection_ends_on = add_working_days(service.served_on, law.number(codes.OBJECTION_DAYS))
    return case


async def object_to(session: Session, case_id: UUID, by: By, *, received_on: date, objector: str, text: str) -> Case:
    """Record a party's objection; the bureau verifies and answers within its term (Order 45, art. 6).

    Against an entry on the list it marks the entry as disputed until it is settled (ZJ Public Credit Reg. art. 30-31).
    """
    case, law = await _open(session, case_id)
    if case.listing_id:
        # ZJ Public Credit Reg. art. 31: an objection against credit information is handled in five working days.
        case.dispute_due_on = add_working_days(received_on, law.number(codes.DISPUTE_DAYS))
        said = {"received_on": received_on.isoformat(), "by": objector, "text": text}
        return await _dispute(session, case, by, "dispute", said=said, happened_on=received_on)
    await take(session, case, "object", facts_of(case, law, by, happened_on=received_on, reason=text), by)
    case.objection = {"received_on": received_on.isoformat(), "by": objector, "text": text}
    case.objected_on = received_on
    case.answer_due_on = add_working_days(received_on, law.number(codes.ANSWER_DAYS))
    return case


async def answer_objection(session: Session, case_id: UUID, by: By, sustained: bool, text: str) -> Case:
    """Answer the objection. A sustained one ends the case; a late answer is kept, and said to be late."""
    case, law = await _open(session, case_id)
    if case.listing_id:
        late = case.dispute_due_on is not None and by.today > case.dispute_due_on
        settled = {"answered_on": by.today.isoformat(), "text": text, "late": late}
        return await _dispute(session, case, by, "settle_dispute", said=settled)
    late = case.answer_due_on is not None and by.today > case.answer_due_on
    event = "sustain_objection" if sustained else "reject_objection"
    await take(session, case, event, facts_of(case, law, by, reason=text), by, late=late)
    answer = {"answered_on": by.today.isoformat(), "sustained": sustained, "answer": text, "late": late}
    case.objection = (case.objection or {}) | answer
    case.objection_answered_on = by.today
    return case


async def spare(
    session: Session, case_id: UUID, by: By, *, granted: bool, promised_on: date | None, reason: str
) -> Case:
    """Weigh art. 7: spare who corrected and promised in writing before the decision, or say why not."""
    case, law = await _open(session, case_id)
    promised = promised_on or case.promised_on
    facts = facts_of(case, law, by, promised_on=promised, reason=reason)
    await take(session, case, "spare" if granted else "refuse_sparing", facts, by)
    case.promised_on = promised
    if not granted:
        case.sparing_refused_on = by.today
    return case


async def extend(session: Session, case_id: UUID, by: By, reason: str) -> Case:
    """A complex case: the head lengthens the term for the decision, once (Order 45, art. 8)."""
    case, law = await _open(session, case_id)
    await take(session, case, "extend", facts_of(case, law, by, reason=reason), by)
    case.extended_on = by.today
    case.decision_due_on = add_working_days(case.decision_due_on, law.number(codes.EXTENSION_DAYS))
    return case


def matter_of(case: Case, law: Law) -> Matter:
    """What a document about the case speaks of."""
    return Matter(
        case_id=str(case.id),
        deciding_org=case.deciding_org,
        uscc=case.uscc,
        subject_name=case.employer_name,
        parties=tuple((party["role"], party["name"]) for party in case.parties),
        order_no=case.order_no,
        served_on=case.served_on,
        term_ends_on=case.term_ends_on,
        migrant_workers=case.migrant_workers,
        grounds=grounds_of(case, law) or (),
        paid_on=case.paid_on,
        evidence_sha256=digest(evidence_of(case)),
    )


def evidence_of(case: Case) -> dict[str, Any]:
    """Full names and sums, with the salt: what the decision's `evidence_sha256` can later be opened with."""
    return {
        "salt": case.salt,
        "parties": case.parties,
        "migrant_workers": case.migrant_workers,
        "migrant_amount": str(case.migrant_amount),
        "longest_months": case.longest_months,
        "largest_single": str(case.largest_single),
        "incident_serious": case.incident_serious,
        "notice_served_on": str(case.notice_served_on),
    }


async def _dispute(
    session: Session, case: Case, by: By, event: str, *, said: dict[str, Any], happened_on: date | None = None
) -> Case:
    assert case.listing_id is not None  # noqa: S101 - asked by the callers
    listing = await lists.listing_for_update(session, case.listing_id)
    law = await law_of(session, case)
    facts = facts_of(case, law, by, reason=said["text"], disputed=listing.objection_open, happened_on=happened_on)
    await take(session, case, event, facts, by, due_on=str(case.dispute_due_on), late=said.get("late", False))
    case.objection = (case.objection or {}) | {event: said}
    listing.objection_open = event == "dispute"
    return case


async def _open(session: Session, case_id: UUID) -> tuple[Case, Law]:
    case = await cases.case_for_update(session, case_id)
    return case, await law_of(session, case)
