"""However many errors: the receipt shows the first 1,000, every one can be read, and none is held to the end.

Two million of them were tried by hand: `python -m bench.upload --gb 0.235 --sentences 0 --wrong-every 1`.
"""

import json
import tracemalloc

import pytest

from tests.ingest_desk import Door, a_tax_record, agency_headers, counts
from tests.ingest_imports import Uploader, lines, work_off


def wrong(rows: int) -> bytes:
    """Every row is wrong, in one of two items in turn: wrong in one throughout, the file would be refused whole."""
    return lines(a_tax_record(balance="-1"), a_tax_record(stat_at="2021-02-30")) * (rows // 2)


async def all_errors(door: Door, receipt: str) -> int:
    headers = agency_headers("tax-bureau", "ingest:tax_arrears")
    async with door.client.stream("GET", f"/v1/receipts/{receipt}/errors", headers=headers) as answer:
        told = [json.loads(line)["row"] async for line in answer.aiter_lines()]
    assert told == list(range(1, len(told) + 1))
    return len(told)


@pytest.mark.parametrize("is_large", [True, False])
async def test_every_error_is_told_once_and_the_first_thousand_at_once(
    door: Door, uploader: Uploader, is_large: bool
) -> None:
    rows = 30_000
    if is_large:
        receipt = await uploader.receipt(await uploader.send(wrong(rows)))
    else:
        receipt = (await door.send("tax_arrears", wrong(rows), content_type="application/x-ndjson")).json()
    assert counts(receipt) == (rows, 0, 0, rows, 0)
    assert [error["row"] for error in receipt["errors"]] == list(range(1, 1001))
    assert await all_errors(door, receipt["receipt_id"]) == rows


async def test_what_is_held_meanwhile_does_not_grow_with_the_errors(door: Door, uploader: Uploader) -> None:
    held = []
    for rows in (40_000, 120_000):
        await uploader.send(wrong(rows))
        tracemalloc.start()
        await work_off(door)
        held.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert held[1] < held[0] * 1.1, held
