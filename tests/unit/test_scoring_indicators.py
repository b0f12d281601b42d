"""The rows of domain.md 5.2, by value: just below a threshold, on it, and above."""

from datetime import timedelta
from typing import Any

import pytest

from tests.scoring_facts import AT, TODAY, Rows, a_receipt, a_version, assessed, days_ago, signal


def moment_ago(days: int) -> str:
    return (AT - timedelta(days=days)).isoformat()


def month(back: int) -> str:
    count = TODAY.year * 12 + TODAY.month - 1 - back
    return f"{count // 12}-{count % 12 + 1:02}"


def monthly(dataset: str, item: str, values: list[object], **items: object) -> Rows:
    """One row a month, the first value for last month, the next for the month before, and so on."""
    period = "as_of" if dataset == "tax_arrears" else "period"
    return [
        a_version(dataset, f"k{back}", **{period: month(back + 1), item: value}, **items)
        for back, value in enumerate(values)
    ]


def events(dataset: str, count: int, **items: object) -> Rows:
    return [a_version(dataset, f"k{number}", **items) for number in range(count)]


def _owed(since: str, **items: object) -> dict[str, Any]:
    return a_version("hrss_inspection_case", arrears_amount="1.00", arrears_from=since, **items)


FREEZE = {"burden_type": "freeze", "state": "valid"}


def _frozen(until: str) -> dict[str, Any]:
    return a_version("samr_equity_burden", start_date=days_ago(400), end_date=until, **FREEZE)


def _executed(key: str, **items: object) -> dict[str, Any]:
    return a_version("court_enforcement", key, position="executed", **items)


