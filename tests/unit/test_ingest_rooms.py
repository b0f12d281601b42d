"""Whose record it is, what is sealed, how records are told apart, and who must wait."""

import asyncio
import base64
from hashlib import blake2b
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from services.ingest.admission import Gate
from services.ingest.batches import KEY, KEY_HASH, ROW_HASH, SOURCE_TIME, Prepared, prepare
from services.ingest.catalogue import shipped
from services.ingest.matching import SUBJECT
from services.ingest.models import Receipt
from services.ingest.rules import KeyMalformed, KeyReused, bounds, idempotency_key, must_be_the_same, scope
from services.ingest.sealing import open_body, seal_body, seal_pieces
from services.ingest.settings import IngestSettings
from services.ingest.store.receipts import NewReceipt
from services.ingest.validation import Checker
from shared.crypto import Vault
from shared.errors import Overloaded, TooManyRequests
from tests.ingest_rows import NOW, a_batch, a_dataset, an_item

VAULT = Vault(bytes(range(32)))
GOOD, NUMBER = "91330100799655058B", "11010519491231002X"
Row = dict[str, str | None]


def prepared(name: str, *rows: Row) -> Prepared:
    dataset = shipped().datasets[name]
    return prepare(a_batch(dataset, list(rows)), Checker(dataset), VAULT, NOW, "an-agency")


def a_tax_row(**changes: str | None) -> Row:
    calm: Row = {"taxpayer": "某", "taxpayer_no": "1", "uscc": GOOD, "tax_kind": "增值税", "as_of": "2026-10"}
    return calm | changes


def test_an_employer_is_known_by_his_credit_code_however_dirty() -> None:
    found = prepared("tax_arrears", a_tax_row(uscc="9I33O1OO799655O58b"), a_tax_row(uscc=None))
    assert found.matched.get_column(SUBJECT).to_list() == [GOOD]
    assert found.unmatched.get_column("#row").to_list() == [2]
    assert found.faults.rows() == [(2, "uscc", "unmatched")]


@pytest.mark.parametrize(
    ("name", "row", "subject"),
    [
        ("hc_payroll", {"payroll_no": "R", "project_code": "P1", "corp_uscc": GOOD, "pay_month": "2026-10"}, "P1"),
        ("hc_payroll_detail", {"payroll_no": "R", "id_no": NUMBER}, VAULT.pseudonym("person", NUMBER)),
        (
            "bk_account_flow",
            {"account_no": "6222", "txn_id": "1", "txn_at": "2026-11-01"},
            VAULT.pseudonym("account", "6222"),
        ),
    ],
)
def test_projects_accounts_and_persons_are_known_by_their_own_key(name: str, row: Row, subject: str) -> None:
    found = prepared(name, row)
    assert found.matched.get_column(SUBJECT).to_list() == [subject]
    assert found.unmatched.is_empty()


def test_a_record_that_names_its_employer_only_in_words_waits() -> None:
    found = prepared("gov_petition", {"petition_no": "1", "received_at": "2026-11-01", "employer": "某公司"})
    assert found.matched.is_empty()
    assert found.faults.rows() == [(1, "employer", "unmatched")]


def test_a_number_that_may_be_a_companys_is_sealed_only_when_it_is_a_persons() -> None:
    rows: list[Row] = [{"rec_id": "1", "subject_code": GOOD}, {"rec_id": "2", "subject_code": NUMBER}]
    found = prepared("drc_credit_record", *rows)
    assert found.matched.get_column("subject_code").to_list() == [GOOD]
    assert found.unmatched.get_column("subject_code").to_list() == [VAULT.pseudonym("person", NUMBER)]
    ((pseudonym, purpose, sealed),) = found.identities.rows()
    assert (pseudonym, purpose) == (VAULT.pseudonym("person", NUMBER), "person")
    assert VAULT.open("person", sealed) == NUMBER


@pytest.mark.parametrize("name", sorted(shipped().datasets))
def test_no_sealed_value_leaves_and_no_name_of_a_person_does(name: str) -> None:
    dataset = shipped().datasets[name]
    values = {"uscc": GOOD, "idno": NUMBER, "date": "2020-01-01", "datetime": "2020-01-01", "month": "2020-01",
              "int": "1", "bool": "true", "money": "1", "year": "2020", "div9": "330110005"}  # fmt: skip
    row: Row = {}
    for item in dataset.items:
        if item.sensitivity != "P1":
            secret = {"idno": NUMBER, "phone": "13811112222", "url": "https://secret.example"}
            row[item.item] = secret.get(item.kind, "张三丰")
        elif item.required:
            row[item.item] = values.get(item.kind, "x" * (item.sizes[0] if item.kind == "char" else 1))
    found = prepared(name, row)
    assert found.rejected == 0, found.faults.rows()
    left = str(found.matched.to_dicts() + found.unmatched.to_dicts() + found.identities.rows())
    for told in (NUMBER, "13811112222", "secret.example", "张三丰"):
        assert told not in left


