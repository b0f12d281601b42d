"""What becomes of each record: accepted, unchanged, rejected or unmatched, and what is announced."""

from datetime import UTC, datetime

from tests.ingest_desk import ALSO_GOOD, GOOD, WRONG_CHECK, Door, a_tax_record, counts


async def test_a_good_record_is_accepted_and_its_receipt_says_so(door: Door) -> None:
    answer = await door.send("tax_arrears", [a_tax_record()])
    assert answer.status_code == 202, answer.text
    receipt = answer.json()
    assert set(receipt) == {
        "receipt_id", "dataset", "received", "accepted", "unchanged", "rejected", "unmatched", "errors", "sha256",
        "signed",
    }  # fmt: skip
    assert counts(receipt) == (1, 1, 0, 0, 0)
    assert (receipt["dataset"], receipt["errors"], receipt["signed"]) == ("tax_arrears", [], False)
    again = await door.get(f"/v1/receipts/{receipt['receipt_id']}")
    assert again.json() == receipt


async def test_what_is_announced_is_what_was_sent_without_names_of_persons(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record(), a_tax_record(2, uscc=ALSO_GOOD.lower())])).json()
    (event,) = await door.announced(receipt["receipt_id"])
    assert event["subject_kind"] == "employer"
    assert event["subject_ids"] == [GOOD, ALSO_GOOD]
    assert event["rows"] == [1, 2]
    assert event["keys"][0] == "T1|增值税|2026-10"
    assert event["source_times"][0] == datetime(2026, 11, 1, tzinfo=UTC)
    assert event["columns"]["balance"] == ["120000.50", "120000.50"]
    assert "principal" not in event["columns"]
    assert "王某" not in str(event)


async def test_a_bad_record_never_spoils_a_good_one(door: Door) -> None:
    records = [a_tax_record(1), a_tax_record(2, balance="-5"), a_tax_record(3, as_of="2026-13"), "nonsense"]
    answer = await door.send("tax_arrears", records)
    assert answer.status_code == 202
    receipt = answer.json()
    assert counts(receipt) == (4, 1, 0, 3, 0)
    told = [(error["row"], error["item"], error["code"]) for error in receipt["errors"]]
    assert told == [(2, "balance", "not_above"), (3, "as_of", "month_format"), (4, "", "not_an_object")]
    assert receipt["errors"][0]["message"] == "balance must be more than 0."
    assert receipt["errors"][0]["message_zh"] == "欠税余额必须大于0。"


async def test_a_record_whose_employer_is_not_known_is_kept_and_listed(door: Door) -> None:
    records = [a_tax_record(701, uscc=None), a_tax_record(702, uscc=WRONG_CHECK), a_tax_record(3)]
    receipt = (await door.send("tax_arrears", records)).json()
    assert counts(receipt) == (3, 1, 0, 0, 2)
    told = [(error["row"], error["item"], error["code"]) for error in receipt["errors"]]
    assert told == [(1, "uscc", "unmatched"), (2, "uscc", "uscc_check")]
    kept = await door.rows("select row_no, name, record ->> 'balance' from ingest.unmatched order by row_no")
    assert kept == [(1, "杭州某某建设有限公司", "120000.50"), (2, "杭州某某建设有限公司", "120000.50")]
    assert len(await door.announced(receipt["receipt_id"])) == 1


async def test_a_record_that_finds_its_employer_waits_no_longer(door: Door) -> None:
    await door.send("tax_arrears", [a_tax_record(703, uscc=None)])
    receipt = (await door.send("tax_arrears", [a_tax_record(703)])).json()
    assert counts(receipt) == (1, 1, 0, 0, 0)
    assert await door.rows("select 1 from ingest.unmatched") == []


async def test_the_same_record_again_is_unchanged_and_not_announced(door: Door) -> None:
    await door.send("tax_arrears", [a_tax_record(1), a_tax_record(2)])
    receipt = (await door.send("tax_arrears", [a_tax_record(1), a_tax_record(2, balance="7")])).json()
    assert counts(receipt) == (2, 1, 1, 0, 0)
    (event,) = await door.announced(receipt["receipt_id"])
    assert event["rows"] == [2]


async def test_the_newest_source_time_wins_whatever_order_it_arrives_in(door: Door) -> None:
    old = a_tax_record(balance="100", stat_at="2026-11-01T08:00:00+08:00")
    new = a_tax_record(balance="50", stat_at="2026-11-09T08:00:00+08:00")
    assert counts((await door.send("tax_arrears", [new])).json()) == (1, 1, 0, 0, 0)
    late = (await door.send("tax_arrears", [old])).json()
    assert counts(late) == (1, 0, 1, 0, 0)
    assert late["errors"] == []
    notes = (await door.get(f"/v1/receipts/{late['receipt_id']}/errors")).text.splitlines()
    assert len(notes) == 1
    assert '"superseded"' in notes[0]


async def test_a_correction_with_the_same_source_time_wins_because_it_came_later(door: Door) -> None:
    await door.send("tax_arrears", [a_tax_record(balance="100")])
    receipt = (await door.send("tax_arrears", [a_tax_record(balance="90")])).json()
    assert counts(receipt) == (1, 1, 0, 0, 0)


async def test_of_two_rows_with_one_key_the_newer_wins_and_the_other_is_counted(door: Door) -> None:
    rows = [
        a_tax_record(balance="1", stat_at="2026-11-09"),
        a_tax_record(balance="2", stat_at="2026-11-01"),
        a_tax_record(balance="1", stat_at="2026-11-09"),
    ]
    receipt = (await door.send("tax_arrears", rows)).json()
    assert counts(receipt) == (3, 1, 2, 0, 0)
    assert await door.rows("select superseded from ingest.receipt where receipt_id = :r", r=receipt["receipt_id"]) == [
        (1,)
    ]
