"""Files of any size, read as streams: the same rows as of the whole file, and never more of it held than a block."""

import csv
import gzip
import io
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.catalogue import shipped
from services.ingest.codecs import BadFile, FileTooLarge, NotInCharset, RecordTooLarge, read, read_stream
from services.ingest.codecs.blocks import BLOCK_BYTES
from services.ingest.codecs.csv_records import read_csv
from services.ingest.codecs.json_bounds import element_ends
from services.ingest.codecs.json_records import read_array, read_lines
from services.ingest.codecs.text import charset_of, utf8
from services.ingest.codecs.unopened import unopened
from services.ingest.validation import ROW
from shared.errors import AnxinError
from tests.ingest_rows import a_dataset

TAX = shipped().datasets["tax_arrears"]
TWO = a_dataset({"item": "value", "label": "值", "type": "text"})
JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
PACKERS: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}
HEADER = "id,value\n"

Row = tuple[Any, ...]


def in_pieces(text: bytes, size: int) -> Iterator[bytes]:
    return (text[start : start + size] for start in range(0, len(text), size))


def table_rows(text: str) -> list[Row] | None:
    """(row, id, value, whether it is refused) of each record as we read them, None for a refused file."""
    try:
        batches = list(read_csv(iter([text.encode()]), TWO))
    except BadFile:
        return None
    wrong = {row for batch in batches for row in batch.faults.get_column("row")}
    read_rows = itertools.chain.from_iterable(batch.texts.rows() for batch in batches)
    return [
        (row, "", "", True) if row in wrong else (row, key or "", value or "", False) for row, key, value in read_rows
    ]


def table_rows_by_the_book(text: str) -> list[Row] | None:
    """The same, by the standard library's reader alone."""
    try:
        found = list(csv.reader(io.StringIO(text, newline="\n"), strict=True))[1:]
    except csv.Error:
        return None
    numbered = [(row, fields) for row, fields in enumerate(found, 1) if any(fields) or len(fields) not in (0, 2)]
    return [(row, *fields, False) if len(fields) == 2 else (row, "", "", True) for row, fields in numbered]


@given(text=st.text('",\r\nab 中', max_size=40))
@settings(max_examples=600, deadline=None)
def test_a_table_is_never_read_otherwise_by_column_than_line_by_line(text: str) -> None:
    assert table_rows(HEADER + text) == table_rows_by_the_book(HEADER + text)


_FIELDS = st.one_of(st.text('a"中,\r\n', max_size=5), st.just("x"))


@given(
    table=st.lists(st.tuples(_FIELDS, _FIELDS), max_size=20),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
@settings(max_examples=200, deadline=None)
def test_whatever_was_written_as_a_table_is_read_from_it(table: list[tuple[str, str]], quoting: Any) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, quoting=quoting).writerows([("id", "value"), *table])
    expected = [(row, *fields, False) for row, fields in enumerate(table, 1) if any(fields)]
    assert table_rows(written.getvalue()) == expected


@given(
    elements=st.lists(
        st.recursive(
            st.one_of(st.none(), st.integers(), st.text('a"\\,[]{}\n中')),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text('a"\\,]}', max_size=3), inner, max_size=3)
            ),
            max_leaves=6,
        ),
        max_size=8,
    ),
    gap=st.sampled_from(["", " ", "\n  "]),
)
def test_the_commas_between_elements_are_never_those_within_them(elements: list[Any], gap: str) -> None:
    texts = [json.dumps(element, ensure_ascii=False) for element in elements]
    whole = (f"{gap},{gap}".join(texts)).encode()
    cuts = [0, *element_ends(whole), len(whole) + 1]
    assert [json.loads(whole[a : b - 1]) for a, b in itertools.pairwise(cuts)] == elements if elements else not whole


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("content_type", [JSON, LINES, CSV])
def test_files_longer_than_a_block_come_in_batches_with_running_numbers(content_type: str, encoding: str) -> None:
    records = [{"taxpayer": "杭州某某建设有限公司" * 20, "taxpayer_no": str(number)} for number in range(1, 14_001)]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    table = (f"{record['taxpayer']},{record['taxpayer_no']},v,2026-10\n" for record in records)
    body = {
        JSON: "[" + ",\n".join(lines) + "]",
        LINES: "\n".join(lines),
        CSV: "taxpayer,taxpayer_no,tax_kind,as_of\n" + "".join(table),
    }[content_type].encode()
    packed = io.BytesIO(PACKERS[encoding](body))
    batches = list(read_stream(packed, content_type, encoding, TAX, len(body)))
    numbers = [number for batch in batches for number in batch.texts.select(ROW, "taxpayer_no").rows()]
    assert numbers == [(number, str(number)) for number in range(1, 14_001)]
    assert max(len(batch.texts) for batch in batches) <= 20_000


