"""Parquet and Arrow files through the process that reads them: whole ones, packed ones, and those that lie."""

import gzip
import io
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from services.ingest.catalogue import shipped
from services.ingest.codecs import (
    BadFile,
    FileTooLarge,
    MissingColumns,
    UnknownItems,
    UnreadableColumns,
    read,
    read_stream,
)
from services.ingest.columnar.arrow import BATCH_BYTES
from services.ingest.validation import ROW, Batch, Checker
from shared.errors import AnxinError
from tests.ingest_rows import NOW, a_dataset

TAX = shipped().datasets["tax_arrears"]
S = {"item": "s", "label": "值", "type": "text", "required": True}
ONE_TEXT = a_dataset(items=[S], key=["s"], subject={"kind": "account", "item": "s"})
PARQUET, STREAM, FILE = (f"application/vnd.apache.{kind}" for kind in ("parquet", "arrow.stream", "arrow.file"))
PACKERS: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}
SAMPLES = Path(__file__).parent.parent / "data/columnar"
ENDINGS = {".parquet": PARQUET, ".arrows": STREAM, ".arrow": FILE}


def a_table(rows: int = 3, **columns: Any) -> pl.DataFrame:
    calm: dict[str, Any] = {"taxpayer": "甲", "taxpayer_no": pl.int_range(1, rows + 1).cast(pl.String)}
    given = calm | {"tax_kind": "增值税", "as_of": "2026-10"} | columns
    texts = {name: pl.lit(value) if isinstance(value, str) else value for name, value in given.items()}
    return pl.select(pl.int_range(rows).alias("n")).select(**texts)


def written(table: pl.DataFrame, content_type: str, **more: Any) -> bytes:
    out = io.BytesIO()
    ways: dict[str, Any] = {PARQUET: table.write_parquet, STREAM: table.write_ipc_stream, FILE: table.write_ipc}
    ways[content_type](out, **more)
    return out.getvalue()


def numbers(body: bytes, content_type: str, encoding: str = "identity", limit: int = 2**30) -> list[tuple[int, str]]:
    batches = read_stream(io.BytesIO(body), content_type, encoding, TAX, limit)
    return [row for batch in batches for row in batch.texts.select(ROW, "taxpayer_no").rows()]


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("content_type", [PARQUET, STREAM, FILE])
def test_a_packed_file_is_read_to_its_last_row(content_type: str, encoding: str) -> None:
    body = PACKERS[encoding](written(a_table(45_000), content_type))
    assert numbers(body, content_type, encoding) == [(row, str(row)) for row in range(1, 45_001)]


@pytest.mark.parametrize("content_type", [PARQUET, STREAM, FILE])
def test_a_second_60_that_a_file_says_as_a_text_is_refused_as_in_any_other(content_type: str) -> None:
    table = a_table(2, stat_at=pl.Series(["2026-10-31T23:59:59+08:00", "2026-10-31T23:59:60+08:00"]))
    (batch,) = read(written(table, content_type), content_type, TAX)
    assert Checker(TAX).check(batch, NOW).faults.rows() == [(2, "stat_at", "leap_second")]


def test_a_file_on_disk_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(written(a_table(), PARQUET))
    with path.open("rb") as file:
        assert sum(len(batch.texts) for batch in read_stream(file, PARQUET, "", TAX, 1)) == 3


@pytest.mark.parametrize("content_type", [PARQUET, STREAM, FILE])
def test_columns_are_refused_by_name(content_type: str) -> None:
    for table, refusal, named in (
        (a_table(colour="red"), UnknownItems, "colour"),
        (a_table().drop("as_of"), MissingColumns, "as_of"),
        (a_table(balance=pl.struct(a=1)), UnreadableColumns, "balance"),
        (a_table(balance=pl.lit(b"x")), UnreadableColumns, "balance"),
    ):
        with pytest.raises(refusal) as refused:
            numbers(written(table, content_type), content_type)
        assert named in refused.value.detail
        assert refused.value.status == 422


