"""People and the platform try every event at random, and the invariants hold."""

from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.alerts.lifecycle import ALERT, Standing, apply
from services.alerts.models import Alert
from services.alerts.rules.guards import GUARDS
from services.alerts.rules.signals import rank
from services.alerts.usecases import alerts as usecases
from services.alerts.usecases.steps import Actor, Request, facts_of
from shared.clock import local_date
from shared.errors import AnxinError
from shared.ids import new_id
from tests.alerts_moves import AT, INPUTS, TWO

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
        facts = facts_of(self.alert, local_date(AT), {"ordered_unpaid": Decimal(0)})
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
