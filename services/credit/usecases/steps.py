"""How a case takes a step: its facts, the state machine's word, the history, the audit log."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.credit.listing import grounds as tests
from services.credit.listing import lifecycle
from services.credit.listing.grounds import Arrears, Ground
from services.credit.listing.guards import Facts
from services.credit.listing.law import Law, ParameterMissing, ParameterOutsideCorridor, law_at
from services.credit.listing.signature import Signature
from services.credit.models import Case, Step
from services.credit.store import cases
from shared import audit
from shared.clock import local_date
from shared.db import Session


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, in which roles, with which signing key (RFC 7638 thumbprint), and when on the business clock."""

    name: str
    roles: tuple[str, ...]
    now: datetime
    thumbprint: str | None = None

    @property
    def today(self) -> date:
        """The date in China."""
        return local_date(self.now)


def system(now: datetime) -> By:
    """The platform itself: it may note facts, and can never list."""
    return By("system", (lifecycle.SYSTEM,), now)


async def law_of(session: Session, case: Case) -> Law:
    """The law of the case: of its province, on the last day of the order's term."""
    return law_at(await cases.parameters(session), case.division, case.term_ends_on)


def arrears_of(case: Case) -> Arrears:
    """What the migrant workers of the order are owed."""
    return Arrears(
        migrant_workers=case.migrant_workers,
        migrant_amount=case.migrant_amount,
        longest_months=case.longest_months,
        largest_single=case.largest_single,
        incident_serious=case.incident_serious,
    )


def grounds_of(case: Case, law: Law) -> tuple[Ground, ...] | None:
    """The grounds that are met; None when the province's amounts are missing or unlawful."""
    try:
        return tests.grounds(arrears_of(case), law)
    except (ParameterMissing, ParameterOutsideCorridor):
        return None


def facts_of(case: Case, law: Law, by: By, **stated: Any) -> Facts:
    """All that guards may look at; `stated` is what the caller says now (reason, happened_on, promised_on)."""
    known = {
        "term_ends_on": case.term_ends_on,
        "decision_due_on": case.decision_due_on,
        "paid_on": case.paid_on,
        "annulled_on": case.annulled_on,
        "screened_on": case.screened_on,
        "notice_served_on": case.notice_served_on,
        "objection_ends_on": case.objection_ends_on,
        "objection_answered_on": case.objection_answered_on,
        "extended_on": case.extended_on,
        "sparing_refused": case.sparing_refused_on is not None,
        "promised_on": case.promised_on,
    }
    return Facts(today=by.today, grounds=grounds_of(case, law), **(known | stated))


async def take(
    session: Session,
    case: Case,
    event: str,
    facts: Facts,
    by: By,
    *,
    signature: Signature | None = None,
    **details: Any,
) -> None:
    """Move the case by the event, or refuse. The step and an audit entry are kept with it."""
    row = lifecycle.advance(case.state, event, facts, by.roles, signature)
    before, case.state, case.changed_at = case.state, row.to or case.state, by.now
    step = Step(
        case_id=case.id,
        division=case.division,
        at=by.now,
        actor=by.name,
        event=event,
        article=row.article,
        from_state=before,
        to_state=case.state,
        mark=row.mark,
        reason=facts.reason,
        details=details,
    )
    await cases.keep_step(session, case, step)
    signed = {"signature": signature.jws, "thumbprint": signature.thumbprint} if signature else {}
    moved = {"order_no": case.order_no, "from": before, "to": case.state, "article": row.article}
    await audit.record(session, by.name, f"credit.{event}", str(case.id), moved | details | signed)