@pytest.mark.parametrize("sample", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_what_another_library_wrote_and_ours_cannot_read_is_a_refusal(sample: Path) -> None:
    with pytest.raises(BadFile) as refused:
        list(read(sample.read_bytes(), ENDINGS[sample.suffix], ONE_TEXT))
    if sample.stem == "duplicate":
        assert "'x'" in refused.value.detail


@pytest.mark.parametrize("content_type", [PARQUET, STREAM, FILE])
@pytest.mark.parametrize("compression", ["uncompressed", "zstd"])
def test_a_file_whose_bytes_were_changed_is_read_or_refused_but_never_ends_us(
    content_type: str, compression: str
) -> None:
    whole = written(a_table(50), content_type, compression=compression)
    chance = random.Random(content_type + compression)  # noqa: S311 - the same lies every time
    for number in range(8):
        body = bytearray(whole)
        for _ in range(1 + number % 3):
            at = chance.randrange(len(body) - 8) if number % 2 else len(body) - 8 - chance.randrange(200)
            lie = chance.choice(
                [b"\xff" * 8, struct.pack("<q", 2**62), struct.pack("<i", 2**31 - 1), bytes(8), b"\x80"]
            )
            body[at : at + len(lie)] = lie
        try:
            numbers(bytes(body), content_type)
        except AnxinError as refused:
            assert 400 <= refused.status < 500  # noqa: PT017
            assert refused.extra["detail_zh"]  # noqa: PT017


@pytest.mark.parametrize("content_type", [PARQUET, STREAM, FILE])
def test_a_file_that_was_cut_off_is_never_taken_for_a_shorter_one(content_type: str) -> None:
    whole = written(pl.concat([a_table(500)] * 3, rechunk=False), content_type)
    for part in (0, 1, 7, len(whole) // 2, len(whole) - 1, len(whole) - 8):
        with pytest.raises(BadFile):
            numbers(whole[:part], content_type)


def test_a_length_that_nobody_could_hold_is_refused_before_it_is_believed() -> None:
    whole = bytearray(written(a_table(), STREAM))
    # The second message's metadata ends with its fields; its body's length is the only 8 bytes that say so.
    start = 8 + struct.unpack_from("<i", whole, 4)[0]
    body = len(whole) - 8 - (start + 8 + struct.unpack_from("<i", whole, start + 4)[0])
    at = whole.index(struct.pack("<q", body), start)
    for lie, sentence in ((2**62, "larger than"), (BATCH_BYTES, "too early"), (-1, "less than no")):
        struct.pack_into("<q", whole, at, lie)
        with pytest.raises(BadFile) as refused:
            numbers(bytes(whole), STREAM)
        assert sentence in refused.value.detail


def test_a_file_that_outgrows_its_bound_is_refused_while_it_is_unpacked() -> None:
    with pytest.raises(FileTooLarge):
        numbers(gzip.compress(bytes(10_000_000)), PARQUET, "gzip", limit=1_000_000)


def test_a_few_bytes_that_stand_for_millions_of_rows_never_fill_the_memory() -> None:
    body = written(a_table(5_000_000, taxpayer_no="1"), PARQUET)
    assert len(body) < 100_000
    batches = read(body, PARQUET, TAX)
    assert len(next(batches).texts) <= 20_000
    batches.close()  # type: ignore[attr-defined]


def announcing(body: bytes, content_type: str, most: int) -> Iterator[Batch]:
    return read_stream(io.BytesIO(body), content_type, "identity", TAX, len(body), most_rows=most)


@pytest.mark.parametrize("content_type", [PARQUET, FILE])
def test_a_file_that_announces_too_many_rows_is_refused_before_any_is_read(content_type: str) -> None:
    body = written(a_table(30_000), content_type)
    with pytest.raises(FileTooLarge) as refused:
        next(announcing(body, content_type, 29_999))
    assert (refused.value.status, "the file has 30000" in refused.value.detail) == (413, True)
    assert len(next(announcing(body, content_type, 30_000)).texts) == 20_000
