"""The tables of the law, line by line, and what may never happen however people act."""

from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.alerts.lifecycle import (
    ALERT,
    ORDER,
    FieldsMissing,
    IllegalTransition,
    Machine,
    Move,
    Standing,
    apply,
)
from services.alerts.models import Alert
from services.alerts.rules.guards import GUARDS, GuardNotMet
from services.alerts.rules.signals import rank
from services.alerts.usecases import alerts as usecases
from services.alerts.usecases.steps import Actor, Request, facts_of
from shared.clock import local_date
from shared.errors import AnxinError, Forbidden
from shared.ids import new_id

AT = datetime(2026, 11, 23, 3, tzinfo=UTC)
TWO = [{"login": "wang", "certificate_no": "1"}, {"login": "li", "certificate_no": "2"}]
INPUTS: dict[str, Any] = {
    "reason": "r",
    "town": "330110005",
    "visited_on": date(2026, 11, 23),
    "found_on": date(2026, 11, 23),
    "inspectors": TWO,
    "workers": 3,
    "months": 4,
    "amount": Decimal(36000),
    "cause": "bad_data",
    "measure": "talk",
    "link": {"kind": "case", "number": "7"},
    "paid_amount": Decimal(36000),
    "sampled_workers": 1,
    "unpaid_amount": Decimal(0),
    "until": date(2026, 12, 1),
}
FACTS: dict[str, Any] = {
    "level": "orange",
    "returns": 0,
    "inspectors": TWO,
    "proposal": {"actor": "wang"},
    "finding": {"outcome": "confirmed", "amount": "36000"},
    "unpaid": Decimal(0),
    "link": None,
    "today": date(2026, 11, 23),
    "towns": frozenset({"330110005"}),
    "suspend_max_d": 30,
    "open_alert": True,
    "is_quiet": True,
}
WHERE = {machine.machine: set(machine.states) for machine in (ALERT, ORDER)}


def a_move(event: str, role: str, **inputs: Any) -> Move:
    return Move(event, "wang" if role == "inspector" else role, (role,), AT, INPUTS | inputs, ("bank_receipt",))


# The table of domain rules 9.1 (and what had to be added to reach every end), by value.
STEPS = [
    ("GENERATED", "merge", "system", "MERGED"),
    ("GENERATED", "suppress", "system", "SUPPRESSED"),
    ("GENERATED", "auto_dispatch", "system", "DISPATCHED"),
    ("GENERATED", "triage", "analyst", "TRIAGED"),
    ("TRIAGED", "dispatch", "analyst", "DISPATCHED"),
    ("DISPATCHED", "return", "dispatcher", "RETURNED"),
    ("RETURNED", "dispatch", "analyst", "DISPATCHED"),
    ("DISPATCHED", "accept", "dispatcher", "ACCEPTED"),
    ("DISPATCHED", "escalate", "system", "ESCALATED"),
    ("ACCEPTED", "verify", "inspector", "VERIFYING"),
    ("ACCEPTED", "look", "grid_worker", "VERIFYING"),
    ("VERIFYING", "confirm", "inspector", "CONFIRMED"),
    ("VERIFYING", "no_arrears", "dispatcher", "NO_ARREARS"),
    ("VERIFYING", "propose_false", "dispatcher", "VERIFYING"),
    ("VERIFYING", "approve_false", "analyst", "FALSE"),
    ("VERIFYING", "reject_false", "analyst", "VERIFYING"),
    ("VERIFYING", "unverifiable", "inspector", "UNVERIFIABLE"),
    ("UNVERIFIABLE", "confirm", "inspector", "CONFIRMED"),
    ("UNVERIFIABLE", "dispose", "inspector", "UNVERIFIABLE"),
    ("CONFIRMED", "dispose", "inspector", "DISPOSING"),
    ("DISPOSING", "dispose", "dispatcher", "DISPOSING"),
    ("CONFIRMED", "order", "squad_leader", "DISPOSING"),
    ("DISPOSING", "order", "bureau_head", "DISPOSING"),
    ("LINKED_TO_CASE", "order", "squad_leader", "LINKED_TO_CASE"),
    ("DISPOSING", "link_case", "squad_leader", "LINKED_TO_CASE"),
    ("DISPOSING", "resolve", "inspector", "RESOLVED"),
    ("LINKED_TO_CASE", "resolve", "inspector", "RESOLVED"),
    ("RESOLVED", "review", "analyst", "REVIEWED"),
    ("LINKED_TO_CASE", "review", "analyst", "REVIEWED"),
    ("REVIEWED", "close", "analyst", "CLOSED"),
    ("REVIEWED", "reopen", "analyst", "REOPENED"),
    ("CLOSED", "reopen", "system", "REOPENED"),
    ("NO_ARREARS", "reopen", "analyst", "REOPENED"),
    ("FALSE", "reopen", "analyst", "REOPENED"),
    ("REOPENED", "dispatch", "analyst", "DISPATCHED"),
    ("CONFIRMED", "suspend", "bureau_head", "SUSPENDED"),
]


