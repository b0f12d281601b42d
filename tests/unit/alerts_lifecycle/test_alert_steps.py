"""Every step of an alert by value: where it leads, who may take it, what it requires."""

import pytest

from services.alerts.lifecycle import ALERT, FieldsMissing, IllegalTransition, Move, Standing, apply
from services.alerts.rules.guards import GUARDS, GuardNotMet
from shared.errors import Forbidden
from tests.alerts_moves import AT, FACTS, a_move

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
    ("CONFIRMED", "order", "bureau_head", "DISPOSING"),
    ("DISPOSING", "order", "bureau_head", "DISPOSING"),
    ("LINKED_TO_CASE", "order", "bureau_head", "LINKED_TO_CASE"),
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
