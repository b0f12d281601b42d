"""A drafted book that could not be used is refused with everything that is wrong with it."""

import re
from datetime import UTC, date, datetime, time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring import drafting
from services.scoring.judgement import judge
from services.scoring.rulebook import BadBook, Pages, checks, not_yet, read, shipped, shipped_pages
from tests.scoring_facts import a_version, facts_of

AT = datetime(2026, 11, 26, 4, tzinfo=UTC)
E01 = next(each for each in shipped().indicators if each.code == "E01")


def changed(page: str, before: str, after: str, pages: Pages | None = None) -> Pages:
    known = pages or shipped_pages()
    text = getattr(known, page).decode()
    assert before in text
    return known._replace(**{page: text.replace(before, after, 1).encode()})


def faults(pages: Pages) -> dict[str, str]:
    """Item -> reason, of what reading and trying found."""
    try:
        found = drafting.faults(read(pages), AT)
    except BadBook as error:
        found = list(error.faults)
    return {fault.item: fault.reason for fault in found}


def test_the_shipped_book_can_be_used() -> None:
    assert drafting.faults(shipped(), AT) == []


@pytest.mark.parametrize(
    ("page", "before", "after", "item", "reason"),
    [
        ("indicators", "points: 8, zh", "points: 800, zh", "E01", "rise"),
        ("indicators", "{si_arrears:,.2f} 元", "{si_arrears:,.2f元", "E01", "format|expected|brace|invalid|'}'"),
        ("indicators", "{si_arrears:,.2f} 元", "{si_arrears:999999999} 元", "E01", "print a figure"),
        ("indicators", "{si_months}个月", "{si_months.real}个月", "E01", "si_months.real"),
        ("indicators", "code: E02,", "code: E01,", "E01", "two of it hold on 2020-05-01"),
        (
            "features",
            "derived:",
            "derived:\n  - {code: si_months, op: greatest, of: [si_arrears, headcount], title_zh: m, title_en: m}",
            "si_months",
            "more than once",
        ),
        ("indicators", "value: 100000}", "value: ten}", "E05", "int"),
        ("indicators", "source: domain.md 5.2,", 'source: " ",', "E03", "source"),
        ("features", "value: 0}", "value: soon}", "si_open_months", "money compares"),
        (
            "features",
            "built:",
            "built:\n  - {code: moon, title_zh: m, title_en: m, datasets: []}",
            "moon",
            "release",
        ),
        ("features", "agg: newest, item: balance", "agg: newest, item: purpose", "account_balance", "takes a number"),
        ("features", "agg: until, item: guarantee_to", "agg: until, item: form", "guarantee_days_left", "days left"),
        ("parameters", "band_yellow, value: 40", "band_yellow, value: 10", "band_blue", "rise"),
        ("parameters", "{code: family_cap, ", "{code: no_cap, ", "family_cap", "in force"),
        ("datasets", "labour_fee_day: int", "labour_day: int", "tr_project", "labour_fee_day"),
        ("datasets", "- {dataset: samr_entity", "- {dataset: [samr_entity", "datasets", "YAML"),
    ],
)
def test_a_draft_that_could_not_be_used_names_the_item_and_the_reason(
    page: str, before: str, after: str, item: str, reason: str
) -> None:
    found = faults(changed(page, before, after))
    assert item in found, found
    assert re.search(reason, found[item]), found


@pytest.mark.parametrize(
    ("day", "points", "said"), [(date(2026, 12, 31), 8, "社保欠缴1个月"), (date(2027, 1, 1), 9, "新规")]
)
def test_an_indicator_of_a_law_that_changes_counts_and_is_worded_as_on_the_day(
    day: date, points: int, said: str
) -> None:
    old = msgspec.structs.replace(E01, valid_to=date(2026, 12, 31))
    step = msgspec.structs.replace(E01.tiers[0], points=9, zh="新规")
    new = msgspec.structs.replace(E01, valid_from=date(2027, 1, 1), tiers=(step,))
    others = tuple(each for each in shipped().indicators if each.code != "E01")
    book = msgspec.structs.replace(shipped(), indicators=(new, old, *others))
    assert list(checks.faults(book)) == []
    at = datetime.combine(day, time(4), UTC)
    owed = a_version("tax_social_fee", period=f"{day:%Y-%m}", arrears="10.00", arrears_months=1, _reported=at)
    facts = facts_of(owed, at=at)
    (verdict,) = judge(facts, book, "employer", {})
    (reason,) = verdict.reasons
    assert (reason.points, reason.text_zh[: len(said)]) == (points, said)


def test_every_fault_of_a_draft_is_named_at_once() -> None:
    pages = changed("indicators", "value: 100000}", "value: ten}")
    pages = changed("indicators", "family: court", "family: weather", pages)
    pages = changed("parameters", "verified: false", "verified: maybe", pages)
    assert set(faults(pages)) == {"E05", "E14", "band_blue"}


def test_a_page_of_aliases_of_aliases_is_no_book() -> None:
    bomb = "a0: &a0 [1, 1]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    for page in ("features", "indicators"):
        assert "values" in faults(shipped_pages()._replace(**{page: bomb.encode()}))[page]


POINTS = st.lists(st.integers(-50, 150), min_size=1, max_size=3)


@given(POINTS)
def test_whatever_points_a_draft_gives_a_step_it_is_refused_or_they_rise_between_0_and_100(points: list[int]) -> None:
    tiers = tuple(msgspec.structs.replace(E01.tiers[0], points=each) for each in points)
    book = msgspec.structs.replace(shipped(), indicators=(msgspec.structs.replace(E01, tiers=tiers),))
    found = [*checks.faults(book), *drafting.of_entries(book)]
    assert (not found) == (sorted(points) == points and min(points) >= 0 and max(points) <= 100)


def test_every_indicator_of_the_domain_is_in_the_book_or_told_as_missing_with_the_reason() -> None:
    domain = {f"E{number:02}" for number in range(1, 37)} | {f"P{number:02}" for number in range(1, 21)}
    held, told = {each.code for each in shipped().indicators}, {each.code for each in not_yet()}
    assert held | told == domain
    assert not held & told
    assert all(each.reason_zh and each.reason_en for each in not_yet())
