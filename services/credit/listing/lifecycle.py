"""The list's state machine as data (domain rules 9.4): what leads where, who may, on which guards, by which article.

A mark (`extended`, `published`, `pushed`, ...) runs beside the state: the case goes on while it is set.
Rows with `working=False` name what the law has and this release does not do yet; asking for them answers 409.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.credit.listing.guards import GUARDS, Facts
from services.credit.listing.signature import Signature
from shared.errors import Conflict, Forbidden

SYSTEM = "system"
SQUAD, BUREAU, OFFICER, INSPECTOR = "squad_leader", "bureau_head", "credit_officer", "inspector"
HRSS = (INSPECTOR, SQUAD, OFFICER, BUREAU)

NEW = "new"
STATES = {
    "order_overdue": "责令支付逾期",
    "screened": "已筛查",
    "not_met": "不符合列入条件",
    "prior_notice": "拟列入告知已送达",
    "objected": "当事人异议",
    "objection_answered": "异议已答复",
    "spared": "不予列入",
    "listed": "已列入",
    "removal_applied": "申请提前移出",
    "removed_early": "提前移出",
    "expired": "期满移出",
    "revoked": "撤销列入",
    "unpublished": "已停止公示",
    "removal_pushed": "移出已推送",
}
MARKS = {
    "extended": "延期决定",
    "sparing_refused": "不适用不予列入",
    "published": "已公示",
    "pushed": "已推送",
    "disputed": "信用信息异议",
    "dispute_settled": "异议处理完毕",
    "under_review": "复议或诉讼",
    "removal_refused": "移出申请被拒",
    "restored": "恢复列入",
    "corrected": "已更正",
}
BEFORE_DECISION = ("order_overdue", "screened", "prior_notice", "objected", "objection_answered")
UNDER_NOTICE = ("screened", "prior_notice", "objected", "objection_answered")
LEAVING = ("expired", "removed_early", "revoked")


class CaseNotInState(Conflict):
    """The transition does not leave from the state that the case is in."""

    slug = "credit-case-not-in-state"
    title = "The case is not in a state that allows this"
    title_zh = "案件当前状态不允许此操作"


class SignatureMissing(Conflict):
    """Only a person's signature lists an employer."""

    slug = "credit-signature-missing"
    title = "A person has to sign this decision"
    title_zh = "该决定须由负责人签名作出"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One row of the machine. `clock` names the term it starts or has to keep; `article` is why it exists."""

    event: str
    sources: tuple[str, ...]
    to: str | None
    roles: tuple[str, ...]
    article: str
    guards: tuple[str, ...] = ()
    mark: str | None = None
    clock: str | None = None
    signed: bool = False
    working: bool = True


def _row(
    event: str,
    sources: str | tuple[str, ...],
    to: str | None,
    roles: str | tuple[str, ...],
    article: str,
    **more: object,
) -> Transition:
    return Transition(
        event=event,
        sources=(sources,) if isinstance(sources, str) else sources,
        to=to,
        roles=(roles,) if isinstance(roles, str) else roles,
        article=article,
        **more,  # type: ignore[arg-type]
    )


TABLE: tuple[Transition, ...] = (
    _row("open", NEW, "order_overdue", SYSTEM, "Order 45 art. 5", guards=("term_has_ended",), clock="decision"),
    _row(
        "screen_met",
        "order_overdue",
        "screened",
        SQUAD,
        "Order 45 art. 5",
        guards=("term_has_ended", "not_paid_within_term", "grounds_met"),
        clock="screening",
    ),
    _row(
        "screen_not_met",
        ("order_overdue", "screened"),
        "not_met",
        (SQUAD, BUREAU),
        "Order 45 art. 5",
        guards=("reason_given",),
    ),
    _row("find_paid_in_time", BEFORE_DECISION, "not_met", SYSTEM, "Order 45 art. 5", guards=("paid_within_term",)),
    _row("find_order_annulled", BEFORE_DECISION, "not_met", SYSTEM, "Order 45 art. 5, 16", guards=("order_annulled",)),
    _row(
        "serve_notice",
        "screened",
        "prior_notice",
        (OFFICER, BUREAU),
        "Order 45 art. 6",
        guards=("grounds_met", "served_between_screening_and_today", "not_paid_within_term"),
        clock="objection",
    ),
    _row(
        "object",
        "prior_notice",
        "objected",
        HRSS,
        "Order 45 art. 6",
        guards=("reason_given", "received_within_objection_term"),
        clock="objection_answer",
    ),
    _row(
        "reject_objection",
        "objected",
        "objection_answered",
        (SQUAD, BUREAU),
        "Order 45 art. 6",
        guards=("reason_given",),
    ),
    _row("sustain_objection", "objected", "not_met", BUREAU, "Order 45 art. 6", guards=("reason_given",)),
    _row(
        "spare",
        UNDER_NOTICE,
        "spared",
        BUREAU,
        "Order 45 art. 7",
        guards=("corrected", "promise_in_writing", "reason_given"),
    ),
    _row(
        "refuse_sparing",
        UNDER_NOTICE,
        None,
        BUREAU,
        "Order 45 art. 7",
        mark="sparing_refused",
        guards=("corrected", "reason_given"),
    ),
    _row(
        "extend",
        UNDER_NOTICE,
        None,
        BUREAU,
        "Order 45 art. 8",
        mark="extended",
        guards=("not_extended_yet", "decision_term_runs", "reason_given"),
        clock="decision",
    ),
    _row(
        "decide",
        ("prior_notice", "objection_answered"),
        "listed",
        BUREAU,
        "Order 45 art. 5-8, 11",
        guards=(
            "term_has_ended",
            "order_stands",
            "not_paid_within_term",
            "grounds_met",
            "notice_served",
            "objection_settled",
            "sparing_weighed",
            "decision_term_runs",
        ),
        clock="listing",
        signed=True,
    ),
    _row("publish", "listed", None, SYSTEM, "Order 45 art. 9", mark="published"),
    _row("push", "listed", None, SYSTEM, "Order 45 art. 10", mark="pushed"),
    _row(
        "dispute",
        "listed",
        None,
        HRSS,
        "ZJ Public Credit Reg. art. 30-31",
        mark="disputed",
        guards=("reason_given", "no_dispute_open", "received_by_today"),
        clock="dispute",
    ),
    _row(
        "settle_dispute",
        "listed",
        None,
        (SQUAD, BUREAU),
        "ZJ Public Credit Reg. art. 31",
        mark="dispute_settled",
        guards=("dispute_open", "reason_given"),
    ),
    _row("seek_review", "listed", None, HRSS, "Order 45 art. 18", mark="under_review", working=False),
    _row("correct", "listed", None, HRSS, "ZJ Public Credit Reg. art. 31", mark="corrected", working=False),
    _row("apply_removal", "listed", "removal_applied", OFFICER, "Order 45 art. 12-14", clock="removal", working=False),
    _row("remove_early", "removal_applied", "removed_early", BUREAU, "Order 45 art. 14", working=False),
    _row(
        "refuse_removal",
        "removal_applied",
        "listed",
        BUREAU,
        "Order 45 art. 14",
        mark="removal_refused",
        guards=("reason_given",),
        working=False,
    ),
    _row(
        "restore",
        "removed_early",
        "listed",
        BUREAU,
        "Order 45 art. 15",
        mark="restored",
        clock="listing",
        signed=True,
        working=False,
    ),
    _row("expire", ("listed", "removal_applied"), "expired", SYSTEM, "Order 45 art. 11", guards=("period_over",)),
    _row("revoke", ("listed", "removal_applied"), "revoked", SYSTEM, "Order 45 art. 16", guards=("order_annulled",)),
    # The news of a payment in time may come after the decision: then the listing never had its ground.
    _row(
        "revoke_paid_in_time",
        ("listed", "removal_applied"),
        "revoked",
        SYSTEM,
        "Order 45 art. 5, 16",
        guards=("paid_within_term",),
    ),
    _row("unpublish", LEAVING, "unpublished", SYSTEM, "Order 45 art. 17", working=False),
    _row("push_removal", "unpublished", "removal_pushed", SYSTEM, "Order 45 art. 17", working=False),
)


def permit(state: str, event: str, facts: Facts) -> Transition:
    """The row that leads from the state by the event, its guards held; CaseNotInState or a guard's refusal if not."""
    for row in TABLE:
        if row.event == event and state in row.sources and row.working:
            for guard in row.guards:
                GUARDS[guard](facts)
            return row
    raise CaseNotInState(
        f"The case is {state}; {event} does not lead on from there.",
        detail_zh=f"案件当前状态为 {state}，不能执行 {event}。",
        state=state,
    )


def check_role(event: str, roles: Iterable[str]) -> None:
    """Forbidden unless one of the roles may cause the event, whatever the state is."""
    allowed = {role for row in TABLE if row.event == event for role in row.roles}
    if not allowed & set(roles):
        raise Forbidden(
            f"{event} belongs to: {', '.join(sorted(allowed))}.",
            detail_zh=f"{event} 属于下列角色：{'、'.join(sorted(allowed))}。",
            check="role",
        )


def advance(
    state: str, event: str, facts: Facts, roles: Iterable[str], signature: Signature | None = None
) -> Transition:
    """The only way from one state to the next: role, then state and guards, then the signature where one is due."""
    check_role(event, roles)
    row = permit(state, event, facts)
    if row.signed and signature is None:
        raise SignatureMissing
    return row


def next_events(state: str) -> list[str]:
    """What can lead on from the state, whoever may do it."""
    return [row.event for row in TABLE if state in row.sources and row.working]
