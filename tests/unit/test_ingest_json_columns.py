"""The quick way from JSON to columns never tells anything else than the close one."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.codecs import read
from services.ingest.codecs.json_columns import columns
from services.ingest.codecs.json_records import _closely
from tests.ingest_rows import a_dataset

ITEMS = ("id", "a", "b")
THREE = a_dataset(*({"item": name, "label": name, "type": "text"} for name in ITEMS[1:]))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-(10**60), 10**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text('x"\\:{}[], 中'),
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(ITEMS), VALUES), min_size=1, max_size=5)


def closely(records: list[dict[str, Any]], body: bytes, *, is_array: bool) -> pl.DataFrame:
    exact = [
        {name: value if not isinstance(value, float) else repr(value) for name, value in record.items()}
        for record in records
    ]
    return _closely(exact, body, 0, THREE, is_array=is_array)[0]


@given(records=RECORDS, compact=st.booleans(), is_array=st.booleans(), escaped=st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_is_read_quickly_never_differs_from_what_is_read_closely(
    records: list[dict[str, Any]], compact: bool, is_array: bool, escaped: bool
) -> None:
    separators = (",", ":") if compact else (", ", ": ")
    texts = [json.dumps(record, ensure_ascii=escaped, separators=separators) for record in records]
    body = ("[" + ",".join(texts) + "]" if is_array else "\n".join(texts)).encode()
    quick = columns(body, ITEMS, is_array)
    assert quick is None or quick.equals(closely(records, body, is_array=is_array))


def test_calm_records_do_take_the_quick_way() -> None:
    body = b'{"id":"1","a":1.10,"b":null}\n{"id": 2,"b": true}\n'
    quick = columns(body, ITEMS, is_array=False)
    assert quick is not None
    assert quick.rows() == [("1", "1.10", None), ("2", None, "true")]


def test_records_whose_texts_are_escaped_take_the_quick_way_too() -> None:
    body = rb'[{"id":"\u4e2d\\\"","\u0061":"1"},{"id":"a\\"}]'
    quick = columns(body, ITEMS, is_array=True)
    assert quick is not None
    assert quick.rows() == [('中\\"', "1", None), ("a\\", None, None)]


# Pairs as they are written: names that stand twice, told by escapes or not, and texts that look like pairs.
_NAMES = st.sampled_from(['"a"', r'"\u0061"', '"b"', r'"\u0062"', '"id"'])
_TEXTS = st.lists(st.sampled_from([r"\"", "\\\\", ":", ",", "{", "a", r"\u0022", r"\u003a"]), max_size=4)
_PAIRS = st.lists(st.tuples(_NAMES, _TEXTS.map(lambda parts: '"' + "".join(parts) + '"')), max_size=4)


@given(records=st.lists(_PAIRS, min_size=1, max_size=3), blank=st.sampled_from(["", " ", "\n"]))
@settings(max_examples=300, deadline=None)
def test_a_name_that_stands_twice_is_never_read_quickly(records: list[list[tuple[str, str]]], blank: str) -> None:
    texts = ["{" + ",".join(f"{name}{blank}:{value}" for name, value in record) + "}" for record in records]
    quick = columns(f"[{','.join(texts)}]".encode(), ITEMS, is_array=True)
    if any(len({json.loads(name) for name, _ in record}) < len(record) for record in records):
        assert quick is None
    if quick is not None:
        told = [{json.loads(name): json.loads(value) for name, value in record} for record in records]
        assert quick.to_dicts() == [{name: record.get(name) for name in ITEMS} for record in told]


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1,"a":2}',
        '{"a":null,"a":2}',
        '{"a":2,"a" :2,"b":1}',
        '{"a":2,"a"\\n:2,"b":1}'.replace("\\n", "\t"),
        '{"a":[1]}',
        '{"a":{}}',
        '{"c":1}',
        '{"a":":"}',
        "5",
        "{",
        "",
    ],
)
@pytest.mark.parametrize("is_array", [True, False])
def test_whatever_takes_a_closer_look_is_left_to_it(body: str, is_array: bool) -> None:
    assert columns((f"[{body}]" if is_array else body).encode(), ITEMS, is_array) is None


def test_both_ways_number_on_from_each_other() -> None:
    lines = ['{"id":"1"}\n' * 20_000, '{"id" :"1"}\n' * 20_000, '{"id":"1"}\n']
    batches = list(read("".join(lines).encode(), "application/x-ndjson", THREE))
    assert [batch.texts.item(0, "#row") for batch in batches] == [1, 20_001, 40_001]
