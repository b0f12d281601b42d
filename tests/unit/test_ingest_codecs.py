"""Files as agencies export them: what is read, what is refused, and where it breaks."""

import contextlib
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.catalogue import shipped
from services.ingest.codecs import (
    BadFile,
    MissingColumns,
    UnknownItems,
    UnreadableType,
    read,
)
from services.ingest.validation import ROW, Checker
from shared.errors import AnxinError
from tests.ingest_rows import NOW, a_dataset

TAX = shipped().datasets["tax_arrears"]
GRID = shipped().datasets["gov_grid_event"]
JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
LOOSE = a_dataset({"item": "note", "label": "注", "type": "text"}, {"item": "balance", "label": "额", "type": "money"})
HEADER = "taxpayer,taxpayer_no,tax_kind,as_of,balance\r\n"


def rows(body: str | bytes, content_type: str = JSON, dataset: Any = TAX) -> list[dict[str, Any]]:
    """Every row that was read, without what is null."""
    batches = list(read(body.encode() if isinstance(body, str) else body, content_type, dataset))
    found = pl.concat([batch.texts for batch in batches]).to_dicts() if batches else []
    return [{name: value for name, value in row.items() if value is not None} for row in found]


def faults(body: str | bytes, content_type: str = JSON, dataset: Any = TAX) -> list[tuple[Any, ...]]:
    batches = read(body.encode() if isinstance(body, str) else body, content_type, dataset)
    return [row for batch in batches for row in batch.faults.rows()]


def refusal(body: str | bytes, content_type: str = JSON) -> AnxinError:
    with pytest.raises(AnxinError) as refused:
        rows(body, content_type)
    return refused.value


def test_numbers_keep_every_digit_they_were_written_with() -> None:
    body = '[{"balance": 1234567890123456.78}, {"balance": 1e400}, {"balance": 123456789012345678901234567890}]'
    assert [row["balance"] for row in rows(body)] == ["1234567890123456.78", "1e400", "123456789012345678901234567890"]


def test_truth_values_and_nulls_are_read_as_such() -> None:
    assert rows('[{"taxpayer": true, "uscc": null}]') == [{ROW: 1, "taxpayer": "true"}]


def test_an_empty_array_is_a_file_without_records() -> None:
    assert rows("[]") == []


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_an_empty_body_is_no_json(blank: str) -> None:
    assert isinstance(refusal(blank), BadFile)


def test_a_broken_file_is_refused_with_its_position() -> None:
    broken = refusal('[{"taxpayer": "a"},\n {"taxpayer": nope}]')
    assert (broken.status, broken.extra["line"], broken.extra["column"]) == (400, 2, 16)
    assert refusal('{"taxpayer": "a"}\n{"taxpayer": \n', LINES).extra["row"] == 2
    assert refusal(b'[{"taxpayer": "\xff"}]').extra["byte"] == 15
    assert refusal(HEADER + '"never closed,1,v,2026-10,5', CSV).extra["line"] == 2


@pytest.mark.parametrize("body", ['{"taxpayer": "a"}', '"a"', "5", "null", "[" * 50_000, '[{"taxpayer": "\\ud800"}]'])
def test_what_is_no_array_of_records_is_refused(body: str) -> None:
    assert isinstance(refusal(body), BadFile)


@pytest.mark.parametrize(
    "body",
    [
        '[{"taxpayer":"a","taxpayer":"b"}]',
        '[{"taxpayer" : "a" , "balance":1,\n"taxpayer"\t: "b"}]',
        '[{"taxpayer":"a","\\u0074axpayer":"b"}]',
    ],
)
def test_a_repeated_key_is_refused_because_one_value_would_be_lost(body: str) -> None:
    refused = refusal(body)
    assert isinstance(refused, BadFile)
    assert "stands twice in record 1" in refused.detail
    assert "stands twice" in refusal(body.strip("[]").replace("\n", ""), LINES).detail


def test_a_text_that_looks_like_a_key_is_no_repeated_key() -> None:
    tricky = [{"taxpayer": '": ":', "balance": ":1", "authority": '\\":'}]
    assert rows(json.dumps(tricky)) == [{ROW: 1} | tricky[0]]


def test_unknown_items_are_refused_by_name() -> None:
    refused = refusal('[{"taxpayer": "a"}, {"colour": 1, "taste": 2}]')
    assert isinstance(refused, UnknownItems)
    assert [error["item"] for error in refused.errors] == ["colour", "taste"]
    assert "colour" in refusal("taxpayer,colour\r\n", CSV).detail


def test_ten_thousand_unknown_columns_give_a_short_refusal() -> None:
    many = refusal(json.dumps([{f"c{number}": 1 for number in range(10_000)}]))
    assert (len(many.errors), many.status) == (20, 422)
    assert "9980 more" in many.detail


def test_what_is_no_object_or_is_nested_is_a_fault_of_its_row_alone() -> None:
    body = '[5, {"taxpayer": ["a"]}, {"taxpayer": {"b": 1}}, {"taxpayer": "[c]"}, null]'
    assert faults(body) == [
        (1, "", "not_an_object"),
        (5, "", "not_an_object"),
        (2, "taxpayer", "nested"),
        (3, "taxpayer", "nested"),
    ]
    assert rows(body)[3] == {ROW: 4, "taxpayer": "[c]"}


