"""The amount test and the numbers of law, by value (Order 45 art. 5; 法释〔2013〕3号 art. 3)."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.credit.listing.grounds import Arrears, Ground, grounds
from services.credit.listing.law import (
    Law,
    Parameter,
    ParameterMissing,
    ParameterOutsideCorridor,
    banner,
    law_at,
)

YUHANG, CHONGQING = "330110", "500101"
DAY = date(2026, 11, 23)
SEED = Path(__file__).parents[2] / "services/credit/migrations/2026_11_23_parameters.yaml"


def seeded() -> list[Parameter]:
    rows = yaml.safe_load(SEED.read_text())
    return [Parameter(**{"region": "00", "valid_to": None, **row, "value": Decimal(row["value"])}) for row in rows]


def a_parameter(code: str, value: int, **changes: object) -> Parameter:
    calm = {"region": "33", "valid_from": date(2013, 1, 23), "valid_to": None, "source": "a text", "verified": True}
    return Parameter(code=code, value=Decimal(value), **{**calm, **changes})  # type: ignore[arg-type]


def owed(workers: int = 0, total: str = "0", months: int = 0, single: str = "0", incident: bool = False) -> Arrears:
    return Arrears(
        migrant_workers=workers,
        migrant_amount=Decimal(total),
        longest_months=months,
        largest_single=Decimal(single),
        incident_serious=incident,
    )


ZHEJIANG = law_at(seeded(), YUHANG, DAY)


@pytest.mark.parametrize(
    ("arrears", "expected"),
    [
        (owed(months=3, single="10000.00"), (Ground.ONE_WORKER,)),  # 以上 includes the number
        (owed(months=3, single="9999.99"), ()),
        (owed(months=2, single="10000.00"), ()),
        (owed(workers=10, total="60000.00"), (Ground.TEN_WORKERS,)),
        (owed(workers=9, total="60000.00"), ()),
        (owed(workers=10, total="59999.99"), ()),
        (owed(workers=12, total="80000", months=4, single="20000"), (Ground.ONE_WORKER, Ground.TEN_WORKERS)),
        (owed(incident=True), (Ground.INCIDENT,)),
        (owed(), ()),
    ],
)
def test_the_amount_test_includes_its_edges(arrears: Arrears, expected: tuple[Ground, ...]) -> None:
    assert grounds(arrears, ZHEJIANG) == expected


@given(
    workers=st.integers(0, 30),
    total=st.integers(0, 150_000),
    months=st.integers(0, 12),
    single=st.integers(0, 40_000),
    incident=st.booleans(),
)
def test_more_arrears_never_lose_a_ground(workers: int, total: int, months: int, single: int, incident: bool) -> None:
    less = owed(workers, str(total), months, str(single), incident)
    more = owed(workers + 1, str(total + 1), months + 1, str(single + 1), True)
    assert set(grounds(less, ZHEJIANG)) <= set(grounds(more, ZHEJIANG))


def test_without_the_provinces_amount_nothing_is_guessed() -> None:
    law = law_at(seeded(), CHONGQING, DAY)
    with pytest.raises(ParameterMissing):
        grounds(owed(workers=100, total="1000000"), law)


def test_a_serious_incident_needs_no_amount() -> None:
    assert grounds(owed(incident=True), Law({})) == (Ground.INCIDENT,)


@pytest.mark.parametrize(("value", "lawful"), [(4999, False), (5000, True), (20000, True), (20001, False)])
def test_a_provincial_amount_outside_the_corridor_is_refused(value: int, lawful: bool) -> None:
    law = law_at([*seeded(), a_parameter("refusal_single_amount", value)], YUHANG, DAY)
    if lawful:
        assert law.number("refusal_single_amount") == value
    else:
        with pytest.raises(ParameterOutsideCorridor):
            law.number("refusal_single_amount")


def test_the_provincial_amounts_are_seeded_as_unverified_with_a_source() -> None:
    amounts = [each for each in seeded() if each.code in ("refusal_single_amount", "refusal_group_amount")]
    assert [each.region for each in amounts] == ["33", "33"]
    assert not any(each.verified for each in amounts)
    assert all(each.source for each in seeded())


def test_unverified_numbers_carry_a_banner_and_verified_ones_do_not() -> None:
    warning = banner(ZHEJIANG.used("refusal_single_amount"))
    assert warning is not None
    assert "refusal_single_amount" in warning[0]
    assert banner(ZHEJIANG.used("refusal_single_months")) is None


def test_the_number_of_the_day_holds() -> None:
    old = a_parameter("listing_years", 1, region="00", valid_from=date(2018, 1, 1), valid_to=date(2021, 12, 31))
    new = a_parameter("listing_years", 3, region="00", valid_from=date(2022, 1, 1))
    assert law_at([new, old], YUHANG, date(2021, 12, 31)).number("listing_years") == 1
    assert law_at([new, old], YUHANG, date(2022, 1, 1)).number("listing_years") == 3


def test_the_nearest_region_wins_and_then_the_last_record() -> None:
    nation, province, city = (
        a_parameter("objection_working_days", n, region=r) for n, r in ((5, "00"), (6, "33"), (7, "3301"))
    )
    corrected = a_parameter("objection_working_days", 8, region="3301")
    assert law_at([city, province, nation], YUHANG, DAY).number("objection_working_days") == 7
    assert law_at([nation, province], YUHANG, DAY).number("objection_working_days") == 6
    assert law_at([city, corrected], YUHANG, DAY).number("objection_working_days") == 8
