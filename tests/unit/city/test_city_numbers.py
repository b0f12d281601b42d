"""The city repeats itself from its seed, its codes are valid, its rates near those that were published."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from city.building import City, build
from city.draws import Draws
from city.register import credit_codes
from tests.unit.city.conftest import EMPLOYERS, SEED, YEARS

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def test_the_same_seed_gives_the_same_city(district: City) -> None:
    again = build(SEED, EMPLOYERS, YEARS)
    assert np.array_equal(again.history.hazard, district.history.hazard)
    assert np.array_equal(again.history.cases.started, district.history.cases.started)
    assert all(np.array_equal(again.behind[kind], months) for kind, months in district.behind.items())
    assert again.register.equals(district.register)


def test_another_seed_gives_another_city(district: City) -> None:
    other = build(SEED + 1, EMPLOYERS, YEARS)
    assert not np.array_equal(other.history.stress, district.history.stress)
    assert not other.register.get_column("uscc").equals(district.register.get_column("uscc"))


@given(st.integers(0, 2**40), st.booleans())
def test_every_credit_code_has_both_check_characters_right(serial: int, is_individual: bool) -> None:
    code = credit_codes(np.array([serial]), np.array([is_individual]), "330110")[0]
    places = [ALPHABET.index(letter) for letter in code]
    total = sum(place * pow(3, number, 31) for number, place in enumerate(places[:17]))
    assert (total + places[17]) % 31 == 0
    organisation = sum(
        int(letter, 36) * weight for letter, weight in zip(code[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True)
    )
    assert code[16] == {10: "X", 11: "0"}.get(11 - organisation % 11, str(11 - organisation % 11))
    assert code.startswith("92330110" if is_individual else "91330110")


def test_no_two_employers_share_a_code_or_a_name(district: City) -> None:
    assert district.register.get_column("uscc").is_unique().all()
    assert pl.concat([district.register["ent_name"], district.register["former"].drop_nulls()]).is_unique().all()


def test_streams_of_other_names_differ() -> None:
    one, other = Draws(1).of("water", 3).random(8), Draws(1).of("gas", 3).random(8)
    assert not np.array_equal(one, other)
    assert np.array_equal(one, Draws(1).of("water", 3).random(8))


def test_nobody_is_in_arrears_twice_at_once(district: City) -> None:
    cases = district.history.cases
    order = np.lexsort((cases.started, cases.employer))
    same = cases.employer[order][1:] == cases.employer[order][:-1]
    assert (cases.started[order][1:][same] > cases.settled[order][:-1][same]).all()


def test_discovery_never_precedes_the_beginning_nor_follows_the_end(district: City) -> None:
    cases = district.history.cases
    known = ~np.isnat(cases.discovered)
    assert (cases.discovered[known] >= cases.started[known]).all()
    assert (cases.discovered[known] <= cases.settled[known]).all()
