"""What an order's fate means for its case. Every function may run twice and in any order."""

from typing import Any
from uuid import UUID

from services.credit.listing import consequences, lifecycle
from services.credit.listing import law as codes
from services.credit.listing.law import Law, law_at
from services.credit.models import Case, OrderFact
from services.credit.store import cases, lists
from services.credit.usecases.outward import tell_removed
from services.credit.usecases.steps import By, facts_of, grounds_of, law_of, take
from shared import audit
from shared.calendar import add_working_days
from shared.db import Session
from shared.events import OrderOverdue, OrderPaid, OrderRevoked


async def open_case(session: Session, order: OrderOverdue, by: By, case_id: UUID, salt: str) -> None:
    """Open the case of an overdue order, once, with the system's suggestion of grounds; a person screens it."""
    await cases.lock_order(session, order.order_id)
    if await cases.case_of_order(session, order.order_id):
        return
    law = law_at(await cases.parameters(session), order.division, order.term_ends_on)
    fact = await cases.order_fact(session, order.order_id)
    case = _new_case(order, law, by, case_id, salt)
    case.grounds = [str(ground) for ground in grounds_of(case, law) or ()]
    await take(session, case, "open", facts_of(case, law, by), by, suggested=case.grounds)
    await _follow(session, case, fact, law, by)


async def note_paid(session: Session, order: OrderPaid, by: By) -> None:
    """Keep the day of full payment. In time: the case ends. Later: sparing has to be weighed (Order 45, art. 7)."""
    await cases.lock_order(session, order.order_id)
    fact = await cases.order_fact(session, order.order_id)
    fact.paid_on = min(fact.paid_on or order.paid_on, order.paid_on)
    await _follow_if_open(session, fact, by)


async def note_annulled(session: Session, order: OrderRevoked, by: By) -> None:
    """Keep that the order was annulled: no listing can stand on it (Order 45, art. 16)."""
    await cases.lock_order(session, order.order_id)
    fact = await cases.order_fact(session, order.order_id)
    fact.annulled_on, fact.annulment_cause = order.revoked_on, order.cause
    await _follow_if_open(session, fact, by)


async def _follow_if_open(session: Session, fact: OrderFact, by: By) -> None:
    case = await cases.case_of_order(session, fact.order_id)
    if case:
        await _follow(session, case, fact, await law_of(session, case), by)


async def _follow(session: Session, case: Case, fact: OrderFact, law: Law, by: By) -> None:
    if (case.paid_on, case.annulled_on) == (fact.paid_on, fact.annulled_on):
        return
    case.paid_on, case.annulled_on = fact.paid_on, fact.annulled_on
    facts = facts_of(case, law, by, reason=fact.annulment_cause or "")
    event = consequences.consequence(case.state, facts)
    if event in consequences.REVOCATIONS:
        await _withdraw(session, case, by)
    known = {"paid_on": fact.paid_on, "annulled_on": fact.annulled_on}
    await audit.record(session, by.name, "credit.order_fact", str(case.id), known)
    if event:
        await take(session, case, event, facts, by)


async def _withdraw(session: Session, case: Case, by: By) -> None:
    # Locks are taken in one order everywhere: order, case, listing, feed, audit.
    assert case.listing_id is not None  # noqa: S101 - the table's own check: a listed case has its listing
    await tell_removed(session, await lists.listing_for_update(session, case.listing_id), "revoked", by)


def _new_case(order: OrderOverdue, law: Law, by: By, case_id: UUID, salt: str) -> Case:
    due: dict[str, Any] = {
        name: add_working_days(order.term_ends_on, law.number(code))
        for name, code in (
            ("screening_due_on", codes.SCREENING_DAYS),
            ("notice_due_on", codes.NOTICE_DAYS),
            ("decision_due_on", codes.DECISION_DAYS),
        )
    }
    return Case(
        id=case_id,
        salt=salt,
        state=lifecycle.NEW,
        opened_at=by.now,
        changed_at=by.now,
        parties=[{"role": each.role, "name": each.name, "id_no_masked": each.id_no_masked} for each in order.parties],
        **due,
        **{name: getattr(order, name) for name in _COPIED},
    )


_COPIED = (
    "order_id",
    "alert_id",
    "order_no",
    "uscc",
    "employer_name",
    "division",
    "deciding_org",
    "served_on",
    "term_ends_on",
    "overdue_at",
    "amount",
    "workers",
    "migrant_workers",
    "migrant_amount",
    "longest_months",
    "largest_single",
    "incident_serious",
)
