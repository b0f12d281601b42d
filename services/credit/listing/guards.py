"""What has to be true before a step of the list: one small function an article, each with its own refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from services.credit.listing.grounds import Ground
from services.credit.listing.law import ParameterMissing
from shared.errors import Conflict, Unprocessable


class GuardFailed(Conflict):
    """The law's condition for this step does not hold."""

    slug = "credit-guard-failed"
    title = "A legal condition of this step does not hold"
    title_zh = "不满足该步骤的法定条件"


class DateNotPossible(Unprocessable):
    """A date that was given cannot be true."""

    slug = "credit-date-not-possible"
    title = "The date cannot be right"
    title_zh = "日期不成立"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a guard may look at. Dates are Chinese calendar dates; `happened_on` is the date the caller states.

    `grounds` None means that they cannot be judged: a provincial amount is not configured.
    """

    today: date
    term_ends_on: date
    grounds: tuple[Ground, ...] | None = ()
    decision_due_on: date | None = None
    paid_on: date | None = None
    annulled_on: date | None = None
    screened_on: date | None = None
    notice_served_on: date | None = None
    objection_ends_on: date | None = None
    objection_answered_on: date | None = None
    extended_on: date | None = None
    sparing_refused: bool = False
    exit_on: date | None = None
    disputed: bool = False
    promised_on: date | None = None
    happened_on: date | None = None
    reason: str = ""


def term_has_ended(facts: Facts) -> None:
    """The order's term runs until 24:00 of its last day (Order 45, art. 5)."""
    _hold(
        facts.today > facts.term_ends_on,
        f"The order's term runs until {facts.term_ends_on} 24:00.",
        f"责令支付期限至 {facts.term_ends_on} 24 时。",
    )


def order_stands(facts: Facts) -> None:
    """An annulled order carries no listing (Order 45, art. 16)."""
    _hold(
        facts.annulled_on is None,
        f"The order was annulled on {facts.annulled_on}.",
        f"文书已于 {facts.annulled_on} 被撤销。",
    )


def order_annulled(facts: Facts) -> None:
    """The order was annulled (Order 45, art. 16)."""
    _hold(facts.annulled_on is not None, "The order stands.", "文书仍然有效。")


def paid_within_term(facts: Facts) -> None:
    """Paid by the last day of the term: not overdue at all (Order 45, art. 5)."""
    _hold(_in_time(facts), "The wages were not paid within the order's term.", "工资未在责令期限内支付。")


def not_paid_within_term(facts: Facts) -> None:
    """Unpaid when the term ended (Order 45, art. 5)."""
    _hold(
        not _in_time(facts),
        f"The wages were paid on {facts.paid_on}, within the order's term.",
        f"工资已于 {facts.paid_on} 在责令期限内支付。",
    )


def grounds_met(facts: Facts) -> None:
    """The amount test or a serious incident (Order 45, art. 5)."""
    if facts.grounds is None:
        raise ParameterMissing(
            "The amount test needs the province's amounts; they are not configured.",
            detail_zh="金额标准由省级规定，尚未配置。",
        )
    _hold(
        bool(facts.grounds),
        "Neither the amount test on migrant workers nor a serious incident is met.",
        "既未达到拖欠农民工工资的金额标准，也无严重事件。",
    )


def served_between_screening_and_today(facts: Facts) -> None:
    """A notice cannot have been served before the screening that it tells of, nor tomorrow (Order 45, art. 6)."""
    served, screened = facts.happened_on, facts.screened_on
    if served is None or screened is None or not screened <= served <= facts.today:
        raise DateNotPossible(
            f"The notice was served between {screened} (screening) and {facts.today} (today), not on {served}.",
            detail_zh=f"告知书送达日须在筛查日 {screened} 与今天 {facts.today} 之间，而非 {served}。",
        )


def notice_served(facts: Facts) -> None:
    """Nobody is listed without prior notice (Order 45, art. 6)."""
    _hold(facts.notice_served_on is not None, "The prior notice was not served.", "事先告知书尚未送达。")


def received_within_objection_term(facts: Facts) -> None:
    """An objection counts that reached the bureau within the term from receipt of the notice (Order 45, art. 6)."""
    served, ends, received = facts.notice_served_on, facts.objection_ends_on, facts.happened_on
    if served is None or received is None or not served <= received <= facts.today:
        raise DateNotPossible(
            f"The objection came between {served} (notice) and {facts.today} (today), not on {received}.",
            detail_zh=f"异议收到日须在告知书送达日 {served} 与今天 {facts.today} 之间，而非 {received}。",
        )
    _hold(
        ends is not None and received <= ends,
        f"The term for objections ended on {ends} 24:00.",
        f"异议期限已于 {ends} 24 时届满。",
    )


