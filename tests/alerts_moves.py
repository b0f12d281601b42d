"""Moves for the pure rooms of alerts: who does what, with every input and every fact in order."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services.alerts.lifecycle import Move

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
    "ordered_unpaid": Decimal(0),
}


def a_move(event: str, role: str, **inputs: Any) -> Move:
    return Move(event, "wang" if role == "inspector" else role, (role,), AT, INPUTS | inputs, ("bank_receipt",))