HUGE, DEEP = "9" * 5000, "[" * 50_000 + "]" * 50_000
# What a reader of JSON cannot hold, and what is told of it.
UNHELD = {
    "an integer of thousands of digits": (HUGE, "out_of_range"),
    "a negative one": ("-" + HUGE, "out_of_range"),
    "a fraction of thousands of digits": (HUGE + ".5", "out_of_range"),
    "an exponent of hundreds of digits": ("1e" + "9" * 400, "exponent"),
    "lists in lists": (DEEP, "nested"),
    "lists in lists that hold a number": (DEEP.replace("[]", f"[{HUGE}]"), "nested"),
    "objects in objects": ('{"a":' * 50_000 + "1" + "}" * 50_000, "nested"),
    "lists that almost fit": ("[" * 985 + "]" * 985, "nested"),
}


@pytest.mark.parametrize("name", UNHELD)
@pytest.mark.parametrize("layout", ["array", "array with blanks", "lines", "lines that take a closer look"])
def test_what_no_reader_of_json_holds_is_a_fault_of_its_row_and_costs_no_other(name: str, layout: str) -> None:
    value, code = UNHELD[name]
    note = r"a\":\"[9," if "closer" in layout else "v"
    bad = f'{{"id":"2","note":"{note}","balance":{value}}}'
    lines = ['{"id":"1","balance":5}', bad, '{"id":"3","balance":-0}']
    body, kind = (f"[{','.join(lines)}]", JSON) if "array" in layout else ("\n".join(lines), LINES)
    (batch,) = read(body.replace('":', '" :' if "blanks" in layout else '":').encode(), kind, LOOSE)
    checked = Checker(LOOSE).check(batch, NOW)
    assert checked.faults.rows() == [(2, "balance", code)]
    assert checked.values.get_column("balance").to_list() == [Decimal(5), Decimal(0)]


@pytest.mark.parametrize("layout", [JSON, LINES])
def test_a_number_of_thousands_of_digits_in_a_list_is_a_fault_of_its_row(layout: str) -> None:
    row = f'{{"taxpayer":["\\":"],"balance":[{HUGE}],"tax_kind":[],"as_of":[]}}'
    assert {fault[0] for fault in faults(f"[{row}]" if layout == JSON else row, layout)} == {1}


def test_what_is_broken_behind_a_number_of_thousands_of_digits_is_told_with_its_place() -> None:
    body = f'[{{"balance":{HUGE}}},\n{{"balance":{DEEP}}},\n{{"taxpayer": nope}}]'
    told = refusal(body).extra
    assert (told["row"], told["line"], told["column"], told["byte"]) == (3, 3, 15, body.index("ope"))


@pytest.mark.parametrize("half", ["\\ud800", "\\udc00x", "\\udc00\\ud800"])
@pytest.mark.parametrize("layout", [JSON, LINES])
def test_half_a_character_is_told_as_what_it_is(half: str, layout: str) -> None:
    row = f'{{"taxpayer":"{half}"}}'
    told = refusal(f"[{row}]" if layout == JSON else row, layout)
    assert (told.status, told.extra["row"]) == (400, 1)
    assert "half a character" in told.detail


def test_a_list_is_read_where_the_item_is_a_set() -> None:
    body = '[{"signs": ["layoff", "boss lost"]}, {"signs": "layoff"}, {"signs": [1]}]'
    assert [row.get("signs") for row in rows(body, JSON, GRID)] == ["layoff;boss lost", "layoff", None]
    assert faults(body, JSON, GRID) == [(3, "signs", "nested")]


def test_lines_are_numbered_as_records() -> None:
    assert rows('{"taxpayer": "a"}\n\n{"taxpayer": "b"}\n', LINES) == [
        {ROW: 1, "taxpayer": "a"},
        {ROW: 2, "taxpayer": "b"},
    ]


def test_a_table_may_have_line_breaks_and_commas_within_quotes() -> None:
    body = HEADER + '"甲\r\n乙, 丙","1",v,2026-10,5\r\n\r\nb,2,v,2026-10,\r\n'
    assert rows(body, CSV) == [
        {ROW: 1, "taxpayer": "甲\r\n乙, 丙", "taxpayer_no": "1", "tax_kind": "v", "as_of": "2026-10", "balance": "5"},
        {ROW: 3, "taxpayer": "b", "taxpayer_no": "2", "tax_kind": "v", "as_of": "2026-10"},
    ]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("name", ["杭州市余杭区某某建设有限公司", "某某", "𠮷野"])
def test_a_table_is_read_in_the_encoding_it_was_written_in(codec: str, name: str) -> None:
    body = (HEADER + f"{name},1,v,2026-10,5\r\n").encode(codec)
    assert rows(body, CSV)[0]["taxpayer"] == name


