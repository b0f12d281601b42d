"""Columns go to the database as one text: what is written there is what was meant."""

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.store.columns import numbers, texts


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_are_read_back_to_the_last_bit_and_what_is_missing_stays_missing(values: list[float | None]) -> None:
    read = [None if each == "NULL" else float(each) for each in numbers(values)[1:-1].split(",") if each]
    assert read == values


def test_a_text_that_looks_like_an_array_stays_one_text() -> None:
    assert texts(['a,"b"}', None, "\\"]) == r'{"a,\"b\"}",NULL,"\\"}'


@given(st.lists(st.text(alphabet='a甲"\\{},', max_size=4), max_size=5))
def test_texts_that_need_no_masking_are_written_as_those_that_do(values: list[str]) -> None:
    # What is not there has every text masked by itself.
    masked = texts([*values, None]).removesuffix("NULL}").removesuffix(",")
    assert texts(values) == masked + "}"
