"""An order to pay: issued, served, overdue, revoked. What it adds up to goes to the list; names never do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from services.alerts import parameters, store
from services.alerts.lifecycle import ORDER, Standing, apply
from services.alerts.models import Alert, Order, OrderWorker, Payment
from services.alerts.rules import persons, sums
from services.alerts.rules.guards import GUARDS, WrongDate
from services.alerts.usecases.steps import Request, keep_order_step, keep_step, step_of
from shared import calendar
from shared.crypto import Vault
from shared.db import Session
from shared.errors import Conflict, Unprocessable
from shared.events import OrderIssued, OrderOverdue, OrderRevoked, Party
from shared.ids import new_id
from shared.outbox import announce
from shared.telemetry import current_traceparent


class OrderNumberTaken(Conflict):
    """Another order has this number."""

    slug = "order-number-taken"
    title = "An order of this number exists"
    title_zh = "文书编号已存在"


class EmployerUnknown(Unprocessable):
    """An order is addressed to somebody: credit code and name."""

    slug = "employer-unknown"
    title = "The order needs the employer's credit code and name"
    title_zh = "须写明用人单位名称和统一社会信用代码"


class WrongEmployer(Unprocessable):
    """An order names the employer that the alert is about."""

    slug = "wrong-employer"
    title = "The alert is about another employer"
    title_zh = "用人单位与预警不符"


class TermTooLong(Unprocessable):
    """A term beyond the longest one that the parameters allow."""

    slug = "term-too-long"
    title = "The term is too long"
    title_zh = "期限过长"


@dataclass(frozen=True)
class Person:
    """A worker on an order, or a party: plain values that are sealed before they are kept."""

    name: str | None
    id_no: str | None


@dataclass(frozen=True)
class WorkerClaim(Person):
    """What a worker is owed."""

    owed: sums.Owed


async def issue(session: Session, alert_id: UUID, request: Request, claims: list[WorkerClaim], vault: Vault) -> Order:
    """Issue an order out of an alert. Inputs: order_no, parties, term_wd?, uscc?, employer_name?, ... (schemas)."""
    alert = await store.alert_for_update(session, alert_id)
    step = step_of(alert, request)
    order = _new_order(alert, request, claims, vault)
    if not await store.add_order_once(session, order):
        raise OrderNumberTaken(
            f"The order number {order.order_no} is taken.", detail_zh=f"文书编号 {order.order_no} 已被使用。"
        )
    session.add_all(_worker(order.id, number, claim, vault) for number, claim in enumerate(claims, 1))
    alert.measures = [*alert.measures, _measure(order, request)]
    brief = Request("order", request.actor, request.at, {"order_no": order.order_no}, request.documents)
    await keep_step(session, alert, step, brief)
    order = await store.order_for_update(session, order.id)
    await keep_order_step(session, order, None, Request("issue", *_by(request), _figures(order), request.documents))
    return order


async def take_step(session: Session, order_id: UUID, request: Request) -> Order:
    """Serve, revoke or expire an order, if the table, the roles and the guards allow it."""
    order = await store.order_for_update(session, order_id)
    before = order.state
    step = apply(ORDER, Standing(before, before), request.move, facts_of(order, request.today, {}), GUARDS)
    order.state = step.after.state
    _EFFECTS[request.event](order, request)
    await keep_order_step(session, order, before, request)
    announce(session, await _event(session, order, request))
    return order


def facts_of(order: Order, today: date, balances: Mapping[int, Decimal]) -> dict[str, Any]:
    """What the guards may ask about an order."""
    return {
        "today": today,
        "issued_on": order.issued_on,
        "served_on": order.served_on,
        "term_ends_at": order.term_ends_at,
        "balances": balances,
    }


def paid_lines(payments: list[Payment]) -> list[dict[int, Decimal]]:
    """The lines of each payment: worker's number -> amount."""
    return [{int(number): Decimal(amount) for number, amount in payment.lines.items()} for payment in payments]


def _serve(order: Order, request: Request) -> None:
    order.served_on, order.service_method = request.inputs["served_on"], request.inputs["service_method"]
    order.term_ends_on = calendar.add_working_days(request.inputs["served_on"], order.term_wd)
    order.term_ends_at = calendar.end_of_day(order.term_ends_on)


def _expire(order: Order, _request: Request) -> None:
    # Overdue since 24:00 of the last day, whenever we notice: the list's 20 working days count from then.
    order.overdue_at = order.term_ends_at


def _revoke(order: Order, request: Request) -> None:
    order.revoked_on, order.revoke_cause = request.today, request.inputs["reason"]


_EFFECTS = {"serve": _serve, "expire": _expire, "revoke": _revoke}


async def _event(session: Session, order: Order, request: Request) -> OrderIssued | OrderOverdue | OrderRevoked:
    if request.event == "serve":
        return OrderIssued(**common(order))
    if request.event == "expire":
        figures = common(order) | asdict(await _open_at_the_end(session, order))
        return OrderOverdue(**figures, overdue_at=order.overdue_at or request.at)
    return OrderRevoked(**common(order), revoked_on=request.today, cause=order.revoke_cause or "")