@pytest.mark.parametrize(("state", "event", "role", "after"), STEPS)
def test_each_line_of_the_table_leads_where_it_says(state: str, event: str, role: str, after: str) -> None:
    step = apply(ALERT, Standing(state, state), a_move(event, role), FACTS, GUARDS)
    assert step.after.state == after


def test_every_event_of_the_table_is_tried_above() -> None:
    assert {event for _, event, _, _ in STEPS} | {"resume"} == set(ALERT.by_event)


def test_from_every_state_every_event_outside_the_table_is_refused_with_the_state() -> None:
    for state in ALERT.states:
        standing = Standing(state, state)
        for event in set(ALERT.by_event) - {line.event for line in ALERT.transitions if state in line.sources}:
            role = ALERT.by_event[event][0].roles[0]
            with pytest.raises(IllegalTransition) as refusal:
                apply(ALERT, standing, a_move(event, role), FACTS, GUARDS)
            assert refusal.value.extra["state"] == state


def test_nobody_outside_a_lines_roles_may_take_it() -> None:
    everybody = {role for line in ALERT.transitions for role in line.roles} | {"auditor", "credit_officer"}
    for line in ALERT.transitions:
        for role in everybody - set(line.roles):
            with pytest.raises(Forbidden):
                apply(ALERT, Standing(line.sources[0], line.sources[0]), a_move(line.event, role), FACTS, GUARDS)


def test_what_a_step_requires_is_named_when_it_is_missing() -> None:
    move = Move("resolve", "wang", ("inspector",), AT, {"reason": " "[:0]}, ())
    with pytest.raises(FieldsMissing) as refusal:
        apply(ALERT, Standing("DISPOSING", "DISPOSING"), move, FACTS, GUARDS)
    assert [error["item"] for error in refusal.value.errors] == ["paid_amount", "reason", "documents"]


@pytest.mark.parametrize("machine", [ALERT, ORDER], ids=["alert", "order"])
def test_the_tables_are_whole(machine: Machine) -> None:
    states = set(machine.states)
    for line in machine.transitions:
        assert set(line.sources) <= states
        assert line.to in states | {"same", "stage"}
        assert set(line.guards) <= set(GUARDS)
        assert line.scope or line.roles == ["system"]
    for clock in machine.clocks.values():
        assert set(clock.runs_in) <= states
        assert all(clock.limit(level).count >= 0 for level in ("blue", "yellow", "orange", "red"))
    reached = {machine.initial} | {line.to for line in machine.transitions} | {"ESCALATED", "SUSPENDED"}
    assert states <= reached | {"ESCALATED", "SUSPENDED"}


def test_escalation_does_not_stop_the_work() -> None:
    escalated = Standing("ESCALATED", "DISPATCHED")
    step = apply(ALERT, escalated, a_move("accept", "dispatcher"), FACTS, GUARDS)
    assert step.after == Standing("ACCEPTED", "ACCEPTED")
    with pytest.raises(IllegalTransition):
        apply(ALERT, escalated, a_move("escalate", "system"), FACTS, GUARDS)


def test_suspension_stops_it_and_resuming_goes_back_to_the_stage() -> None:
    suspended = apply(ALERT, Standing("ESCALATED", "CONFIRMED"), a_move("suspend", "bureau_head"), FACTS, GUARDS).after
    assert suspended == Standing("SUSPENDED", "CONFIRMED")
    with pytest.raises(IllegalTransition):
        apply(ALERT, suspended, a_move("dispose", "inspector"), FACTS, GUARDS)
    assert apply(ALERT, suspended, a_move("resume", "bureau_head"), FACTS, GUARDS).after.state == "CONFIRMED"


def test_the_person_who_proposed_false_cannot_approve_it() -> None:
    facts = FACTS | {"proposal": {"actor": "analyst"}}
    with pytest.raises(GuardNotMet) as refusal:
        apply(ALERT, Standing("VERIFYING", "VERIFYING"), a_move("approve_false", "analyst"), facts, GUARDS)
    assert refusal.value.extra["guard"] == "second_person"


ORDER_FACTS: dict[str, Any] = {
    "today": date(2026, 11, 30),
    "issued_on": date(2026, 11, 23),
    "served_on": date(2026, 11, 23),
    "term_ends_at": AT,
    "balances": {1: Decimal(0)},
}


@pytest.mark.parametrize(
    ("state", "event", "role", "after"),
    [
        ("ISSUED", "serve", "squad_leader", "SERVED"),
        ("SERVED", "pay", "inspector", "PAID"),
        ("SERVED", "expire", "system", "OVERDUE"),
        ("OVERDUE", "pay", "squad_leader", "PAID"),
        ("OVERDUE", "revoke", "bureau_head", "REVOKED"),
        ("PAID", "revoke", "bureau_head", "REVOKED"),
    ],
)
def test_each_line_of_the_order(state: str, event: str, role: str, after: str) -> None:
    inputs = {
        "served_on": date(2026, 11, 23),
        "service_method": "direct",
        "paid_on": date(2026, 11, 24),
        "proof": {"a": 1},
    }
    step = apply(ORDER, Standing(state, state), a_move(event, role, **inputs), ORDER_FACTS, GUARDS)
    assert step.after.state == after