def test_firms_of_one_legal_representative_bear_one_pseudonym_and_no_name() -> None:
    names = ["王小明", "王小明 ", "李四", None]
    firm: Row = {"ent_name": "某公司", "street": "330110005", "est_date": "2020-01-01"}
    rows = [firm | {"entity_id": f"{place:016d}", "uscc": GOOD, "legal_rep": name} for place, name in enumerate(names)]
    told = prepared("samr_entity", *rows).matched.get_column("legal_rep").to_list()
    assert told[0] == told[1] == VAULT.pseudonym("name", "王小明")
    assert told[2] == VAULT.pseudonym("name", "李四") != told[0]
    assert told[3] is None


def test_the_key_is_readable_and_no_two_keys_look_alike() -> None:
    dataset = a_dataset(an_item("str20", required=True), key=["id", "value"])
    checker = Checker(dataset)
    rows: list[Row] = [{"id": "a|b", "value": "c"}, {"id": "a", "value": "b|c"}, {"id": "a\\", "value": "b"}]
    found = prepare(a_batch(dataset, rows), checker, VAULT, NOW, "an-agency").matched
    assert found.get_column(KEY).to_list() == ["a\\|b|c", "a|b\\|c", "a\\\\|b"]
    assert found.get_column(KEY_HASH).n_unique() == 3


def test_the_fingerprints_are_the_same_today_and_in_ten_years() -> None:
    found = prepared("tax_arrears", a_tax_row(balance="1.50")).matched
    key = "tax_arrears\x1f1|增值税|2026-10"
    content = "\x1f".join(["某", "1", GOOD, "\x1e", "增值税", "1.50", "\x1e", "2026-10", "\x1e"])
    register = blake2b(b"scope\x1ftax_arrears\x1f\x1f2026-10", digest_size=16).hexdigest()
    assert found.item(0, KEY_HASH) == register[:12] + blake2b(key.encode(), digest_size=16).hexdigest()[12:]
    assert found.item(0, ROW_HASH) == blake2b(content.encode(), digest_size=16).hexdigest()


def test_the_records_of_one_full_list_lie_together_and_no_other_between_them() -> None:
    rows = [a_tax_row(taxpayer_no=str(number), as_of=month) for number in range(20) for month in ("2026-09", "2026-10")]
    found = prepared("tax_arrears", *rows).matched
    least, greatest = (str(bound.hex) for bound in bounds(scope("tax_arrears", None, "2026-10")))
    inside = found.filter(pl.col(KEY_HASH).is_between(pl.lit(least), pl.lit(greatest)))
    assert inside.get_column("as_of").to_list() == ["2026-10"] * 20


def test_the_same_content_written_otherwise_is_the_same_row() -> None:
    one = prepared("tax_arrears", a_tax_row(balance="1.50", as_of="2026-10", stat_at="2026-11-01T08:00:00"))
    two = prepared("tax_arrears", a_tax_row(balance="1.5", as_of="202610", stat_at="2026-11-01T00:00:00Z"))
    assert one.matched.get_column(ROW_HASH).to_list() == two.matched.get_column(ROW_HASH).to_list()


def test_a_record_counts_from_its_own_latest_time_else_from_when_it_was_reported() -> None:
    rows: list[Row] = [
        {"rec_id": "1", "uscc": GOOD, "listed_at": "2026-01-02"},
        {"rec_id": "2", "uscc": GOOD, "listed_at": "2026-01-02", "removed_at": "2026-03-04"},
    ]
    times = prepared("samr_abnormal", *rows).matched.get_column(SOURCE_TIME).to_list()
    assert [time.isoformat() for time in times] == ["2026-01-01T16:00:00+00:00", "2026-03-03T16:00:00+00:00"]
    water = prepared("ut_water", {"account_no": "1", "period": "2026-10", "uscc": GOOD})
    assert water.matched.item(0, SOURCE_TIME) == NOW


def test_a_clock_that_is_a_little_ahead_does_not_make_a_record_newer_than_now() -> None:
    found = prepared("tax_arrears", a_tax_row(stat_at="2026-11-23T20:00:00Z"))
    assert found.matched.item(0, SOURCE_TIME) == NOW


def test_counts_add_up() -> None:
    found = prepared("tax_arrears", a_tax_row(), a_tax_row(uscc=None), a_tax_row(balance="-1"), {})
    assert found.received == len(found.matched) + len(found.unmatched) + found.rejected == 4