EMPLOYER: list[tuple[str, Rows, tuple[int, str] | None]] = [
    ("E01", monthly("tax_social_fee", "arrears", ["0.00", "0.00"]), None),
    ("E01", monthly("tax_social_fee", "arrears", ["10.00"]), (8, "none")),
    ("E01", monthly("tax_social_fee", "arrears", ["10.00", "10.00"]), (15, "none")),
    ("E01", monthly("tax_social_fee", "arrears", ["0.00", "10.00", "10.00"]), (15, "none")),
    ("E01", monthly("tax_social_fee", "arrears", ["10.00", "10.00", "10.00"]), (25, "orange")),
    ("E01", monthly("tax_social_fee", "arrears", ["42130.00"], arrears_months=3), (25, "orange")),
    ("E01", monthly("tax_social_fee", "arrears", ["0.00"], arrears_months=3), None),
    ("E02", monthly("hrss_insured_headcount", "pension_payers", [91, 100]), None),
    ("E02", monthly("hrss_insured_headcount", "pension_payers", [90, 100]), (15, "none")),
    ("E02", monthly("hrss_insured_headcount", "pension_payers", [980, 1000]), (15, "none")),
    ("E02", monthly("hrss_insured_headcount", "pension_payers", [981, 1000]), None),
    ("E02", monthly("hrss_insured_headcount", "pension_payers", [70, 75, 80, 100]), (25, "none")),
    ("E03", monthly("hrss_insured_headcount", "pension_payers", [0, 5]), None),
    (
        "E03",
        [*monthly("hrss_insured_headcount", "pension_payers", [0, 5]), a_version("samr_entity", state="active")],
        (25, "orange"),
    ),
    (
        "E03",
        [*monthly("hrss_insured_headcount", "pension_payers", [0, 4]), a_version("samr_entity", state="active")],
        None,
    ),
    ("E05", monthly("tax_arrears", "balance", ["100000.00"]), None),
    ("E05", monthly("tax_arrears", "balance", ["0.01", "0.01"]), (10, "none")),
    ("E05", monthly("tax_arrears", "balance", ["100000.01"]), (15, "none")),
    ("E05", [a_version("tax_arrears", "old", as_of=month(5), balance="900000.00")], None),
    ("E06", [a_version("tax_status", period=month(1), taxpayer_state="normal")], None),
    ("E06", [a_version("tax_status", period=month(1), taxpayer_state="abnormal")], (20, "orange")),
    ("E07", monthly("tax_status", "declared", [False]), None),
    ("E07", monthly("tax_status", "declared", [False, False]), (8, "none")),
    ("E07", monthly("tax_status", "declared", [True, False, False]), None),
    ("E09", monthly("pw_usage", "arrears_days", [30], arrears="1.00", account_no="a"), None),
    ("E09", monthly("pw_usage", "arrears_days", [31], arrears="1.00", account_no="a"), (8, "none")),
    ("E09", monthly("pw_usage", "arrears_days", [61], arrears="1.00", account_no="a"), (15, "none")),
    ("E09", monthly("pw_usage", "arrears_days", [61], arrears="0.00", account_no="a"), None),
    ("E09", monthly("pw_usage", "arrears_days", [0, 61], arrears="1.00", account_no="a"), None),
    ("E09", monthly("pw_usage", "cut_off", [True], arrears="9.00", account_no="a"), (15, "none")),
    ("E10", monthly("pw_usage", "kwh", [50, 50, *[100] * 16]), (12, "none")),
    ("E10", monthly("pw_usage", "kwh", [51, 50, *[100] * 16]), None),
    ("E10", monthly("pw_usage", "kwh", [50, 100, *[100] * 16]), None),
    ("E10", monthly("pw_usage", "kwh", [20, 100, *[100] * 16]), (18, "none")),
    ("E10", monthly("pw_usage", "kwh", [20, 100, *[100] * 6]), None),
    ("E11", monthly("ut_water", "arrears_days", [30], arrears="1.00", account_no="w"), None),
    ("E11", monthly("ut_water", "arrears_days", [31], arrears="1.00", account_no="w"), (6, "none")),
    ("E11", monthly("ut_water", "volume", [50, 50, *[100] * 16]), (6, "none")),
    ("E12", monthly("ut_gas", "arrears_days", [31], arrears="1.00", account_no="g"), (6, "none")),
    ("E14", [a_version("court_dishonest", published_at=days_ago(366))], None),
    ("E14", [a_version("court_dishonest", published_at=days_ago(365))], (20, "orange")),
    ("E14", [a_version("court_dishonest", published_at=days_ago(1), perform="all")], None),
    ("E14", [a_version("court_dishonest", filed_at=days_ago(9), perform="none")], (20, "orange")),
    ("E15", [a_version("court_enforcement", position="executed", target="500000.00", got="0.00")], (12, "none")),
    ("E15", [a_version("court_enforcement", position="executed", target="500000.00", got="0.01")], None),
    ("E15", [a_version("court_enforcement", position="applicant", target="900000.00", got="0.00")], None),
    (
        "E15",
        [
            a_version("court_enforcement", position="executed", target="100000.00", got="0.00"),
            a_version("samr_entity", reg_capital="50.000000"),
        ],
        (12, "none"),
    ),
    # A case that does not tell what was reached, or its target, is left out: what it says of the other half, too.
    ("E15", [_executed("a", target="500000.00", got="0.00"), _executed("b", target="9.00")], (12, "none")),
    ("E15", [_executed("a", target="499999.99", got="0.00"), _executed("b", target="900000.00")], None),
    ("E15", [_executed("a", target="500000.00", got="0.00"), _executed("b", got="9.00")], (12, "none")),
    ("E15", [_executed("a", target="900000.00")], None),
    ("E16", [a_version("court_unperformed", cause="追索劳动报酬纠纷", unpaid="1.00")], (25, "orange")),
    ("E16", [a_version("court_unperformed", cause="买卖合同纠纷", unpaid="1.00")], None),
    ("E18", [a_version("samr_equity_burden", burden_type="freeze", state="valid")], (10, "none")),
    ("E18", [a_version("samr_equity_burden", burden_type="freeze", state="released")], None),
    ("E18", [_frozen(days_ago(1))], None),
    ("E18", [_frozen(days_ago(0))], (10, "none")),
    ("E18", [_frozen(days_ago(-1))], (10, "none")),
    ("E18", [_frozen("9999-12-31")], (10, "none")),
    ("E18", [_frozen(days_ago(1)), a_version("samr_equity_burden", "o", **FREEZE)], (10, "none")),
    ("E18", [a_version("samr_equity_burden", start_date=days_ago(-1), **FREEZE)], None),
    ("E18", [a_version("samr_equity_burden", start_date=days_ago(0), **FREEZE)], (10, "none")),
    ("E19", [a_version("samr_abnormal", cause="未按规定公示年度报告", listed_at=days_ago(9))], (4, "none")),
    ("E19", [a_version("samr_abnormal", cause="通过登记的住所无法联系", listed_at=days_ago(900))], (12, "none")),
    ("E19", [a_version("samr_abnormal", cause="通过登记的住所无法联系", removed_at=days_ago(1))], None),
    ("E20", [a_version("samr_serious_illegal", listed_at=days_ago(9))], (15, "none")),
    ("E23", [a_version("court_bankruptcy", debt_staff="0.00")], (30, "none")),
    ("E23", [a_version("court_bankruptcy", debt_staff="0.01")], (30, "red")),
    ("E24", events("hrss_arbitration", 2, accept_date=days_ago(90), worker_num=1), None),
    ("E24", events("hrss_arbitration", 3, accept_date=days_ago(90), worker_num=1), (15, "none")),
    ("E24", events("hrss_arbitration", 3, accept_date=days_ago(91), worker_num=9), None),
    ("E24", events("hrss_arbitration", 1, accept_date=days_ago(1), worker_num=10), (25, "none")),
    ("E25", [a_version("hrss_inspection_case", filing_date=days_ago(9), arrears_amount="1.00")], (20, "none")),
    ("E25", [a_version("hrss_inspection_case", arrears_amount="1.00", close_date=days_ago(1))], None),
    ("E26", [a_version("hrss_labor_penalty", close_date=days_ago(730))], (10, "none")),
    ("E26", [a_version("hrss_labor_penalty", close_date=days_ago(731))], None),
    ("E26", [a_version("hrss_arrears_list", listed_at=days_ago(400))], (25, "orange")),
    ("E26", [a_version("hrss_arrears_list", listed_at=days_ago(400), remove_date=days_ago(2))], None),
    ("E27", events("hrss_clue", 1, registered_at=moment_ago(60), arrears_people=1), (10, "yellow")),
    ("E27", events("hrss_clue", 1, registered_at=moment_ago(61), arrears_people=1), None),
    ("E27", events("hrss_clue", 2, registered_at=moment_ago(1), arrears_people=4), (10, "yellow")),
    ("E27", events("hrss_clue", 3, registered_at=moment_ago(30), arrears_people=1), (20, "orange")),
    ("E27", events("hrss_clue", 3, registered_at=moment_ago(31), arrears_people=1), (10, "yellow")),
    ("E27", events("hrss_clue", 1, registered_at=moment_ago(1), arrears_people=10), (20, "orange")),
    ("E27", events("hrss_clue", 1, registered_at=moment_ago(1), arrears_people=30), (35, "red")),
    ("E28", events("gov_ticket", 1, received_at=moment_ago(1), is_wage=True), None),
    ("E28", events("gov_ticket", 2, received_at=moment_ago(1), is_wage=True), (10, "none")),
    ("E28", events("gov_ticket", 5, received_at=moment_ago(1), is_wage=True), (20, "none")),
    ("E28", events("gov_ticket", 5, received_at=moment_ago(1), is_wage=False), None),
    ("E28", events("gov_ticket", 2, received_at=moment_ago(30), is_wage=True), (10, "none")),
    ("E28", events("gov_ticket", 2, received_at=moment_ago(31), is_wage=True), None),
    ("E28", events("gov_ticket", 5, received_at=moment_ago(0), is_wage=True), (20, "none")),
    # Dated to come: not yet.
    ("E28", events("gov_ticket", 5, received_at=moment_ago(-1), is_wage=True), None),
    ("E14", [a_version("court_dishonest", published_at=days_ago(-1))], None),
    ("E27", events("hrss_clue", 3, registered_at=moment_ago(-1), arrears_people=40), None),
    ("E29", events("gov_petition", 1, received_at=days_ago(1), people_cnt=4), None),
    ("E29", events("gov_petition", 1, received_at=days_ago(1), people_cnt=5), (20, "orange")),
    ("E29", events("gov_petition", 1, received_at=days_ago(1), people_cnt=50), (35, "red")),
    ("E30", events("ps_wage_incident", 1, reported_at=moment_ago(1), kind="gathering", people_cnt=9), None),
    ("E30", events("ps_wage_incident", 1, reported_at=moment_ago(1), kind="gathering", people_cnt=10), (35, "red")),
    ("E30", events("ps_wage_incident", 1, reported_at=moment_ago(1), kind="boss_lost", people_cnt=1), (35, "red")),
    ("E31", events("gov_grid_event", 1, reported_at=moment_ago(1), signs=["layoff"]), (10, "none")),
    ("E31", events("gov_grid_event", 2, reported_at=moment_ago(1), signs=["layoff", "stop work"]), (20, "none")),
    ("E31", events("gov_grid_event", 1, reported_at=moment_ago(1), signs="boss_lost"), (35, "red")),
]


