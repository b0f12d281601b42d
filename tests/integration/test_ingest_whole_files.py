"""A file that cannot be meant for the dataset is refused whole; a few wrong rows never are."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import SettingsOf
from tests.ingest_desk import GOOD, Door, a_tax_record, counts, open_door


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


async def test_an_item_of_the_wrong_type_in_every_row_refuses_the_file_by_name(door: Door) -> None:
    rows = [a_tax_record(number, balance="一万元", as_of="2026年十月") for number in range(100)]
    before = await door.rows("select count(*) from ingest.receipt")
    answer = await door.send("tax_arrears", rows)
    body = answer.json()
    assert (answer.status_code, body["type"]) == (422, "urn:anxin:problem:wrong-type-throughout")
    assert [(error["item"], error["code"]) for error in body["errors"]] == [
        ("as_of", "month_format"),
        ("balance", "number_format"),
    ]
    assert all(error["message"] and error["message_zh"] for error in body["errors"])
    assert await door.rows("select count(*) from ingest.receipt") == before


@pytest.mark.parametrize("good", [0, 99], ids=["the first", "the last"])
async def test_one_good_row_among_a_hundred_keeps_the_file(door: Door, good: int) -> None:
    rows = [a_tax_record(1000 * (good + 1) + number, balance="一万元") for number in range(100)]
    rows[good] = a_tax_record(1000 * (good + 1) + good)
    assert counts((await door.send("tax_arrears", rows)).json()) == (100, 1, 0, 99, 0)


async def test_a_few_wrong_rows_are_told_one_by_one(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record(number, balance="abc") for number in range(19)])).json()
    assert counts(receipt) == (19, 0, 0, 19, 0)
    assert len(receipt["errors"]) == 19


async def test_values_beyond_their_bounds_are_no_wrong_type(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record(number, balance="0") for number in range(50)])).json()
    assert counts(receipt) == (50, 0, 0, 50, 0)


async def test_two_water_companies_may_have_the_same_account_number(door: Door) -> None:
    bill = {"account_no": "0001", "uscc": GOOD, "period": "2026-10"}
    sent = [("west-water", "10"), ("east-water", "20"), ("west-water", "10"), ("east-water", "30")]
    receipts = [(await door.send("ut_water", [bill | {"volume": v}], agency=a)).json() for a, v in sent]
    assert [receipt["accepted"] for receipt in receipts] == [1, 1, 0, 1]
    assert await door.rows("select count(*) from ingest.head where dataset = 'ut_water'") == [(2,)]


async def test_eighteen_zeros_are_a_placeholder_and_no_credit_code(door: Door) -> None:
    rows = [a_tax_record(7001, uscc="0" * 18), a_tax_record(7002, uscc=GOOD)]
    assert counts((await door.send("tax_arrears", rows)).json())[4] == 1