@pytest.mark.parametrize("content_type", [JSON, LINES, CSV])
def test_what_does_not_fill_a_batch_goes_with_what_follows(content_type: str) -> None:
    records = [{"taxpayer": "杭州某某建设有限公司" * 4, "taxpayer_no": str(number)} for number in range(50_000)]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    body = {
        JSON: "[" + ",\n".join(lines) + "]",
        LINES: "\n".join(lines),
        CSV: "taxpayer,taxpayer_no,tax_kind,as_of\n"
        + "".join(f"{each['taxpayer']},{each['taxpayer_no']},v,2026-10\n" for each in records),
    }[content_type].encode()
    assert len(body) > BLOCK_BYTES
    sizes = [len(batch.texts) for batch in read_stream(io.BytesIO(body), content_type, "identity", TAX, len(body))]
    assert sizes == [20_000, 20_000, 10_000]


def test_an_array_of_tiny_elements_comes_in_batches_of_their_bound() -> None:
    text = "[" + "0," * 50_000 + "0]"
    sizes = [len(batch.texts) for batch in read_array(in_pieces(text.encode(), 2**20), TWO)]
    assert sizes == [20_000, 20_000, 10_001]


@pytest.mark.parametrize("nested", ["[" * 60 + "]" * 60, '{"a":' * 60 + "1" + "}" * 60])
def test_what_lies_deep_in_each_other_comes_in_smaller_batches_and_every_row_keeps_its_number(nested: str) -> None:
    """Each list and each object is one to us, too: a block of 4 MiB of them would take a hundred."""
    line = f'{{"id": "1", "value": {nested}}}\n'.encode()
    batches = list(read_lines(in_pieces(line * 30_000, 2**20), TWO))
    assert max(len(batch.texts) for batch in batches) <= 20_000 * 8 // 60
    assert pl.concat([batch.texts[ROW] for batch in batches]).to_list() == list(range(1, 30_001))
    faults = pl.concat([batch.faults for batch in batches])
    assert faults["row"].to_list() == list(range(1, 30_001))
    assert set(faults["code"]) == {"nested"}


_USUAL = msgspec.json.Decoder(float_hook=str)
_NESTED: Any = st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text('a"\\,[]{}:\n中')),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=9,
)


@given(records=st.lists(st.one_of(st.dictionaries(st.sampled_from(["id", "value"]), _NESTED), _NESTED), max_size=6))
@settings(max_examples=300, deadline=None)
def test_records_whose_lists_are_left_unopened_are_read_as_those_that_are_opened(records: list[Any]) -> None:
    texts = [json.dumps(record, ensure_ascii=False) for record in records]
    lines, array = "\n".join(texts).encode(), ("[" + ",".join(texts) + "]").encode()
    for chunk, is_array, usual in ((lines, False, _USUAL.decode_lines(lines)), (array, True, _USUAL.decode(array))):
        found = unopened(chunk, TWO, is_array=is_array)
        assert found is None or found == [_with_empty_lists(record) for record in usual]
        if records and all(isinstance(record, dict) for record in records) and chunk.count(b"[") >= 2 * len(records):
            assert found is not None or chunk.count(b"{") != len(records)


