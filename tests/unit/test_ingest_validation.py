"""Every catalogue type by value, every check between items, and what must never happen."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.catalogue import shipped
from services.ingest.validation import Checker
from services.ingest.validation.identifiers import credit_codes
from tests.ingest_rows import NOW, a_batch, a_dataset, an_item, check, fault_of, value_of

GOOD = "91330100799655058B"


@pytest.mark.parametrize("code", ["9133030067161672XJ", "11150000011512968L", "91330100799655058B"])
def test_a_credit_code_with_right_check_characters_is_taken(code: str) -> None:
    assert value_of("uscc", code) == code


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("91330100799655058b", GOOD),
        (" 9133 0100 7996 55058B ", GOOD),
        ("９１３３０１００７９９６５５０５８Ｂ", GOOD),
        ("9I33OIOO799655O58B", GOOD),
        ("91330100-79965505-8B", GOOD),
        ("空", None),
        ("无", None),
        ("NULL", None),
        ("11111111", None),
        ("--", None),
        ("", None),
        (None, None),
    ],
)
def test_a_dirty_credit_code_is_read_where_only_one_reading_is_right(dirty: str | None, clean: str | None) -> None:
    assert value_of("uscc", dirty) == clean


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("91330110MA2CEABC1X", "uscc_check"),
        ("9133010079965505B", "uscc_length"),
        ("330100799655058", "uscc_length"),
        ("91330100799655058Z", "uscc_character"),
        ("91330100799655058A", "uscc_check"),
        ("913301007996550587", "uscc_check"),
    ],
)
def test_a_wrong_credit_code_is_told_with_what_is_wrong(code: str, fault: str) -> None:
    assert fault_of("uscc", code) == fault


def test_the_organisation_code_within_the_credit_code_is_checked_too() -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = GOOD[:16] + ("9" if GOOD[16] != "9" else "7")
    total = sum(alphabet.index(letter) * pow(3, place, 31) for place, letter in enumerate(body))
    assert fault_of("uscc", body + alphabet[(31 - total % 31) % 31]) == "uscc_organisation_check"


@given(st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_no_credit_code_with_one_wrong_character_is_taken(place: int, letter: str) -> None:
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    found = credit_codes(pl.Series([changed]))
    assert (found.values[0] == GOOD) == (changed == GOOD)
    assert (found.faults[0] is None) == (changed == GOOD)


def test_a_citizen_number_of_15_places_becomes_18() -> None:
    assert value_of("idno", "11010519491231002X") == "11010519491231002X"
    assert value_of("idno", "11010519491231002x") == "11010519491231002X"
    assert value_of("idno", "110105491231002") == "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("110105194912310021", "idno_check"),
        ("1101051949123100", "idno_length"),
        ("A1010519491231002X", "idno_character"),
        ("110105194902300024", "idno_date"),
    ],
)
def test_a_wrong_citizen_number_is_told_with_what_is_wrong(number: str, fault: str) -> None:
    assert fault_of("idno", _with_check(number) if fault == "idno_date" else number) == fault


def _with_check(number: str) -> str:
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return number[:17] + "10X98765432"[sum(int(d) * w for d, w in zip(number, weights, strict=False)) % 11]


TAKEN: list[tuple[str, str, Any]] = [
    ("money", "1234.5", Decimal("1234.50")),
    ("money", "9999999999999999.99", Decimal("9999999999999999.99")),
    ("money", "-0.10", Decimal("-0.10")),
    ("money", "+7", Decimal("7.00")),
    ("money", "0007.1000", Decimal("7.10")),
    ("money", "１２.30", Decimal("12.30")),
    ("dec5.4", "0.0625", Decimal("0.0625")),
    ("dec18.15", "120.123456789012345", Decimal("120.123456789012345")),
    ("int", "12", 12),
    ("int", "-3", -3),
    ("int", "12.0", 12),
    ("int", "999999999999999999", 999999999999999999),
    ("month", "2026-10", "2026-10"),
    ("month", "202610", "2026-10"),
    ("date", "2024-02-29", date(2024, 2, 29)),
    ("date", "20240229", date(2024, 2, 29)),
    ("date", "9999-12-31", date(9999, 12, 31)),
    ("date", "2024-02-29 00:00:00", date(2024, 2, 29)),
    ("datetime", "2026-11-01T08:00:00", datetime(2026, 11, 1, tzinfo=UTC)),
    ("datetime", "2026-11-01 08:00", datetime(2026, 11, 1, tzinfo=UTC)),
    ("datetime", "2026-11-01", datetime(2026, 10, 31, 16, tzinfo=UTC)),
    ("datetime", "2026-11-01T08:00:00Z", datetime(2026, 11, 1, 8, tzinfo=UTC)),
    ("datetime", "2026-11-01T08:00:00+08:00", datetime(2026, 11, 1, tzinfo=UTC)),
    ("datetime", "2026-11-01T08:00:00.25-0330", datetime(2026, 11, 1, 11, 30, 0, 250000, tzinfo=UTC)),
    ("bool", "true", True),
    ("bool", "否", False),
    ("bool", "1", True),
    ("bool", "No", False),
    ("div9", "330110005", "330110005"),
    ("year", "2026", 2026),
    ("str5", " 五 常 ", "五 常"),
    ("str9", "two\r\nlines", "two lines"),
    ("str9", "=1+1", "=1+1"),
    ("char4", "3260", "3260"),
    ("text", "line\nline", "line\nline"),
    ("phone", "0571-88888888 / 13800000000", "0571-88888888 / 13800000000"),
    ("phone", "138****0000", "138****0000"),
    ("url", "https://files.example/1.jpg", "https://files.example/1.jpg"),
]


@pytest.mark.parametrize(("kind", "text", "value"), TAKEN)
def test_a_right_value_is_taken_exactly(kind: str, text: str, value: Any) -> None:
    found = value_of(kind, text)
    assert (found, type(found)) == (value, type(value))


REFUSED = [
    ("money", "1e400", "exponent"),
    ("money", "1e5", "exponent"),
    ("money", "NaN", "number_format"),
    ("money", "Infinity", "number_format"),
    ("money", "1,234.50", "number_format"),
    ("money", "12.345", "too_many_decimals"),
    ("money", "0.30000000000000004", "too_many_decimals"),
    ("money", "12345678901234567.00", "out_of_range"),
    ("money", "=1+1", "number_format"),
    ("money", "true", "number_format"),
    ("dec5.4", "12", "out_of_range"),
    ("int", "1.5", "integer_format"),
    ("int", "1234567890123456789", "out_of_range"),
    ("int", "1e3", "exponent"),
    ("month", "2026-13", "month_format"),
    ("month", "2026-1", "month_format"),
    ("date", "2021-02-30", "no_such_date"),
    ("date", "2021/02/03", "date_format"),
    ("date", "0021-02-03", "date_format"),
    ("datetime", "2021-02-30T00:00:00", "no_such_date"),
    ("datetime", "2021-02-03T25:00:00", "no_such_date"),
    ("datetime", "yesterday", "datetime_format"),
    ("bool", "maybe", "bool_format"),
    ("div9", "33011000", "division_format"),
    ("div9", "990110005", "division_format"),
    ("year", "26", "year_format"),
    ("str5", "六个字太长了", "too_long"),
    ("str5", "a\x00b", "control_character"),
    ("str5", "a\x1bb", "control_character"),
    ("char4", "326", "wrong_length"),
    ("phone", "12345", "phone_format"),
    ("url", "javascript:alert(1)", "url_format"),
    ("url", "file.jpg", "url_format"),
]


@pytest.mark.parametrize(("kind", "text", "fault"), REFUSED)
def test_a_wrong_value_is_refused_with_its_reason(kind: str, text: str, fault: str) -> None:
    assert fault_of(kind, text) == fault


@pytest.mark.parametrize("kind", ["money", "int", "month", "date", "datetime", "bool", "uscc", "str9", "year", "div9"])
def test_what_is_left_out_is_null_and_no_fault(kind: str) -> None:
    for empty in (None, "", "  ", "\u3000"):
        assert value_of(kind, empty) is None


@pytest.mark.parametrize("kind", ["money", "idno", "uscc", "str9", "date"])
def test_what_is_required_must_be_there(kind: str) -> None:
    assert fault_of(kind, None, required=True) == "required"


def test_a_placeholder_is_no_credit_code_where_one_is_required() -> None:
    assert fault_of("uscc", "空", required=True) == "required"


SIGNS = [{"value": "layoff", "zh": "裁员"}, {"value": "boss lost", "zh": "老板失联", "also": ["跑路"]}]


def test_an_enumeration_takes_its_values_their_labels_and_their_other_names() -> None:
    for word, value in (("layoff", "layoff"), ("裁员", "layoff"), ("跑路", "boss lost")):
        assert value_of("enum", word, values=SIGNS) == value
    assert fault_of("enum", "rain", values=SIGNS) == "not_in_list"


def test_an_open_enumeration_takes_every_short_word() -> None:
    assert value_of("enum", "rain", values=SIGNS, open=True) == "rain"
    assert value_of("enum", "裁员", values=SIGNS, open=True) == "layoff"
    assert fault_of("enum", "x" * 51, open=True) == "too_long"


@pytest.mark.parametrize("text", ["裁员;boss lost", "boss lost，layoff", "layoff/跑路/layoff", ";layoff; boss lost;"])
def test_a_set_is_told_apart_sorted_and_without_repeats(text: str) -> None:
    assert value_of("set", text, values=SIGNS).to_list() == ["boss lost", "layoff"]


def test_a_set_with_one_unknown_sign_is_refused() -> None:
    assert fault_of("set", "layoff;rain", values=SIGNS) == "not_in_list"


def test_short_codes_are_padded_where_the_catalogue_says_so() -> None:
    assert value_of("char2", "7", zero_pad=True) == "07"


@pytest.mark.parametrize(
    ("bound", "text", "fault"),
    [
        ({"min": 0}, "-1", "below_min"),
        ({"min": 0}, "0", None),
        ({"above": 0}, "0", "not_above"),
        ({"above": 0}, "0.01", None),
        ({"max": "0.06"}, "0.07", "above_max"),
        ({"max": "0.06"}, "0.06", None),
    ],
)
def test_bounds_hold_exactly(bound: dict[str, Any], text: str, fault: str | None) -> None:
    assert fault_of("money", text, **bound) == fault


def test_an_end_may_not_lie_before_its_beginning() -> None:
    dataset = a_dataset(an_item("date", item="start"), an_item("date", item="end", not_before="start"))
    rows: list[dict[str, str | None]] = [
        {"start": "2026-01-02", "end": "2026-01-01"},
        {"start": "2026-01-01", "end": "2026-01-01"},
        {"start": None, "end": "2026-01-01"},
    ]
    assert check(dataset, *rows).faults.rows() == [(1, "end", "before_other")]


def test_a_part_may_not_be_more_than_the_whole() -> None:
    dataset = a_dataset(an_item("int", item="whole"), an_item("int", item="part", at_most="whole"))
    assert check(dataset, {"whole": "2", "part": "3"}, {"whole": "3", "part": "3"}).faults.rows() == [
        (1, "part", "more_than_other")
    ]


@pytest.mark.parametrize(
    ("payable", "paid", "arrears", "is_right"),
    [("10", "4", "6", True), ("10", "4", "6.01", False), ("10", "12", "0", True), ("10", None, "5", True)],
)
def test_arrears_are_what_was_due_less_what_was_paid(
    payable: str, paid: str | None, arrears: str, is_right: bool
) -> None:
    dataset = shipped().datasets["tax_social_fee"]
    row: dict[str, str | None] = {"uscc": GOOD, "period": "2026-10", "payable": payable, "paid": paid}
    checked = check(dataset, row | {"arrears": arrears})
    assert checked.faults.rows() == ([] if is_right else [(1, "arrears", "wrong_difference")])


def test_an_item_may_be_required_because_of_another() -> None:
    dataset = shipped().datasets["hrss_wage_deposit"]
    row: dict[str, str | None] = {"project_code": "P", "gc_uscc": GOOD, "bank_name": "某行"}
    assert check(dataset, row | {"form": "银行保函"}).faults.rows() == [(1, "guarantee_no", "required_here")]
    assert check(dataset, row | {"form": "cash"}, row).rejected == 0


def test_a_breach_of_the_law_is_no_fault_of_the_record() -> None:
    """What the platform looks for must not be refused at its door (Decree 724; 人社部发〔2021〕53号 art. 7, 8)."""
    account = shipped().datasets["bk_special_account"]
    late: dict[str, str | None] = {
        "account_no": "1", "project_code": "P", "gc_uscc": GOOD, "bank_name": "某行", "contract_signed": "2026-01-01",
        "opened_at": "2026-10-01",
    }  # fmt: skip
    assert check(account, late).rejected == 0
    flow = shipped().datasets["bk_account_flow"]
    outflow: dict[str, str | None] = {
        "account_no": "1", "txn_id": "1", "txn_at": "2026-11-01", "direction": "out", "amount": "5",
        "payee_is_worker": "false",
    }  # fmt: skip
    assert check(flow, outflow).rejected == 0


def test_a_source_time_more_than_a_day_ahead_is_refused() -> None:
    dataset = shipped().datasets["tax_arrears"]
    row: dict[str, str | None] = {"taxpayer": "某", "taxpayer_no": "1", "tax_kind": "v", "as_of": "2026-10"}
    skewed = row | {"stat_at": "2026-11-24T08:00:00Z"}
    wrong = row | {"stat_at": "2026-11-24T10:00:00Z"}
    assert check(dataset, skewed, wrong).faults.rows() == [(2, "stat_at", "in_the_future")]


def test_a_dirty_code_of_the_employer_refuses_no_row_that_has_another_key() -> None:
    dataset = shipped().datasets["tax_arrears"]
    row: dict[str, str | None] = {
        "taxpayer": "某", "taxpayer_no": "1", "tax_kind": "v", "as_of": "2026-10", "uscc": "91330110MA2CEABC1X",
    }  # fmt: skip
    checked = check(dataset, row)
    assert (checked.rejected, len(checked.values)) == (0, 1)
    assert checked.faults.rows() == [(1, "uscc", "uscc_check")]
    keyed: dict[str, str | None] = {"uscc": "91330110MA2CEABC1X", "period": "2026-10"}
    assert check(shipped().datasets["tax_social_fee"], keyed).rejected == 1


TAX = Checker(shipped().datasets["tax_arrears"])
CALM: dict[str, str | None] = {
    "taxpayer": "某", "taxpayer_no": "1", "tax_kind": "增值税", "balance": "1.00", "as_of": "2026-10",
}  # fmt: skip
anything = st.dictionaries(
    st.sampled_from(list(TAX.dataset.by_name)), st.text(st.characters(codec="utf-8"), max_size=25), max_size=9
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.just(CALM), anything), max_size=12))
def test_a_good_row_is_never_lost_because_of_a_bad_one(rows: list[dict[str, str | None]]) -> None:
    good = [number for number, row in enumerate(rows, 1) if row == CALM]
    checked = TAX.check(a_batch(TAX.dataset, rows), NOW)
    kept = checked.values.get_column("#row").to_list()
    assert set(good) <= set(kept)
    assert len(kept) + checked.rejected == len(rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.just(CALM), anything), min_size=1, max_size=8))
def test_a_row_is_judged_alone_as_it_is_judged_among_others(rows: list[dict[str, str | None]]) -> None:
    together = TAX.check(a_batch(TAX.dataset, rows), NOW).faults
    for number, row in enumerate(rows, 1):
        alone = TAX.check(a_batch(TAX.dataset, [row]), NOW).faults
        mine = together.filter(pl.col("row") == number).select("item", "code")
        assert mine.rows() == alone.select("item", "code").rows()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_money_is_never_rounded(amount: Decimal) -> None:
    assert value_of("money", format(amount, "f")) == amount
