"""Every step of an order by value, and that both tables are whole."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.alerts.lifecycle import ALERT, ORDER, Machine, Standing, apply
from services.alerts.rules.guards import GUARDS, GuardNotMet
from tests.alerts_moves import AT, a_move

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