def _with_empty_lists(record: dict[str, Any]) -> dict[str, Any]:
    return {name: [] if isinstance(value, list) else value for name, value in record.items()}


@pytest.mark.parametrize("mark", ["[", '"', '{"a":'])
def test_an_array_that_never_comes_to_an_end_is_refused_before_it_is_held(mark: str) -> None:
    with pytest.raises(RecordTooLarge):
        list(read_array(itertools.chain([b"["], itertools.repeat(mark.encode() * 2**20)), TWO))


def test_a_record_larger_than_a_block_is_refused_with_its_row_and_line() -> None:
    long = b"x" * (BLOCK_BYTES + 2**20)
    for reader, text, row, line in (
        (read_lines, b'{"id": "1"}\n' * 5 + b'{"id": "' + long, 6, 6),
        (read_array, b'[{"id": "1"},\n{"id": "' + long, 2, 1),
        (read_csv, HEADER.encode() + b"1,a\n2," + long, 2, 3),
        (read_csv, HEADER.encode() + b'1,a"\n2,' + long, 2, 3),
    ):
        with pytest.raises(RecordTooLarge) as refused:
            list(reader(in_pieces(text, 2**20), TWO))
        assert (refused.value.status, refused.value.extra["row"], refused.value.extra["line"]) == (413, row, line)


@pytest.mark.parametrize(
    "body", ["[1,", "[1", "[", "[1,]", "[,]", "[1,,2]", "[1],[2]", "[1]]", "[] x", "[1] 2", ' \n"', ""]
)
def test_an_array_that_is_cut_off_or_has_a_comma_too_many_is_refused(body: str) -> None:
    with pytest.raises(BadFile):
        list(read(body.encode(), JSON, TWO))


@given(text=st.text("a中é𠮷", max_size=12), size=st.integers(1, 5), codec=st.sampled_from(["utf-8", "gb18030"]))
def test_a_character_is_never_cut_between_two_pieces(text: str, size: int, codec: str) -> None:
    assert b"".join(utf8(in_pieces(text.encode(codec), size), codec)) == text.encode()


@pytest.mark.parametrize(
    ("parts", "charset"),
    [
        (["a", "b"], "utf-8"),
        (["a", "中"], "utf-8"),
        ([b"a", "中".encode("gb18030")], "gb18030"),
        ([b"\xc4\xb3", b"\xc4\xb3"], "gb18030"),
        ([b"\xc4\xb3", "中"], "utf-8"),
        ([b"\xc2\xa0\x81", "x"], "gb18030"),
    ],
)
def test_the_whole_file_tells_what_it_was_written_in(parts: list[str | bytes], charset: str) -> None:
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    assert charset_of(lambda: iter(raw)) == charset


def test_a_byte_that_the_charset_does_not_have_is_told_by_its_place() -> None:
    for charset, byte in (("utf-8", 4), ("gb18030", 4)):
        with pytest.raises(NotInCharset) as refused:
            list(utf8(iter([b"ab", b"cd\xff", b"ef"]), charset))
        assert refused.value.extra["byte"] == byte


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_stream_is_refused_where_it_breaks_or_outgrows_its_bound(encoding: str) -> None:
    packed = PACKERS[encoding](b'{"id": "1"}\n' * 10)
    for broken, limit, refusal in (
        (packed[:-1], 999, BadFile),
        (packed[:-9] + b"x" * 9, 999, BadFile),
        (packed, 99, FileTooLarge),
    ):
        with pytest.raises(AnxinError) as refused:
            list(read_stream(io.BytesIO(broken), LINES, encoding, TWO, limit))
        assert isinstance(refused.value, refusal)


def test_a_quote_that_is_never_closed_costs_no_more_than_the_lines_it_swallows() -> None:
    text = itertools.chain([HEADER.encode() + b'"'], itertools.repeat(b"\n" * 2**20, 8))
    with pytest.raises(BadFile) as refused:
        list(read_csv(text, TWO))
    assert refused.value.extra["line"] == 2
