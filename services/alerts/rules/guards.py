"""The conditions of a transition, by the name that the tables in `data/` use. Each raises its own refusal. Pure.

`facts` is what is known of the thing, `move` what somebody wants to do with it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from services.alerts.lifecycle import Move
from services.alerts.rules.signals import rank
from shared.errors import Conflict, Forbidden, Unprocessable


class GuardNotMet(Conflict):
    """A condition of the law or of the house is not fulfilled; `guard` names it."""

    slug = "guard-not-met"
    title = "A condition for this step is not fulfilled"
    title_zh = "不满足此步骤的条件"


class TwoInspectorsNeeded(Unprocessable):
    """Inspection on site is done by at least two inspectors with certificates (423 art. 16)."""

    slug = "two-inspectors-needed"
    title = "Two inspectors with certificates are needed"
    title_zh = "须由两名以上持证劳动保障监察员进行"


class WrongAmount(Unprocessable):
    """Sums that do not fit the debt."""

    slug = "wrong-amount"
    title = "The amount does not fit"
    title_zh = "金额不符"


class WrongDate(Unprocessable):
    """A date that cannot be."""

    slug = "wrong-date"
    title = "The date cannot be right"
    title_zh = "日期有误"


# --- guards of the alert --------------------------------------------------------------------------------------------


def same_subject_is_open(facts: Mapping[str, Any], _move: Move) -> None:
    """MERGED needs an open alert to merge into."""
    _need(
        facts.get("open_alert"),
        "same_subject_is_open",
        "There is no open alert of the same subject.",
        "没有同一对象的未结预警。",
    )


def nothing_new_since_found(facts: Mapping[str, Any], _move: Move) -> None:
    """SUPPRESSED needs a finding that already answered this signal."""
    _need(facts.get("is_quiet"), "nothing_new_since_found", "The signal tells something new.", "该信号有新的内容。")


def town_is_known(facts: Mapping[str, Any], move: Move) -> None:
    """An alert goes to a town of the district, nowhere else (724 art. 4: towns screen and mediate)."""
    town = move.inputs.get("town")
    _need(
        town and town in facts["towns"],
        "town_is_known",
        f"{town} is not a town of this district today.",
        f"{town} 不是本区现有的镇街。",
    )


def colour_never_falls(facts: Mapping[str, Any], move: Move) -> None:
    """A colour never falls while unverified."""
    level = move.inputs.get("level") or facts["level"]
    kept = rank(level) >= rank(facts["level"])
    _need(
        kept,
        "colour_never_falls",
        f"The alert is {facts['level']}; a colour never falls while it is unverified.",
        f"预警为 {facts['level']}，核查前等级不得下调。",
    )


def may_still_be_returned(facts: Mapping[str, Any], _move: Move) -> None:
    """A town returns an alert at most twice: after that the head has decided."""
    _need(
        facts["returns"] < 2,
        "may_still_be_returned",
        "The alert came back twice; the head's decision stands.",
        "预警已退回两次，以局长的决定为准。",
    )


def head_decides_after_second_return(facts: Mapping[str, Any], move: Move) -> None:
    """The second return is decided by the head, not by the analyst who dispatched it."""
    if facts["returns"] >= 2 and "bureau_head" not in move.roles:
        raise Forbidden(
            "After a second return the bureau head decides where it goes.",
            detail_zh="第二次退回后，由局长决定派往何处。",
            check="role",
        )


def two_inspectors(facts: Mapping[str, Any], move: Move) -> None:
    """423 art. 16: at least two, with certificates; who reports is one of them."""
    present = {one["login"]: one["certificate_no"] for one in move.inputs.get("inspectors") or facts["inspectors"]}
    if len(present) < 2 or len(set(present.values())) < 2:
        raise TwoInspectorsNeeded(
            "Name two different inspectors with their certificate numbers (423 art. 16).",
            detail_zh="须填写两名不同的劳动保障监察员及其执法证号（国务院令第423号第十六条）。",
        )
    if "inspector" in move.roles and move.actor not in present:
        raise TwoInspectorsNeeded(
            "The inspector who reports must be one of those who were there.", detail_zh="上报人须为到场监察员之一。"
        )


def found_by_a_person(_facts: Mapping[str, Any], move: Move) -> None:
    """Amount and people are a human's finding, and arrears have both."""
    if move.actor == "system" or move.inputs["workers"] < 1 or move.inputs["amount"] <= 0:
        raise WrongAmount(
            "Confirmed arrears have at least one worker and an amount, found by a person.",
            detail_zh="确认欠薪须写明至少一名劳动者和金额，并由人员认定。",
        )


def false_is_proposed(facts: Mapping[str, Any], _move: Move) -> None:
    """FALSE is first proposed by who was there."""
    _need(
        facts.get("proposal"),
        "false_is_proposed",
        "Nobody has proposed that the alert is false.",
        "尚无人提出该预警不实。",
    )


def second_person(facts: Mapping[str, Any], move: Move) -> None:
    """FALSE needs a second person."""
    other = (facts.get("proposal") or {}).get("actor") != move.actor
    _need(
        other,
        "second_person",
        "Who proposed that the alert is false cannot approve it.",
        "提出预警不实的人不能自行批准。",
    )


def is_confirmed(facts: Mapping[str, Any], _move: Move) -> None:
    """Measures against arrears follow the finding of arrears."""
    found = (facts.get("finding") or {}).get("outcome") == "confirmed"
    _need(found, "is_confirmed", "There is no finding of arrears to act upon.", "没有可据以处理的欠薪认定。")