LEAVING = a_version("samr_change", item_name="注销备案", changed_at=days_ago(180))
EMPLOYER += [
    ("E22", [LEAVING], None),
    ("E22", monthly("tax_social_fee", "arrears", ["10.00"]), None),
    ("E22", [LEAVING, *monthly("tax_social_fee", "arrears", ["10.00"])], (20, "orange")),
    ("E22", [LEAVING, *monthly("tax_arrears", "balance", ["10.00"])], (20, "orange")),
    ("E22", [LEAVING, a_version("hrss_inspection_case", arrears_amount="1.00")], (20, "orange")),
    ("E22", [LEAVING, a_version("court_unperformed", cause="追索劳动报酬纠纷", unpaid="1.00")], (20, "orange")),
    ("E33", [_owed("2026-11")], None),
    ("E33", [_owed("2026-10")], (10, "yellow")),
    ("E33", [_owed("2026-09")], (20, "orange")),
    ("E33", [_owed("2026-08")], (35, "red")),
    ("E33", [_owed("2026-08", close_date=days_ago(1))], None),
    ("E33", [_owed("2027-08")], None),
]


@pytest.mark.parametrize(("code", "rows", "expected"), EMPLOYER)
def test_an_employer_indicator_stands_where_the_table_says(
    code: str, rows: Rows, expected: tuple[int, str] | None
) -> None:
    found = signal(assessed(*rows), code)
    assert (found and (found.points, found.floor)) == expected


