"""A site as its agencies report it: register, gate, payrolls, special account; through ingest's desk into scoring.

All about the month three months back, whose wages are due by now whatever day it is. Numbers are invented, and right.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

from services.scoring.consumers import consumer
from shared import clock
from shared.bus import decode
from shared.db import Database
from shared.events import RecordsAccepted
from tests.ingest_desk import GOOD, Door
from tests.scoring_facts import recent_month

Record = dict[str, Any]
MOBILES = "1390571880"
MONTH, PAID_IN = recent_month(3), recent_month(2)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def a_citizen(serial: int) -> str:
    """A citizen number with its check character (GB 11643): born on 1 January 1980."""
    stem = f"33011019800101{serial:03}"
    total = sum(int(digit) * weight for digit, weight in zip(stem, _WEIGHTS, strict=True))
    return stem + "10X98765432"[total % 11]


@dataclass
class Site:
    """A project and its workers: in full, late, short, unpaid, never there, on no payroll, and a manager."""

    code: str
    numbers: list[str] = field(default_factory=lambda: [a_citizen(serial) for serial in range(1, 8)])
    division: str = "330110005"
    account: str = field(default_factory=lambda: f"3301 0400-{secrets.randbelow(10**8):08}")
    agency: str = "housing"

    def deliveries(self) -> list[tuple[str, str, list[Record]]]:
        """(agency, dataset, records)."""
        return [
            (self.agency, "hc_project", [self._project()]),
            (self.agency, "hc_worker", [self._worker(n, number) for n, number in enumerate(self.numbers)]),
            (self.agency, "hc_attendance", [punch for n in (0, 1, 2, 3, 5, 6) for punch in self._punches(n)]),
            (self.agency, "hc_payroll", [self._payroll()]),
            (self.agency, "hc_payroll_detail", [self._line(n) for n in range(5)]),
            ("bank", "bk_special_account", [self._account()]),
            ("bank", "bk_account_flow", self._flows()),
        ]

    @property
    def payroll_no(self) -> str:
        return f"PR-{self.code}"

    def _project(self) -> Record:
        parties = {"owner_uscc": GOOD, "gc_uscc": GOOD, "gov_invest": False, "pay_guarantee": True}
        return {"project_code": self.code, "name": "某某安置房", "division": self.division, "state": "在建"} | parties

    def _worker(self, n: int, number: str) -> Record:
        known = {"project_code": self.code, "id_no": number, "name": f"欧阳{self.code}{n}", "mobile": MOBILES + str(n)}
        bank = {"pay_card": f"62220000000{n:08}", "pay_bank": "0102"}
        role = {"work_role": "manager" if n == 6 else "worker", "team_no": "=1+1", "has_contract": True}
        return known | bank | role | {"entry_at": f"{MONTH}-01T08:00:00"}

    def _punches(self, n: int) -> list[Record]:
        # The gate writes the number of 15 digits' time as well as that of 18, with a gap.
        number = self.numbers[n] if n else f"{self.numbers[n][:6]} {self.numbers[n][6:]}"
        days = [f"{MONTH}-{day:02}T07:30:00" for day in (3, 4, 5)]
        return [{"project_code": self.code, "id_no": number, "punch_at": day, "origin": "device"} for day in days]

    def _payroll(self) -> Record:
        return {
            "payroll_no": self.payroll_no,
            "project_code": self.code,
            "corp_uscc": GOOD,
            "pay_month": MONTH,
            "worker_cnt": 5,
            "signed_cnt": 5,
        }

    def _line(self, n: int) -> Record:
        paid_at = {1: clock.today().isoformat(), 3: None}.get(n, f"{PAID_IN}-10")
        actual = {2: "5000.00", 3: "0.00"}.get(n, "7500.00")
        line = {"payroll_no": self.payroll_no, "id_no": self.numbers[n].lower(), "days": 3, "payable": "8000.00"}
        paid = {"deduct": "500.00", "actual": actual, "paid_at": paid_at}
        return line | paid | {"payer_account": self.account.replace(" ", "").replace("-", "")}

    def _account(self) -> Record:
        signed = {"contract_signed": f"{MONTH}-01", "opened_at": f"{MONTH}-02", "bank_name": "某行"}
        return {"account_no": self.account, "project_code": self.code, "gc_uscc": GOOD} | signed

    def _flows(self) -> list[Record]:
        moved = [(f"{MONTH}-05", "in", "labour fee in", "30000.00"), (f"{PAID_IN}-10", "out", "wage out", "20000.00")]
        return [
            {
                "account_no": self.account,
                "txn_id": f"{self.code}-{n}",
                "txn_at": f"{day}T10:00:00",
                "direction": direction,
                "purpose": purpose,
                "amount": amount,
                "payee_is_worker": True,
            }
            for n, (day, direction, purpose, amount) in enumerate(moved)
        ]


async def take_in(door: Door, db: Database, deliveries: list[tuple[str, str, list[Record]]]) -> list[dict[str, Any]]:
    """Hand the records in and let scoring hear of them. Returns the receipts."""
    receipts = []
    for agency, dataset, records in deliveries:
        answer = await door.send(dataset, records, agency=agency)
        assert answer.status_code == 202, answer.text
        receipts.append(answer.json())
        for event in await announcements(door, answer.json()["receipt_id"]):
            await consumer.deliver(event, db)
    return receipts


async def announcements(door: Door, receipt_id: str) -> list[RecordsAccepted]:
    """The events of a receipt, as the bus would carry them."""
    rows = await door.rows("select body from ingest.outbox where subject = 'records.accepted' order by id")
    events = [decode(bytes(body), RecordsAccepted) for (body,) in rows]
    return [event for event in events if str(event.receipt_id) == receipt_id]