def wages_are_paid(facts: Mapping[str, Any], move: Move) -> None:
    """RESOLVED: all wages are paid. What was never found out cannot be paid: confirm it first."""
    finding = facts.get("finding") or {}
    _need(finding.get("outcome") == "confirmed", "wages_are_paid", "No amount has been confirmed.", "尚未确认金额。")
    owed = Decimal(str(finding["amount"]))
    paid = Decimal(str(move.inputs["paid_amount"]))
    _need(
        paid >= owed,
        "wages_are_paid",
        f"CNY {owed} were found owed and CNY {paid} are paid.",
        f"认定欠薪 {owed} 元，已支付 {paid} 元。",
    )


def orders_are_paid(facts: Mapping[str, Any], _move: Move) -> None:
    """RESOLVED: an order to pay that stands is paid to its last worker; nobody's word outweighs that."""
    left = facts["ordered_unpaid"]
    _need(
        left <= 0,
        "orders_are_paid",
        f"CNY {left} of the orders to pay are open: record it as paid, or revoke them.",
        f"责令支付文书尚有 {left} 元未结：请登记支付或撤销文书。",
    )


def settled_or_linked(facts: Mapping[str, Any], _move: Move) -> None:
    """Closing with an unpaid balance is forbidden unless a case, a court or a bankruptcy goes on with it."""
    left = max(facts["unpaid"], facts["ordered_unpaid"])
    settled = left <= 0 or facts.get("link")
    _need(
        settled,
        "settled_or_linked",
        f"CNY {left} are unpaid and nothing is linked that goes on with it.",
        f"尚有 {left} 元未支付，且没有关联后续处理。",
    )


def suspension_is_short(facts: Mapping[str, Any], move: Move) -> None:
    """At most so many days at a time; it may be renewed."""
    today, until = facts["today"], move.inputs["until"]
    if not today < until <= today + timedelta(days=facts["suspend_max_d"]):
        raise WrongDate(
            f"A suspension ends after today and within {facts['suspend_max_d']} days.",
            detail_zh=f"暂缓截止日须晚于今天，且不超过 {facts['suspend_max_d']} 天。",
        )


# --- guards of the order to pay -------------------------------------------------------------------------------------


def served_in_time_order(facts: Mapping[str, Any], move: Move) -> None:
    """Served on or after the day of issue, and not in the future."""
    if not facts["issued_on"] <= move.inputs["served_on"] <= facts["today"]:
        raise WrongDate(
            f"Served between the issue on {facts['issued_on']} and today, {facts['today']}.",
            detail_zh=f"送达日期须在作出日 {facts['issued_on']} 与今天 {facts['today']} 之间。",
        )


def posting_is_recorded(_facts: Mapping[str, Any], move: Move) -> None:
    """法释〔2013〕3号 art. 4: for an employer who fled, posting counts as service with photo or video."""
    if move.inputs["service_method"] == "posting" and not {"photo", "video"} & set(move.documents):
        raise GuardNotMet(
            "Service by posting needs a photo or a video.",
            detail_zh="以张贴方式送达须附照片或录像。",
            guard="posting_is_recorded",
        )


def paid_within_the_debt(facts: Mapping[str, Any], move: Move) -> None:
    """A payment is between service and today, and no worker gets more than is owed."""
    if not facts["served_on"] <= move.inputs["paid_on"] <= facts["today"]:
        raise WrongDate(
            f"Paid between the service on {facts['served_on']} and today, {facts['today']}.",
            detail_zh=f"支付日期须在送达日 {facts['served_on']} 与今天 {facts['today']} 之间。",
        )
    over = [number for number, left in facts["balances"].items() if left < 0]
    if over:
        raise WrongAmount(
            f"More than owed for the workers {over}.", detail_zh=f"第 {over} 号劳动者的支付额超过欠薪额。", workers=over
        )


def paid_in_full(facts: Mapping[str, Any], _move: Move) -> None:
    """PAID: every worker on the order, not only the sum."""
    owed = [number for number, left in facts["balances"].items() if left > 0]
    _need(not owed, "paid_in_full", f"The workers {owed} are not paid in full.", f"第 {owed} 号劳动者尚未足额支付。")


def term_has_ended(facts: Mapping[str, Any], move: Move) -> None:
    """Overdue from 24:00 of the term's last day."""
    _need(move.at >= facts["term_ends_at"], "term_has_ended", "The term has not ended.", "期限尚未届满。")


def _need(condition: object, guard: str, sentence: str, sentence_zh: str) -> None:
    if not condition:
        raise GuardNotMet(sentence, detail_zh=sentence_zh, guard=guard)


_ALL: tuple[Callable[[Mapping[str, Any], Move], None], ...] = (
    same_subject_is_open,
    nothing_new_since_found,
    town_is_known,
    colour_never_falls,
    may_still_be_returned,
    head_decides_after_second_return,
    two_inspectors,
    found_by_a_person,
    false_is_proposed,
    second_person,
    is_confirmed,
    wages_are_paid,
    orders_are_paid,
    settled_or_linked,
    suspension_is_short,
    served_in_time_order,
    posting_is_recorded,
    paid_within_the_debt,
    paid_in_full,
    term_has_ended,
)
GUARDS = {guard.__name__: guard for guard in _ALL}