async def _open_at_the_end(session: Session, order: Order) -> sums.Sums:
    # Order 45, art. 5: the amount test asks what is unpaid when the term ends, not what was owed when it began. Counted
    # is the day of payment, not the moment at which somebody recorded it.
    last_day = order.term_ends_on or order.issued_on
    in_time = [one for one in await store.payments_of(session, order.id) if one.paid_on <= last_day]
    workers = await store.workers_of(session, order.id)
    owed = {one.number: sums.Owed(one.amount, one.months, one.is_rural) for one in workers}
    months = parameters.value("order.single_worker_months", order.issued_on, order.division)
    return sums.sums_of(sums.still_open(owed, paid_lines(in_time)), months)


def common(order: Order) -> dict[str, Any]:
    """What every event about an order carries; sums as at its issue."""
    same = ("order_no", "alert_id", "uscc", "employer_name", "division", "deciding_org", "amount", "workers")
    more = ("migrant_workers", "migrant_amount", "longest_months", "largest_single", "incident_serious")
    return {
        "order_id": order.id,
        **{name: getattr(order, name) for name in same + more},
        # An order that is annulled before it was served never had a term.
        "served_on": order.served_on or order.issued_on,
        "term_ends_on": order.term_ends_on or order.issued_on,
        "parties": [_party_out(party) for party in order.parties],
    }


def _party_out(party: Mapping[str, Any]) -> Party:
    return msgspec.convert({name: party[name] for name in ("role", "name", "id_no_masked")}, Party)


def _new_order(alert: Alert, request: Request, claims: list[WorkerClaim], vault: Vault) -> Order:
    inputs, today = request.inputs, request.today
    issued_on = inputs.get("issued_on") or today
    found_on = date.fromisoformat((alert.finding or {}).get("found_on") or today.isoformat())
    if not found_on <= issued_on <= today:
        raise WrongDate(
            f"Issued between the finding on {found_on} and today, {today}.",
            detail_zh=f"作出日期须在认定日 {found_on} 与今天 {today} 之间。",
        )
    uscc, name = _employer(alert, inputs)
    term = _term(alert, inputs, issued_on)
    months = parameters.value("order.single_worker_months", issued_on, alert.division)
    return Order(
        id=new_id(),
        order_no=inputs["order_no"],
        alert_id=alert.id,
        uscc=uscc,
        employer_name=name,
        division=alert.division,
        # Order 45, art. 3: who enforces, decides. It is the bureau of this district, whatever a request may say.
        deciding_org=parameters.value("order.deciding_org", issued_on, alert.division),
        state=ORDER.initial,
        issued_on=issued_on,
        issued_by=request.actor.login,
        term_wd=term.value,
        is_term_verified=term.verified,
        parties=[_party(party, vault) for party in inputs.get("parties") or []],
        incident_serious=bool(inputs.get("incident_serious")),
        traceparent=current_traceparent(),
        changed_at=request.at,
        **asdict(sums.sums_of([claim.owed for claim in claims], months)),
    )


def _term(alert: Alert, inputs: Mapping[str, Any], issued_on: date) -> parameters.Parameter:
    default = parameters.parameter("order.term_wd", issued_on, alert.division)
    stated, longest = inputs.get("term_wd"), parameters.value("order.term_max_wd", issued_on, alert.division)
    if stated is None:
        return default
    if stated > longest:
        raise TermTooLong(
            f"The term of an order is at most {longest} working days.",
            detail_zh=f"责令支付期限最长为 {longest} 个工作日。",
        )
    # What a person wrote into the document is the term, and no default to be confirmed.
    return msgspec.structs.replace(default, value=stated, verified=True)


def _employer(alert: Alert, inputs: Mapping[str, Any]) -> tuple[str, str]:
    # The public listing repeats both: a project's name never stands under its contractor's code.
    uscc, name = alert.uscc or inputs.get("uscc"), inputs.get("employer_name") or alert.employer_name
    if not uscc or not name:
        raise EmployerUnknown
    if inputs.get("uscc") not in (None, uscc):
        raise WrongEmployer(
            f"The alert is about {uscc}; an order out of it cannot name another unit.",
            detail_zh=f"该预警针对 {uscc}，由其作出的文书不能写其他单位。",
        )
    return uscc, name


def _worker(order_id: UUID, number: int, claim: WorkerClaim, vault: Vault) -> OrderWorker:
    return OrderWorker(
        order_id=order_id,
        number=number,
        name_sealed=vault.seal("worker-name", claim.name) if claim.name else None,
        name_masked=persons.masked_name(claim.name) if claim.name else None,
        id_no_sealed=vault.seal("citizen-number", claim.id_no) if claim.id_no else None,
        id_no_masked=persons.masked_id_no(claim.id_no) if claim.id_no else None,
        person=vault.pseudonym("person", claim.id_no) if claim.id_no else None,
        **asdict(claim.owed),
    )


def _party(party: Mapping[str, Any], vault: Vault) -> dict[str, Any]:
    id_no = party.get("id_no")
    return {
        "role": party["role"],
        "name": party["name"],
        "id_no_sealed": vault.seal("citizen-number", id_no) if id_no else None,
        "id_no_masked": persons.masked_id_no(id_no) if id_no else None,
    }


def _measure(order: Order, request: Request) -> dict[str, Any]:
    at = request.at.isoformat()
    return {"measure": "order_to_pay", "order_no": order.order_no, "at": at, "by": request.actor.login}


def _figures(order: Order) -> dict[str, Any]:
    names = ("order_no", "issued_on", "term_wd", "amount", "workers", "migrant_workers", "migrant_amount")
    return {name: getattr(order, name) for name in names}


def _by(request: Request) -> tuple[Any, Any]:
    return request.actor, request.at
