"""How long a raw file is kept is data; the nearest rule wins, and nothing is past before its day."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.catalogue import shipped as catalogue
from services.ingest.retention import Parameter, cutoffs, identity_cutoffs, retention_of, shipped, state_of, years_after
from tests.ingest_rows import a_dataset

TODAY = date(2026, 11, 25)
DAYS = st.dates(date(2016, 1, 1), date(2040, 12, 31))


def a_rule(code: str, value: int | None, valid_from: date = date(2020, 1, 1)) -> Parameter:
    return Parameter(code, value, valid_from, "a test", verified=True)


RULES = [a_rule("raw_file.use", 2), a_rule("raw_file.keep", 3)]


def test_a_datasets_own_rule_goes_before_its_measures_and_that_before_the_default() -> None:
    dataset = a_dataset(measure="event")
    measure, own = a_rule("raw_file.keep.event", 5), a_rule("raw_file.keep.x", None)
    kept = [retention_of(dataset, [*RULES, *more], TODAY).keep for more in ((), (measure,), (own, measure))]
    assert kept == [3, 5, None]


def test_a_rule_holds_from_its_day() -> None:
    rules = [*RULES, a_rule("raw_file.keep", 9, TODAY + timedelta(days=1))]
    assert retention_of(a_dataset(), rules, TODAY).keep == 3
    assert retention_of(a_dataset(), rules, TODAY + timedelta(days=1)).keep == 9


def test_a_file_is_used_then_only_stored_then_past() -> None:
    retention = retention_of(a_dataset(), RULES, TODAY)
    states = [state_of(retention, date(2020, 2, 29), day) for day in (date(2022, 2, 27), date(2022, 2, 28))]
    states += [state_of(retention, date(2020, 2, 29), day) for day in (date(2023, 2, 27), date(2023, 2, 28))]
    assert states == ["in_use", "store_only", "store_only", "past"]


@given(DAYS, st.dates(date(2020, 5, 1), date(2040, 12, 31)))
def test_nothing_is_purged_that_is_not_past(reported: date, today: date) -> None:
    ends = cutoffs(catalogue(), shipped(), today)
    for name, dataset in catalogue().datasets.items():
        if name in ends and reported <= ends[name]:
            assert state_of(retention_of(dataset, shipped(), today), reported, today) == "past"


def test_wages_are_kept_three_years_and_the_register_of_a_site_has_no_end() -> None:
    known = catalogue().datasets
    kept = [retention_of(known[name], shipped(), TODAY).keep for name in ("hc_payroll", "hc_worker")]
    assert kept == [3, None]


@given(DAYS, st.integers(-10, 10))
def test_a_year_later_is_the_same_month(day: date, years: int) -> None:
    assert (years_after(day, years).year, years_after(day, years).month) == (day.year + years, day.month)


def test_who_stands_in_a_wage_ledger_is_known_three_years_and_who_stands_in_a_case_as_long_as_the_case() -> None:
    ends = identity_cutoffs(catalogue(), shipped(), TODAY)
    assert ends["hc_payroll_detail"] == date(2023, 11, 25)
    assert ends["hc_worker"] == date(2021, 11, 25)
    personal = {
        name for name, one in catalogue().datasets.items() if any(item.sensitivity == "P3" for item in one.items)
    }
    assert set(ends) - {"*"} <= personal


@given(st.dates(date(2022, 1, 1), date(2040, 12, 31)))
def test_no_number_is_ever_given_up_before_a_wage_ledger_may_be(today: date) -> None:
    assert max(identity_cutoffs(catalogue(), shipped(), today).values()) <= years_after(today, -3)


def test_a_name_that_nobody_noted_is_kept_as_long_as_any_and_for_ever_if_one_has_no_end() -> None:
    rules = [a_rule("identity.keep", 3), a_rule("identity.keep.hc_worker", 7)]
    assert identity_cutoffs(catalogue(), rules, TODAY)["*"] == date(2019, 11, 25)
    assert "*" not in identity_cutoffs(catalogue(), [*rules, a_rule("identity.keep.hc_attendance", None)], TODAY)
