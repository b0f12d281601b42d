"""How a score meets what is known, what an order adds up to, and what may be shown of a person."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts import parameters
from services.alerts.parameters import Parameter
from services.alerts.rules import persons, signals, sums
from services.alerts.rules.sums import Owed

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
FOUND = signals.Found("orange", frozenset({"E01", "E09"}), AT - timedelta(days=10), AT + timedelta(days=80))
LEVELS = st.sampled_from(signals.LEVELS)
OWED = st.builds(Owed, st.decimals(Decimal("0.01"), Decimal(999999), places=2), st.integers(0, 36), st.booleans())


@pytest.mark.parametrize(
    ("level", "is_open", "is_quiet", "outcome"),
    [
        ("red", False, False, "raised"),
        ("yellow", False, False, "raised"),
        ("blue", False, False, "watched"),
        ("none", False, True, "watched"),
        ("orange", False, True, "suppressed"),
        ("red", True, True, "merged"),
        ("none", True, False, "merged"),
    ],
)
def test_what_becomes_of_a_score(level: str, is_open: bool, is_quiet: bool, outcome: str) -> None:
    assert signals.outcome_of(level, "yellow", is_open, is_quiet) == outcome


@pytest.mark.parametrize(
    ("level", "indicators", "scored_at", "at", "quiet"),
    [
        ("orange", ["E01"], AT, AT, True),
        ("yellow", ["E01", "E09"], AT, AT, True),
        ("orange", ["E01", "E27"], AT, AT, False),  # a new indicator
        ("red", ["E01"], AT, AT, False),  # a higher colour
        ("red", ["E30"], AT - timedelta(days=11), AT, True),  # known to whoever went there
        ("orange", ["E01"], AT, AT + timedelta(days=80), False),  # ninety days are over
    ],
)
def test_after_a_finding_only_news_speaks(
    level: str, indicators: list[str], scored_at: datetime, at: datetime, quiet: bool
) -> None:
    assert signals.is_quiet(FOUND, level, indicators, scored_at, at) is quiet


@given(LEVELS, LEVELS)
def test_the_higher_colour_never_lies_below_either(one: str, other: str) -> None:
    higher = signals.higher(one, other)
    assert signals.rank(higher) == max(signals.rank(one), signals.rank(other))


def test_the_sums_for_the_list_are_over_migrant_workers_only() -> None:
    owed = [Owed(Decimal(18000), 4, True), Owed(Decimal(20000), 2, True), Owed(Decimal(90000), 12, False)]
    found = sums.sums_of(owed, single_months=3)
    assert (found.amount, found.workers) == (Decimal(128000), 3)
    assert (found.migrant_amount, found.migrant_workers) == (Decimal(38000), 2)
    assert found.longest_months == 4
    assert found.largest_single == Decimal(18000)  # 20,000 is for two months only


def test_an_order_for_townspeople_alone_gives_the_list_nothing() -> None:
    found = sums.sums_of([Owed(Decimal(90000), 12, False)], single_months=3)
    assert (found.migrant_amount, found.longest_months, found.largest_single) == (Decimal(0), 0, Decimal(0))


@given(st.lists(OWED, min_size=1, max_size=30))
def test_no_single_worker_and_no_migrant_sum_exceeds_the_whole(owed: list[Owed]) -> None:
    found = sums.sums_of(owed, 3)
    assert found.largest_single <= found.migrant_amount <= found.amount
    assert found.migrant_workers <= found.workers


def test_a_balance_is_what_is_left_and_negative_when_too_much_was_paid() -> None:
    owed = {1: Decimal(100), 2: Decimal(50)}
    assert sums.balances(owed, [{1: Decimal(40)}, {1: Decimal(60), 2: Decimal(51)}]) == {1: 0, 2: -1}


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("11010519491231002X", True),
        ("110105194912310021", False),  # wrong check character
        ("11010519491331002X", False),  # month 13
        ("1101051949123100", False),
        ("", False),
    ],
)
def test_a_citizen_number_is_checked(number: str, good: bool) -> None:
    assert persons.is_citizen_number(number) is good


def test_persons_are_masked() -> None:
    assert persons.masked_id_no("11010519491231002X") == "110105********002X"
    assert persons.masked_name("张三丰") == "张**"
    assert persons.masked_name("李") == "李*"


def test_every_number_of_the_service_has_a_source_and_says_whether_it_is_verified() -> None:
    known = parameters.everything()
    assert all(one.source for one in known)
    assert not [one.code for one in known if one.verified and one.tag in ("M", "D")]
    assert parameters.parameter("order.term_wd", date(2026, 11, 23)).verified is False


def test_the_nearest_region_and_the_newest_value_win() -> None:
    def one(value: int, region: str = "", since: date | None = None, until: date | None = None) -> Parameter:
        return Parameter(
            code="x", value=value, tag="V", source="s", verified=True, region=region, valid_from=since, valid_to=until
        )

    known = [one(1), one(2, since=date(2026, 1, 1)), one(3, "3301"), one(4, "330110", until=date(2026, 6, 30))]

    def value(day: date, region: str) -> object:
        return parameters.parameter("x", day, region, known).value

    assert value(date(2025, 1, 1), "44") == 1
    assert value(date(2026, 1, 1), "44") == 2
    assert value(date(2026, 6, 30), "330110005") == 4
    assert value(date(2026, 7, 1), "330110005") == 3
    with pytest.raises(KeyError, match="no parameter y"):
        parameters.parameter("y", date(2026, 1, 1), "", known)
