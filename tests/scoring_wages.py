"""Calm defaults for the tests of wages: one site, its payroll lines, its punches by month, its account."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from services.scoring.frames import Facts, gather
from services.scoring.rulebook import shipped
from services.scoring.store.attendance import MONTHS
from services.scoring.wages import due_days, lines_of, months_of, shipped_datasets
from tests.scoring_facts import AT, PROJECT, a_version, feeds_of, versions_of

Row = dict[str, Any]
SITE: Row = {"_kind": "project", "_subject": PROJECT}
BANK: Row = {"_kind": "account", "_subject": "acc", "_agency": "bank"}


def count(month: str) -> int:
    """`2026-09` as months since year 0."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def a_sheet(number: str = "pr", month: str = "2026-09", **given: Any) -> Row:
    return a_version("hc_payroll", number, **({"payroll_no": number, "pay_month": month} | SITE | given))


def a_line(worker: str = "w1", number: str = "pr", **given: Any) -> Row:
    """Paid in full and in time, unless something else is given."""
    calm = {"payroll_no": number, "id_no": worker, "days": 22, "payable": "8000.00", "deduct": "500.00"}
    paid = {"actual": "7500.00", "paid_at": "2026-10-12", "payer_account": "acc"}
    origin = {"_kind": "payroll", "_subject": number}
    return a_version("hc_payroll_detail", f"{number}|{worker}", **(calm | paid | origin | given))


def a_worker(worker: str = "w1", role: str = "worker", **given: Any) -> Row:
    known = {"id_no": worker, "work_role": role, "entry_at": "2026-08-20T00:00:00+08:00"}
    return a_version("hc_worker", f"{PROJECT}|{worker}", **(known | SITE | given))


def an_account(number: str = "acc") -> Row:
    return a_version("bk_special_account", number, account_no=number, **(SITE | {"_agency": "bank"}))


def a_flow(day: str, purpose: str | None, amount: str, direction: str = "out", **given: Any) -> Row:
    noon = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    items = {"account_no": "acc", "txn_at": f"{day}T10:00:00+08:00", "direction": direction, "amount": amount}
    return a_version("bk_account_flow", f"{day}{purpose}", purpose=purpose, **(items | BANK | {"_time": noon} | given))


def facts_of(rows: Iterable[Row], at: datetime = AT) -> Facts:
    made = list(rows)
    return gather([PROJECT], versions_of(made), feeds_of(made), shipped_datasets(), at)


def attendance_of(came: dict[tuple[str, str], int], by_device: int | None = None) -> pl.DataFrame:
    """(worker, month) -> days."""
    rows = [
        (PROJECT, count(month), worker, days, days if by_device is None else by_device)
        for (worker, month), days in came.items()
    ]
    return pl.DataFrame(rows, schema=MONTHS, orient="row")


def wages(
    *rows: Row, came: dict[tuple[str, str], int] | None = None, at: datetime = AT
) -> tuple[list[Row], dict[str, Row]]:
    """Each worker's lines, and the months by name."""
    facts = facts_of(rows, at)
    due = due_days(facts.today, shipped())
    lines = lines_of(facts, attendance_of(came or {}), due)
    months = months_of(facts, lines, due, silence_days=35)
    named = {f"{row['month'] // 12:04}-{row['month'] % 12 + 1:02}": row for row in months.iter_rows(named=True)}
    return list(lines.iter_rows(named=True)), named


def the_line(*rows: Row, came: dict[tuple[str, str], int] | None = None, at: datetime = AT) -> Row:
    """The one line that these rows make."""
    (line,), _ = wages(*rows, came={("w1", "2026-09"): 22} if came is None else came, at=at)
    return line


def yuan(text: str) -> Decimal:
    return Decimal(text)
