"""What a damaged code may mean. A valid code never means another."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.story.records import credit_code
from services.ingest.matching import clues_of, decide
from services.ingest.matching.clues import AT, WRITTEN
from services.ingest.matching.codes import inside, near_codes, organisation_codes, registration_numbers
from services.ingest.matching.deciding import EVIDENCE
from services.ingest.validation import ROW
from services.ingest.validation.identifiers import credit_codes
from tests.ingest_rows import NOW, a_dataset, an_item

GOOD, ALSO_GOOD = "91330100799655058B", "9133030067161672XJ"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
numbers = st.integers(min_value=1, max_value=999_999)


def near(text: str) -> list[str]:
    return near_codes(pl.Series([text])).get_column("code").to_list()


def known(*codes: str) -> pl.DataFrame:
    """What the registry says of these employers' organisation codes."""
    lines = [{"source": "known", "kind": "organisation", "scope": "", "value": code[8:17], "division": "",
              "subject_id": code} for code in codes]  # fmt: skip
    return pl.DataFrame(lines, schema=EVIDENCE)


def linked(text: str, *codes: str) -> list[str | None]:
    """Whom a record is linked to that says nothing but this code."""
    dataset = a_dataset(an_item("uscc"), subject={"kind": "employer", "item": "value"})
    rows = pl.DataFrame({ROW: [1], WRITTEN: [text], AT: [NOW], "id": ["1"], "value": [None]})
    rows = rows.with_columns(pl.col(ROW).cast(pl.UInt32), pl.col("value").cast(pl.String))
    return decide(clues_of(rows, dataset, "a"), known(*codes)).get_column("#subject").to_list()


@pytest.mark.parametrize("place", range(18))
def test_one_wrong_character_is_found_wherever_it_stands(place: int) -> None:
    other = "7" if GOOD[place] != "7" else "8"
    assert GOOD in near(GOOD[:place] + other + GOOD[place + 1 :])
    assert GOOD in near(GOOD[:place] + "Z" + GOOD[place + 1 :])
    assert GOOD in near(GOOD[:place] + GOOD[place + 1 :])
    assert GOOD in near(GOOD[:place] + "7" + GOOD[place:])


def test_what_is_found_is_valid_and_two_wrong_characters_are_not_guessed() -> None:
    found = near("8" + GOOD[1:])
    assert credit_codes(pl.Series(found)).faults.null_count() == len(found)
    assert near(GOOD[:4] + "ZZ" + GOOD[6:]) == []
    assert near(GOOD) == []


def test_a_code_among_words_is_read_and_a_longer_number_is_not() -> None:
    texts = pl.Series([f"统一社会信用代码：{GOOD}", GOOD + "1", f"{GOOD},{ALSO_GOOD}", f"{GOOD}/{GOOD}", None])
    assert inside(texts).to_list() == [GOOD, None, None, GOOD, None]


def test_old_numbers_are_told_by_their_shape() -> None:
    texts = pl.Series(["３３０１８４００００１２３４５", "33O184000012345", "111111111111111", "12345", None])
    assert registration_numbers(texts).to_list() == ["330184000012345", "330184000012345", None, None, None]
    assert organisation_codes(pl.Series(["79965505-8", "799655058", "799655059", "000000000"])).to_list() == [
        "799655058",
        "799655058",
        None,
        None,
    ]


def test_a_damaged_code_links_only_where_one_known_employer_is_meant() -> None:
    damaged = GOOD[:5] + "7" + GOOD[6:]
    assert linked(damaged, GOOD, ALSO_GOOD) == [GOOD]
    assert linked(damaged, ALSO_GOOD) == []
    twin = next(code for code in near(damaged) if code != GOOD)
    assert linked(damaged, GOOD, twin) == []


@given(numbers, numbers)
def test_two_valid_different_codes_are_never_linked(one: int, other: int) -> None:
    code, another = credit_code(one), credit_code(other)
    found = linked(code, another)
    assert found == [code]


@given(numbers, st.lists(st.tuples(st.integers(0, 17), st.sampled_from(ALPHABET)), max_size=2), st.lists(numbers))
def test_a_text_that_is_valid_after_damage_is_never_read_as_its_origin(
    number: int, damage: list[tuple[int, str]], others: list[int]
) -> None:
    code = text = credit_code(number)
    for place, character in damage:
        text = text[:place] + character + text[place + 1 :]
    if credit_codes(pl.Series([text])).faults.item() is None and text != code:
        assert linked(text, code, *map(credit_code, others)) == [text]