def test_a_change_of_legal_representative_needs_another_signal_beside_it() -> None:
    change = a_version("samr_change", item_name="法定代表人变更", changed_at=days_ago(90))
    assert assessed(change).signals == ()
    both = assessed(change, *monthly("tax_social_fee", "arrears", ["10.00"]))
    assert {each.indicator: each.points for each in both.signals} == {"E01": 8, "E21": 8}


def test_the_receipt_of_each_row_is_found_again() -> None:
    from services.scoring.judgement import judge
    from services.scoring.rulebook import shipped
    from tests.scoring_facts import USCC, facts_of

    rows = [
        a_version("tax_social_fee", f"k{n}", period=month(n), arrears="14043.34", _receipt=a_receipt(n), _row=n + 7)
        for n in (1, 2, 3)
    ]
    (verdict,) = judge(facts_of(*rows), shipped(), "employer", {})
    (reason,) = verdict.reasons
    assert verdict.subject == USCC
    assert reason.text_zh == "社保欠缴3个月,共 42,130.02 元"
    assert reason.text_en == "Social insurance 3 months in arrears, CNY 42,130.02"
    assert [(str(row.receipt_id), row.row) for row in reason.receipts] == [(a_receipt(n), n + 7) for n in (3, 2, 1)]
    assert reason.article is not None
    assert "第三十八条" in reason.article
