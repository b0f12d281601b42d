"""Projects at the edges of 5.3: shares just above a threshold, agreed days, feeds younger than the account."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.scoring_facts import PROJECT, a_version, assessed, features, signal

Rows = list[dict[str, Any]]
OCTOBER = "2026-10-10"


def a_project(dataset: str = "hc_project", **items: object) -> dict[str, Any]:
    known = {"name": "某某工程", "state": "在建"} | items
    return a_version(dataset, PROJECT, _kind="project", _subject=PROJECT, **known)


def an_account(opened_at: str) -> dict[str, Any]:
    origin: dict[str, Any] = {"_kind": "project", "_subject": PROJECT, "_agency": "bank"}
    return a_version("bk_special_account", "acc", account_no="acc", opened_at=opened_at, **origin)


def a_flow(day: str, direction: str = "in", purpose: str = "labour fee in", **origin: Any) -> dict[str, Any]:
    noon = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    items = {"account_no": "acc", "txn_at": f"{day}T10:00:00+08:00", "direction": direction, "purpose": purpose}
    where: dict[str, Any] = {"_kind": "account", "_subject": "acc", "_agency": "bank", "_time": noon} | origin
    return a_version("bk_account_flow", f"t{day}{purpose}{where['_subject']}", **where, **items)


def a_month_of_work(workers: int, left_out: int) -> Rows:
    """Everybody attends in October; the last `left_out` have no line on October's payroll."""
    names = [f"w{number:04}" for number in range(workers)]
    site: dict[str, Any] = {"_kind": "project", "_subject": PROJECT}
    paid = names[: workers - left_out]
    header = {"payroll_no": "pr", "pay_month": "2026-10", "worker_cnt": len(paid), "signed_cnt": len(paid)}
    return [
        a_project(),
        *(a_version("hc_attendance", name, id_no=name, punch_at=f"{OCTOBER}T08:00:00+08:00", **site) for name in names),
        a_version("hc_payroll", "pr", **header, **site),
        *(
            a_version("hc_payroll_detail", name, payroll_no="pr", id_no=name, _kind="payroll", _subject="pr")
            for name in paid
        ),
    ]


@pytest.mark.parametrize(
    ("workers", "left_out", "expected"),
    [(229, 23, "red"), (230, 23, "yellow"), (2500, 1, "yellow"), (2500, 0, None)],
)
def test_a_share_of_left_out_workers_is_compared_before_it_is_rounded(
    workers: int, left_out: int, expected: str | None
) -> None:
    found = signal(assessed(*a_month_of_work(workers, left_out), kind="project"), "P07")
    assert (found and found.floor) == expected


def test_what_came_in_before_the_banks_feed_began_is_not_known_rather_than_missed() -> None:
    first_word = a_flow("2026-11-20", "out", "wage out")
    found = features(a_project(), an_account("2025-01-15"), first_word, kind="project")
    assert found.values["fee_cycles_missed"].to_list() == [0]


def test_a_cycle_is_missed_when_the_banks_feed_was_there_all_the_while() -> None:
    told = (a_flow("2026-08-20", "out", "wage out"), a_flow("2026-11-20", "out", "wage out"))
    found = signal(assessed(a_project(), an_account("2025-01-15"), *told, kind="project"), "P04")
    assert (found and found.floor) == "red"
