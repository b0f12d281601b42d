"""E33: from when on wages that an inspection found owed count as overdue is the district's to say."""

from datetime import datetime, timedelta

import pytest
from msgspec import structs

from services.scoring.frames import gather
from services.scoring.indicators import assess_signalled, features_at
from services.scoring.rulebook import Rulebook, shipped
from shared.clock import local_date
from tests.scoring_facts import AT, USCC, a_version, assessed, feeds_of, signal, versions_of


def after(days: int) -> datetime:
    """So many days after the first of October."""
    return AT + timedelta(days=days - 53)


OCTOBER = a_version("hrss_inspection_case", arrears_amount="1.00", arrears_from="2026-10", _reported=after(0))


@pytest.mark.parametrize(
    ("days", "floor"),
    [(31, None), (32, "yellow"), (53, "yellow"), (62, "yellow"), (63, "orange"), (93, "orange"), (94, "red")],
)
def test_days_count_from_the_first_of_the_month_owed_as_shipped(days: int, floor: str | None) -> None:
    found = signal(assessed(OCTOBER, at=after(days)), "E33")
    assert (found and found.floor) == floor


def with_grace(days: int | None) -> Rulebook:
    book = shipped()
    others = tuple(each for each in book.parameters if each.code != "wage_overdue_grace_days")
    given = next(each for each in book.parameters if each.code == "wage_overdue_grace_days")
    added = () if days is None else (structs.replace(given, value=days),)
    return structs.replace(book, parameters=others + added)


@pytest.mark.parametrize(
    ("grace", "days", "floor"),
    [
        (31, 62, None),
        (31, 63, "yellow"),
        (31, 93, "yellow"),
        (31, 94, "orange"),
        (31, 124, "orange"),
        (31, 125, "red"),
        (0, 63, "orange"),
        # A book of before there was such a choice.
        (None, 63, "orange"),
    ],
)
def test_a_district_may_count_from_the_last_lawful_pay_day(grace: int | None, days: int, floor: str | None) -> None:
    book, at = with_grace(grace), after(days)
    facts = gather([USCC], versions_of([OCTOBER]), feeds_of([OCTOBER]), book.of_subject("employer"), at)
    found = assess_signalled(features_at(facts, book, "employer"), book, "employer", local_date(at))
    stands = signal(found[USCC], "E33")
    assert (stands and stands.floor) == floor