def test_a_line_with_too_many_or_too_few_fields_is_a_fault_of_that_line_alone() -> None:
    body = HEADER + "a,1,v,2026-10,5,6\r\nb,2,v,2026-10,5\r\nc,3,v,2026-10\r\n,,,,\r\n\r\n,\r\n"
    assert faults(body, CSV) == [(1, "", "field_count"), (3, "", "field_count"), (6, "", "field_count")]
    assert [row.get("taxpayer") for row in rows(body, CSV)] == ["a", "b", "c", None]


def test_a_header_must_name_what_every_row_needs_and_nothing_twice() -> None:
    assert isinstance(refusal("taxpayer,tax_kind\r\n", CSV), MissingColumns)
    assert "stands twice" in refusal("taxpayer,taxpayer\r\n", CSV).detail
    assert refusal("", CSV).detail == "The file has no header."


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml", "nonsense", "text/csv; charset=koi8-r"])
def test_what_is_not_read_here_is_told_by_415(content_type: str) -> None:
    refused = refusal(HEADER, content_type)
    assert isinstance(refused, UnreadableType)
    assert refused.status == 415


@pytest.mark.parametrize("content_type", [JSON, LINES, CSV])
@given(noise=st.one_of(st.binary(max_size=100), st.text('[]{}":,\\nul1.e\n', max_size=60).map(str.encode)))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_is_read_or_refused_but_never_breaks_us(content_type: str, noise: bytes) -> None:
    with contextlib.suppress(BadFile, UnknownItems, MissingColumns):
        rows(noise, content_type)


TRICKY = '{"taxpayer": "a \\":b :c"}'


@pytest.mark.parametrize(
    ("body", "row", "line", "column", "byte"),
    [
        (f"{TRICKY}\n\n{TRICKY}{TRICKY}\n", 2, 3, 26, 27 + 25),
        ('{"taxpayer": "a"}{"taxpayer": "b"}\n', 1, 1, 18, 17),
        ('{"taxpayer": "a"}\r\n{"taxpayer": "b"}\r{"taxpayer": "c"}', 2, 2, 19, 37),
        ('{"taxpayer":\n"a"}\n', 1, 1, 13, 12),
        ('{"taxpayer": "a"}\n\n{"balance": NaN}\n', 2, 3, 13, 31),
        ('{"taxpayer": "a"}\n{"taxpayer": "b"', 2, 2, 17, 34),
        ("1,2\n", 1, 1, 1, 0),
    ],
)
def test_a_line_without_a_record_of_its_own_is_told_with_its_place(
    body: str, row: int, line: int, column: int, byte: int
) -> None:
    found = refusal(body, LINES)
    assert isinstance(found, BadFile)
    told = {"row": row, "line": line, "column": column, "byte": byte}
    assert {name: found.extra[name] for name in told} == told, found.detail
    assert found.extra["detail_zh"]


@given(st.lists(st.sampled_from([TRICKY, '{"taxpayer":"b"}', "{}", "7", " ", "", "{}{}", '{"uscc":{}}']), max_size=6))
@settings(deadline=None)
def test_a_line_never_holds_more_or_less_than_one_record(lines: list[str]) -> None:
    body = "\n".join(lines)
    if "{}{}" in lines:
        assert refusal(body, LINES).extra["line"] == lines.index("{}{}") + 1
    else:
        assert len(rows(body, LINES)) == sum(1 for line in lines if line.strip())


def first_slip(text: bytes) -> int | None:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def test_a_slip_in_a_table_in_utf_8_never_makes_other_characters_of_it() -> None:
    """Every one of these bytes could be read as GB18030, too, and none of the names would be what was meant."""
    whole = ("taxpayer,taxpayer_no,tax_kind,as_of\n" + "杭州某某,TN1,税种,2024-01\n" * 5).encode()
    first = whole.index("杭".encode())
    for at in range(first + 12, len(whole)):
        for slipped in (whole[:at] + whole[at + 1 :], whole[:at] + b"\xe6" + whole[at:]):
            if (slip := first_slip(slipped)) is not None:
                assert refusal(slipped, CSV).extra["byte"] == slip


@pytest.mark.parametrize("name", ["瓯北某某建材有限公司", "鑫鑫建筑", "余杭区五常街道"])
def test_a_table_in_gb18030_is_read_as_such_whatever_its_first_bytes_look_like(name: str) -> None:
    assert rows((HEADER + f"{name},1,v,2026-10,5\r\n").encode("gb18030"), CSV)[0]["taxpayer"] == name


def test_a_header_of_very_many_names_with_one_twice_costs_one_look_at_each() -> None:
    names = [f"c{place}" for place in range(400_000)]
    assert "stands twice" in refusal(",".join([*names, names[-1]]), CSV).detail


def test_a_name_that_is_empty_is_told_so_that_one_can_see_it() -> None:
    assert refusal(HEADER.strip() + ",\r\n", CSV).detail == 'Unknown items: "".'


def test_a_carriage_return_that_ends_no_line_is_told_as_what_it_is() -> None:
    found = refusal(HEADER.replace("\r\n", "\r") + "a,1,v,2026-10,5\r", CSV)
    assert "carriage return" in found.detail
    assert "回车" in found.extra["detail_zh"]