def objection_settled(facts: Facts) -> None:
    """The term for objections ran out, or the objection was answered (Order 45, art. 6)."""
    over = facts.objection_ends_on is not None and facts.today > facts.objection_ends_on
    _hold(
        over or facts.objection_answered_on is not None,
        f"The term for objections runs until {facts.objection_ends_on} 24:00.",
        f"异议期限至 {facts.objection_ends_on} 24 时。",
    )


def corrected(facts: Facts) -> None:
    """Every worker of the order is paid (Order 45, art. 7)."""
    _hold(facts.paid_on is not None, "The wages of the order are not paid.", "文书所涉工资尚未支付。")


def promise_in_writing(facts: Facts) -> None:
    """A written promise to pay wages in future, dated before the decision (Order 45, art. 7)."""
    promised = facts.promised_on
    _hold(promised is not None, "There is no written promise.", "没有书面承诺。")
    if promised is None or promised > facts.today:
        raise DateNotPossible(
            f"The promise is dated {promised}, after today.", detail_zh=f"承诺书日期 {promised} 晚于今天。"
        )


def sparing_weighed(facts: Facts) -> None:
    """Who has corrected may be spared: the head says why not before listing him (Order 45, art. 7)."""
    weighed = facts.paid_on is None or facts.sparing_refused
    _hold(
        weighed,
        f"The wages were paid on {facts.paid_on}: sparing has to be granted or refused first.",
        f"工资已于 {facts.paid_on} 支付：须先决定是否不予列入。",
    )


def decision_term_runs(facts: Facts) -> None:
    """Decide within the term from the end of the order's term; after it, no listing (Order 45, art. 8)."""
    due = facts.decision_due_on
    _hold(
        due is not None and facts.today <= due,
        f"The term for the decision ended on {due} 24:00.",
        f"作出决定的期限已于 {due} 24 时届满。",
    )


def not_extended_yet(facts: Facts) -> None:
    """The term is extended once (Order 45, art. 8)."""
    _hold(
        facts.extended_on is None,
        f"The term was already extended on {facts.extended_on}.",
        f"期限已于 {facts.extended_on} 延长过。",
    )


def received_by_today(facts: Facts) -> None:
    """The term of an objection to an entry begins when it is received, not later (ZJ Public Credit Reg. art. 31)."""
    if facts.happened_on is None or facts.happened_on > facts.today:
        raise DateNotPossible(
            f"The objection came by {facts.today} (today), not on {facts.happened_on}.",
            detail_zh=f"异议收到日不得晚于今天 {facts.today}，而非 {facts.happened_on}。",
        )


def no_dispute_open(facts: Facts) -> None:
    """One objection to an entry is handled at a time (ZJ Public Credit Reg. art. 31)."""
    _hold(not facts.disputed, "An objection to the entry is already being handled.", "对列入决定的异议正在处理中。")


def dispute_open(facts: Facts) -> None:
    """There is an objection to the entry (ZJ Public Credit Reg. art. 31)."""
    _hold(facts.disputed, "No objection to the entry is open.", "没有正在处理的异议。")


def period_over(facts: Facts) -> None:
    """The three years from the decision are over (Order 45, art. 11)."""
    _hold(
        facts.exit_on is not None and facts.today >= facts.exit_on,
        f"The listing lasts until {facts.exit_on}.",
        f"列入期至 {facts.exit_on}。",
    )


def reason_given(facts: Facts) -> None:
    """A decision for or against somebody states its reason."""
    if not facts.reason.strip():
        raise Unprocessable("A reason is required.", detail_zh="须写明理由。")


GUARDS: dict[str, Callable[[Facts], None]] = {
    guard.__name__: guard
    for guard in (
        term_has_ended,
        order_stands,
        order_annulled,
        paid_within_term,
        not_paid_within_term,
        grounds_met,
        served_between_screening_and_today,
        notice_served,
        received_within_objection_term,
        objection_settled,
        corrected,
        promise_in_writing,
        sparing_weighed,
        decision_term_runs,
        not_extended_yet,
        received_by_today,
        no_dispute_open,
        dispute_open,
        period_over,
        reason_given,
    )
}


def _in_time(facts: Facts) -> bool:
    return facts.paid_on is not None and facts.paid_on <= facts.term_ends_on


def _hold(condition: bool, refusal: str, refusal_zh: str) -> None:
    if not condition:
        raise GuardFailed(refusal, detail_zh=refusal_zh)
