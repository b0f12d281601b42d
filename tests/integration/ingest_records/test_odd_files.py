"""Files with oddities that once cost somebody else's row, the whole file, or a digit: each row is judged for itself."""

import asyncio
import gzip
import json
import logging

import pytest

from tests.ingest_desk import GOOD, Door, a_tax_record, agency_headers, counts

CSV, LINES = {"content_type": "text/csv"}, {"content_type": "application/x-ndjson"}
HEADER = "uscc,taxpayer,taxpayer_no,tax_kind,as_of,balance\r\n"


def a_line(number: int, *more: str) -> str:
    return ",".join((GOOD, "甲公司", f"B{number}", "增值税", "2026-10", f"{number}.50", *more)) + "\r\n"


WITH_A_BLANK = (HEADER + a_line(1) + "\r\n" + a_line(3, "too much") + a_line(4)).encode()


@pytest.mark.parametrize("packed", [False, True])
async def test_a_blank_line_keeps_its_number_and_shifts_nobody(door: Door, packed: bool) -> None:
    body = gzip.compress(WITH_A_BLANK) if packed else WITH_A_BLANK
    receipt = (await door.send("tax_arrears", body, **CSV, **({"content_encoding": "gzip"} if packed else {}))).json()
    assert counts(receipt) == (3, 2, 0, 1, 0)
    assert [(error["row"], error["code"]) for error in receipt["errors"]] == [(3, "field_count")]
    (event,) = await door.announced(receipt["receipt_id"])
    assert (event["rows"], event["columns"]["balance"]) == ([1, 4], ["1.50", "4.50"])
    place = f"/v1/receipts/{receipt['receipt_id']}/rows"
    assert [(await door.get(f"{place}/{number}")).status_code for number in (1, 2, 3, 4, 5)] == [
        200,
        404,
        200,
        200,
        404,
    ]


async def test_what_is_taken_back_whole_is_taken_back_behind_a_blank_line(door: Door) -> None:
    receipt = (await door.send("tax_arrears", WITH_A_BLANK, **CSV)).json()
    place = f"/v1/receipts/{receipt['receipt_id']}/rows"
    answer = await door.client.delete(
        place, params={"reason": "a test"}, headers=agency_headers("tax-bureau", "ingest:tax_arrears")
    )
    assert answer.status_code == 200, answer.text
    left = await door.rows("select row_no from ingest.head where receipt_id = :r", r=receipt["receipt_id"])
    assert left == []


@pytest.mark.parametrize("code", ["91330100\x00799655058B", "9" * 5000, "杭州" * 3000])
async def test_a_text_that_is_no_code_at_all_costs_no_other_row(door: Door, code: str) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record(1), a_tax_record(2, uscc=code), a_tax_record(3)])).json()
    assert counts(receipt) == (3, 2, 0, 0, 1)


@pytest.mark.parametrize("digits", [20, 39, 40, 400])
@pytest.mark.parametrize("spaced", ["", " "])
async def test_a_number_too_long_is_told_and_never_left_out(door: Door, digits: int, spaced: str) -> None:
    record = json.dumps(a_tax_record(1, balance=0)).replace('"balance": 0', f'"balance"{spaced}: {"1" * digits}')
    for body, how in ((f"[{record}]", {}), (record + "\n", LINES)):
        receipt = (await door.send("tax_arrears", body.encode(), **how)).json()
        assert [(error["item"], error["code"]) for error in receipt["errors"]] == [("balance", "out_of_range")]


async def test_lines_that_begin_with_a_list_are_lines(door: Door) -> None:
    good = json.dumps(a_tax_record(1, taxpayer='甲":乙'))
    receipt = (await door.send("tax_arrears", f"[]\n{good}\n".encode(), **LINES)).json()
    assert [(error["row"], error["code"]) for error in receipt["errors"]] == [(1, "not_an_object")]
    assert receipt["accepted"] == 1


@pytest.mark.parametrize("depth", [500, 970, 983, 987, 1200, 5000])
async def test_a_record_however_deep_is_refused_and_breaks_nothing(door: Door, depth: int) -> None:
    body = '[{"taxpayer":' + '{"a":' * depth + "1" + "}" * depth + "}]"
    answer = await door.send("tax_arrears", body.encode())
    assert answer.status_code in (202, 400)
    assert answer.status_code == 400 or answer.json()["accepted"] == 0


async def test_how_a_neighbour_is_quoted_decides_nothing_about_a_long_field(door: Door) -> None:
    long = HEADER + a_line(1).replace("甲公司", "长" * 150_000) + a_line(2).replace("甲公司", '甲"乙')
    receipt = (await door.send("tax_arrears", long.encode(), **CSV)).json()
    assert [(error["row"], error["item"], error["code"]) for error in receipt["errors"]] == [
        (1, "taxpayer", "too_long")
    ]
    assert receipt["accepted"] == 1


async def test_a_file_that_leaves_a_round_undoes_it_for_nobody(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    twice = [a_tax_record(1, balance="1.00"), a_tax_record(1, balance="2.00")]
    lost = [a_tax_record(2), a_tax_record(3, uscc=None)]
    with caplog.at_level(logging.ERROR):
        answers = await asyncio.gather(*(door.send("tax_arrears", each) for each in (twice, [a_tax_record(4)], lost)))
    assert [answer.status_code for answer in answers] == [202] * 3
    assert [record.message for record in caplog.records if record.message == "round.undone"] == []
