"""A digit is one of ten, and a month that has not begun is not reported."""

import pytest

from tests.ingest_rows import a_dataset, an_item, check, fault_of

ARABIC_12 = "١٢"
KINDS = ["money", "int", "month", "date", "datetime", "year", "div9", "idno", "dec5.2"]
NEARLY = {
    "money": f"{ARABIC_12}.5",
    "int": ARABIC_12,
    "month": f"20{ARABIC_12}-10",
    "date": f"20{ARABIC_12}-10-01",
    "datetime": f"2026-10-01T{ARABIC_12}:00:00",
    "year": f"20{ARABIC_12}",
    "div9": f"3301100{ARABIC_12}",
    "idno": f"3301100{ARABIC_12}345678",
    "dec5.2": f"{ARABIC_12}.25",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_digit_of_another_script_is_refused_and_never_half_read(kind: str) -> None:
    assert fault_of(kind, NEARLY[kind]) is not None


@pytest.mark.parametrize(
    ("month", "fault"),
    [("2026-11", None), ("2026-10", None), ("2026-12", "in_the_future"), ("2099-01", "in_the_future")],
)
def test_a_reported_month_that_has_not_begun_is_refused(month: str, fault: str | None) -> None:
    dataset = a_dataset(an_item("month", required=True), key=["id", "value"])
    found = check(dataset, {"value": month})
    assert [row["code"] for row in found.faults.to_dicts()] == ([fault] if fault else [])


def test_a_month_that_is_no_key_may_lie_ahead() -> None:
    assert fault_of("month", "2027-03") is None
