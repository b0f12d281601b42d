"""Parquet and Arrow as large files, packed or not: the receipt of one request, bounded on the disk."""

import gzip
import io
from collections.abc import Callable
from secrets import token_hex

import polars as pl
import pytest
import zstandard

from services.ingest.pieces import PIECE_BYTES
from tests.conftest import SettingsOf
from tests.ingest_desk import Door, a_tax_record, counts, open_door
from tests.ingest_imports import Uploader, told, work_off

PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
RECORDS = pl.DataFrame([a_tax_record(number, balance="-1" if number == 7 else "9.50") for number in range(1, 501)])


def parquet(records: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    records.write_parquet(file, row_group_size=100)
    return file.getvalue()


def arrow(records: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    records.write_ipc_stream(file)
    return file.getvalue()


WRITE: dict[str, Callable[[pl.DataFrame], bytes]] = {PARQUET: parquet, ARROW: arrow}
PACK: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("encoding", PACK)
async def test_columns_in_pieces_are_taken_in_as_in_one_request(
    door: Door, uploader: Uploader, kind: str, encoding: str
) -> None:
    write = WRITE[kind]
    file = PACK[encoding](write(RECORDS))
    place = await uploader.send(file, step=20_000, upload_metadata=told(filetype=kind, encoding=encoding))
    receipt = await uploader.receipt(place)
    assert counts(receipt) == (500, 499, 0, 1, 0)
    assert [error["row"] for error in receipt["errors"]] == [7]
    row = (await door.get(f"/v1/receipts/{receipt['receipt_id']}/rows/321")).json()
    assert (row["record"]["taxpayer_no"], row["record"]["balance"]) == ("T321", "9.50")
    direct = await door.send("tax_arrears", write(RECORDS), content_type=kind)
    assert (counts(direct.json()), direct.json()["sha256"]) == ((500, 0, 499, 1, 0), receipt["sha256"])


async def test_a_parquet_file_of_many_pieces_is_read_to_its_last_row(uploader: Uploader) -> None:
    many = pl.concat([RECORDS] * 90).with_columns(
        taxpayer=pl.Series([token_hex(90) for _ in range(45_000)]),
        taxpayer_no=pl.int_range(pl.len()).cast(pl.String),
    )
    file = parquet(many)
    assert len(file) > PIECE_BYTES
    place = await uploader.send(file, step=PIECE_BYTES, upload_metadata=told(filetype=PARQUET))
    assert counts(await uploader.receipt(place)) == (45_000, 44_910, 0, 90, 0)


async def test_a_file_that_lies_is_refused_whole(uploader: Uploader) -> None:
    file = parquet(RECORDS)
    place = await uploader.send(file[:-400] + bytes(400), upload_metadata=told(filetype=PARQUET))
    await work_off(uploader.door)
    progress = await uploader.progress(place)
    assert (progress["state"], progress["problem"]["type"]) == ("refused", "urn:anxin:problem:bad-file")


async def test_more_than_may_lie_on_the_disk_is_refused_at_once_or_when_it_is_unpacked(
    settings_of: SettingsOf,
) -> None:
    async with open_door(settings_of("ingest"), max_import_spool_bytes=8192, import_lease_s=1) as door:
        uploader, file = Uploader(door), arrow(RECORDS)
        plain = await uploader.begin(len(file), upload_metadata=told(filetype=ARROW))
        assert (plain.status_code, plain.json()["check"]) == (413, "body_too_large")
        assert "8192 bytes" in plain.json()["detail"]
        place = await uploader.send(gzip.compress(file), upload_metadata=told(filetype=ARROW, encoding="gzip"))
        await work_off(door)
        progress = await uploader.progress(place)
        assert (progress["state"], progress["problem"]["status"]) == ("refused", 413)
        text = await uploader.begin(20_000)
        assert text.status_code == 201