def test_a_body_is_sealed_and_opened_byte_for_byte() -> None:
    body = "身份证 11010519491231002X".encode() * 100
    kept = seal_body(VAULT, body)
    assert NUMBER.encode() not in kept.content
    assert open_body(VAULT, kept) == body


@pytest.mark.parametrize("body", [b"", b"a", "身份证".encode() * 500_000])
def test_a_file_in_pieces_is_sealed_as_the_same_file_that_is_held_whole(body: bytes) -> None:
    pieces = (body[start : start + 70_000] for start in range(0, len(body), 70_000))
    kept, whole = seal_pieces(VAULT, pieces), seal_body(VAULT, body)
    assert (kept.sha256, kept.bytes) == (whole.sha256, whole.bytes)
    assert open_body(VAULT, kept) == body


@pytest.mark.parametrize(("header", "key"), [(None, None), ("night-1", "night-1"), ('"night-1"', "night-1")])
def test_an_idempotency_key_may_stand_in_quotes(header: str | None, key: str | None) -> None:
    assert idempotency_key(header) == key


@pytest.mark.parametrize("header", ["", '""', "two words", "x" * 201, "薪"])
def test_an_idempotency_key_is_visible_ascii(header: str) -> None:
    with pytest.raises(KeyMalformed):
        idempotency_key(header)


def test_a_key_belongs_to_one_body_of_one_dataset() -> None:
    must_be_the_same(("a", b"1"), ("a", b"1"))
    for other in (("a", b"2"), ("b", b"1")):
        with pytest.raises(KeyReused):
            must_be_the_same(("a", b"1"), other)


async def test_the_gate_lets_some_work_some_wait_and_the_rest_come_back_later() -> None:
    gate = Gate(concurrent=1, waiting=1, bytes_in_flight=10, each=9)
    order: list[int] = []

    async def one(number: int) -> None:
        async with gate.entered("tax-bureau"), gate.working():
            order.append(number)
            await asyncio.sleep(0)

    results: list[Any] = await asyncio.gather(*(one(number) for number in range(3)), return_exceptions=True)
    assert order == [0, 1]
    assert isinstance(results[2], Overloaded)
    assert results[2].retry_after == 2
    await one(4)


async def test_no_agency_takes_the_seats_of_the_others() -> None:
    gate = Gate(concurrent=1, waiting=9, bytes_in_flight=10, each=2)
    async with gate.entered("slow-bank"), gate.entered("slow-bank"):
        with pytest.raises(TooManyRequests) as refusal:
            await gate.entered("slow-bank").__aenter__()
        assert refusal.value.retry_after == 2
        async with gate.entered("tax-bureau"):
            pass
    async with gate.entered("slow-bank"):
        pass


async def test_of_large_submissions_only_some_are_worked_on_at_once_and_small_ones_pass_them() -> None:
    gate = Gate(concurrent=3, waiting=9, bytes_in_flight=10, each=9, large=1)
    order: list[str] = []

    async def one(name: str, rounds: int) -> None:
        async with gate.working(is_large=name.startswith("large")):
            for _ in range(rounds):
                await asyncio.sleep(0)
            order.append(name)

    await asyncio.gather(one("large 1", 9), one("large 2", 1), one("small 1", 1), one("small 2", 1))
    assert order == ["small 1", "small 2", "large 1", "large 2"]


async def test_whose_turn_does_not_come_in_time_is_told_to_come_later_and_takes_no_place() -> None:
    gate = Gate(concurrent=1, waiting=9, bytes_in_flight=10, each=9, patience_s=0.01)
    async with gate.working():
        with pytest.raises(Overloaded) as refusal:
            await gate.working(is_large=True).__aenter__()
    assert refusal.value.retry_after == 10
    async with gate.working(is_large=True):
        pass


def test_a_body_that_announces_more_than_there_is_room_for_is_refused_before_it_comes() -> None:
    gate = Gate(concurrent=1, waiting=1, bytes_in_flight=10, each=2)
    gate.take(4)
    gate.must_have_room(6)
    with pytest.raises(Overloaded):
        gate.must_have_room(7)


def test_the_gate_counts_bytes() -> None:
    gate = Gate(concurrent=1, waiting=1, bytes_in_flight=10, each=2)
    gate.take(8)
    with pytest.raises(Overloaded):
        gate.take(3)
    gate.give_back(8)
    gate.take(10)


def test_without_a_data_key_the_service_does_not_start() -> None:
    with pytest.raises(ValidationError, match="data_key"):
        IngestSettings(database_url="postgresql+psycopg://a@b/c")
    IngestSettings(database_url="postgresql+psycopg://a@b/c", data_key=base64.b64encode(bytes(32)).decode())


def test_a_receipt_on_its_way_to_the_table_has_every_column_of_it() -> None:
    assert NewReceipt._fields == tuple(Receipt.model_fields)