def test_a_term_does_not_end_before_its_end() -> None:
    facts = ORDER_FACTS | {"term_ends_at": AT.replace(hour=4)}
    with pytest.raises(GuardNotMet):
        apply(ORDER, Standing("SERVED", "SERVED"), a_move("expire", "system"), facts, GUARDS)


PEOPLE = {
    "a1": ("analyst",),
    "a2": ("analyst",),
    "d": ("dispatcher",),
    "wang": ("inspector",),
    "both": ("inspector", "analyst"),
    "s": ("squad_leader",),
    "b": ("bureau_head",),
    "system": ("system",),
}


CHOICES: dict[str, list[Any]] = {
    "level": ["blue", "yellow", "orange", "red", None],
    "paid_amount": [Decimal(36000), Decimal(36000), Decimal(20000)],
    "unpaid_amount": [Decimal(0), Decimal(500)],
    "inspectors": [[*TWO, {"login": "both", "certificate_no": "3"}], TWO, TWO[:1]],
}


# People seldom return, suspend or reopen: else few walks would come to an end.
_ZEAL = {event: 0.1 if event in ("return", "suspend", "escalate", "reopen") else 1.0 for event in ALERT.by_event}


class AnyoneDoesAnything(RuleBasedStateMachine):
    """People and the platform try every event at random; whatever they do, the invariants of 9.1 hold."""

    @initialize()
    def raise_an_alert(self) -> None:
        self.alert = Alert(
            subject_kind="employer",
            subject_id="x",
            division="330110",
            level="yellow",
            state="GENERATED",
            stage="GENERATED",
            points=45,
            rules_version="1",
            score_id=new_id(),
            raised_at=AT,
            scored_at=AT,
            last_signal_at=AT,
            changed_at=AT,
        )
        self.peak = "yellow"
        self.is_found_by_system = False
        self.false_by: tuple[str, str] | None = None

    @rule(seed=st.integers(0, 2**20))
    def somebody_tries(self, seed: int) -> None:
        # Mostly what the table offers to whom it offers it, so that the far ends are reached; sometimes anything.
        draw = Random(seed)  # noqa: S311
        acts = ALERT.states[self.alert.state].acts_as_stage
        places = {self.alert.state, self.alert.stage if acts else self.alert.state}
        here = [line for line in ALERT.transitions if places & set(line.sources) and draw.random() < _ZEAL[line.event]]
        line = draw.choice(here if here and draw.random() < 0.9 else ALERT.transitions)
        event = line.event
        fitting = [login for login, roles in PEOPLE.items() if set(roles) & set(line.roles)]
        who = draw.choice(fitting if fitting and draw.random() < 0.9 else sorted(PEOPLE))
        more = {name: draw.choice(values) for name, values in CHOICES.items()}
        documents = ({"kind": "bank_receipt", "reference": "1"},)
        request = Request(event, Actor(who, who, PEOPLE[who]), AT, INPUTS | more, documents)
        proposer = (self.alert.proposal or {}).get("actor")
        facts = facts_of(self.alert, local_date(AT))
        try:
            step = apply(ALERT, Standing(self.alert.state, self.alert.stage), request.move, facts, GUARDS)
        except AnxinError:
            return
        usecases._EFFECTS.get(event, usecases._nothing)(self.alert, request)
        self.alert.state, self.alert.stage = step.after.state, step.after.stage
        self.is_found_by_system |= who == "system" and event in usecases.FINDINGS
        if event == "approve_false":
            self.false_by = (proposer or "", who)

    @invariant()
    def a_colour_never_falls(self) -> None:
        assert rank(self.alert.level) >= rank(self.peak)
        self.peak = self.alert.level

    @invariant()
    def amount_and_people_are_a_persons_finding(self) -> None:
        assert not self.is_found_by_system
        if (self.alert.finding or {}).get("outcome") == "confirmed":
            assert self.alert.finding
            assert self.alert.finding["by"] in PEOPLE.keys() - {"system"}

    @invariant()
    def false_took_two_people(self) -> None:
        if self.false_by:
            assert self.false_by[0] != self.false_by[1]

    @invariant()
    def nothing_is_closed_with_an_unpaid_balance_unless_linked(self) -> None:
        if self.alert.state == "CLOSED":
            assert self.alert.unpaid <= 0 or self.alert.link

    @invariant()
    def the_stage_differs_only_while_escalated_or_suspended(self) -> None:
        keeps = ALERT.states[self.alert.state].keeps_stage
        assert keeps or self.alert.state == self.alert.stage
        assert self.alert.stage not in ("ESCALATED", "SUSPENDED")


TestAnyoneDoesAnything = AnyoneDoesAnything.TestCase
TestAnyoneDoesAnything.settings = settings(max_examples=80, stateful_step_count=80, deadline=None)
