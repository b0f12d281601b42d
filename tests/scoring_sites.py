"""What is told of a construction site: its register, accounts, payrolls and punches, as versions of records."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.scoring_facts import PROJECT, Rows, a_version, days_ago


def on_project(*rows: dict[str, Any]) -> Rows:
    return [row | {"subject_kind": "project", "subject": PROJECT} for row in rows]


def a_site(**items: object) -> Rows:
    site = a_version("hc_project", PROJECT, **({"name": "某某工程", "state": "在建"} | items))
    account = a_version("bk_special_account", "acc", account_no="acc", opened_at=days_ago(400), _agency="bank")
    return on_project(site, account)


def a_flow(day: str, number: int = 1, **items: object) -> dict[str, Any]:
    flow = {"account_no": "acc", "txn_at": f"{day}T10:00:00+08:00", "amount": "1000.00"} | items
    origin: dict[str, Any] = {"_kind": "account", "_subject": "acc", "_agency": "bank"}
    return a_version("bk_account_flow", f"t{day}{number}", **origin, _time=_at(day), **flow)


def _at(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)


def fee(day: str) -> dict[str, Any]:
    return a_flow(day, direction="in", purpose="labour fee in")


def wages(day: str) -> dict[str, Any]:
    return a_flow(day, 2, direction="out", purpose="wage out", payee_is_worker=True)


def presence(day: str, *workers: str) -> Rows:
    punches = [
        a_version("hc_attendance", f"{worker}{day}", id_no=worker, punch_at=f"{day}T08:00:00+08:00")
        for worker in workers
    ]
    return on_project(*punches)


def payroll(pay_month: str, workers: list[str], count: int | None = None, **origin: Any) -> Rows:
    size = len(workers) if count is None else count
    header = a_version(
        "hc_payroll", "pr", payroll_no="pr", pay_month=pay_month, worker_cnt=size, signed_cnt=size, **origin
    )
    lines = [
        a_version("hc_payroll_detail", f"pr|{worker}", payroll_no="pr", id_no=worker, _kind="payroll", _subject="pr")
        for worker in workers
    ]
    return [*on_project(header), *lines]


def register(workers: list[str], **items: object) -> Rows:
    known = [a_version("hc_worker", each, id_no=each, **({"has_contract": True} | items)) for each in workers]
    return on_project(*known)


def by_hand(day: str, *workers: str) -> Rows:
    at = f"{day}T08:00:00+08:00"
    told = [a_version("hc_attendance", f"{who}{day}", id_no=who, punch_at=at, attend_type="manual") for who in workers]
    return on_project(*told)


def weeks(usual: list[str], now: list[str]) -> Rows:
    """Four weeks of some workers, and a week of others, up to Friday, 20 November 2026."""
    last = date(2026, 11, 20)
    days = [last - timedelta(days=back) for back in range(35)]
    return [row for day in days for row in presence(str(day), *(now if (last - day).days < 7 else usual))]


TEN = [f"w{number}" for number in range(10)]
TWENTY = [f"w{number}" for number in range(20)]
