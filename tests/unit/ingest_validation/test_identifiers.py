"""Credit codes of employers and numbers of citizens: clean, dirty and wrong."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.validation.identifiers import credit_codes
from tests.ingest_rows import GOOD, fault_of, value_of


@pytest.mark.parametrize("code", ["9133030067161672XJ", "11150000011512968L", "91330100799655058B"])
def test_a_credit_code_with_right_check_characters_is_taken(code: str) -> None:
    assert value_of("uscc", code) == code


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("91330100799655058b", GOOD),
        (" 9133 0100 7996 55058B ", GOOD),
        ("９１３３０１００７９９６５５０５８Ｂ", GOOD),
        ("9I33OIOO799655O58B", GOOD),
        ("91330100-79965505-8B", GOOD),
        ("空", None),
        ("无", None),
        ("NULL", None),
        ("11111111", None),
        ("--", None),
        ("", None),
        (None, None),
    ],
)
def test_a_dirty_credit_code_is_read_where_only_one_reading_is_right(dirty: str | None, clean: str | None) -> None:
    assert value_of("uscc", dirty) == clean


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("91330110MA2CEABC1X", "uscc_check"),
        ("9133010079965505B", "uscc_length"),
        ("330100799655058", "uscc_length"),
        ("91330100799655058Z", "uscc_character"),
        ("9133010079965505\N{CYRILLIC CAPITAL LETTER VE}B", "uscc_character"),
        ("91330100799655058A", "uscc_check"),
        ("913301007996550587", "uscc_check"),
    ],
)
def test_a_wrong_credit_code_is_told_with_what_is_wrong(code: str, fault: str) -> None:
    assert fault_of("uscc", code) == fault


def test_the_organisation_code_within_the_credit_code_is_checked_too() -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = GOOD[:16] + ("9" if GOOD[16] != "9" else "7")
    total = sum(alphabet.index(letter) * pow(3, place, 31) for place, letter in enumerate(body))
    assert fault_of("uscc", body + alphabet[(31 - total % 31) % 31]) == "uscc_organisation_check"


@given(st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_no_credit_code_with_one_wrong_character_is_taken(place: int, letter: str) -> None:
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    found = credit_codes(pl.Series([changed]))
    assert (found.values[0] == GOOD) == (changed == GOOD)
    assert (found.faults[0] is None) == (changed == GOOD)


_CODES = ["9133030067161672XJ", GOOD, "91330110MA2CEABC1X", "9" * 18, "0" * 18, "杭州余杭区公司", GOOD.lower(), None]


@given(st.lists(st.sampled_from(_CODES), min_size=1, max_size=6))
def test_a_code_is_read_among_clean_ones_as_it_is_beside_a_dirty_one(codes: list[str | None]) -> None:
    alone = credit_codes(pl.Series("uscc", codes, dtype=pl.String))
    beside = credit_codes(pl.Series("uscc", [*codes, "--"], dtype=pl.String))
    assert alone.values.to_list() == beside.values.to_list()[:-1]
    assert alone.faults.to_list() == beside.faults.to_list()[:-1]


def test_a_placeholder_is_no_credit_code_where_one_is_required() -> None:
    assert fault_of("uscc", "空", required=True) == "required"


def test_a_citizen_number_of_15_places_becomes_18() -> None:
    assert value_of("idno", "11010519491231002X") == "11010519491231002X"
    assert value_of("idno", "11010519491231002x") == "11010519491231002X"
    assert value_of("idno", "110105491231002") == "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("110105194912310021", "idno_check"),
        ("1101051949123100", "idno_length"),
        ("A1010519491231002X", "idno_character"),
        ("1101051949123100二X", "idno_character"),
        ("110105194902300024", "idno_date"),
    ],
)
def test_a_wrong_citizen_number_is_told_with_what_is_wrong(number: str, fault: str) -> None:
    assert fault_of("idno", _with_check(number) if fault == "idno_date" else number) == fault


def _with_check(number: str) -> str:
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return number[:17] + "10X98765432"[sum(int(d) * w for d, w in zip(number, weights, strict=False)) % 11]


@pytest.mark.parametrize("beside", [GOOD, "--", "913301007996550587"])
def test_a_code_of_nothing_but_ones_is_a_placeholder_whoever_is_beside_it(beside: str) -> None:
    found = credit_codes(pl.Series("uscc", ["1" * 18, beside]))
    assert (found.values[0], found.faults[0]) == (None, None)
