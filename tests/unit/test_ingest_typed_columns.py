"""A record is the same, whatever the format it was written in: value, key, fingerprint, fault."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.batches import Prepared, prepare
from services.ingest.codecs import read
from services.ingest.columnar.flat import Unreadable
from services.ingest.columnar.texts import cut, texts_of, unreadable
from services.ingest.validation import ROW, Batch, Checker
from shared.crypto import Vault
from tests.ingest_rows import NOW, a_dataset, an_item

VAULT = Vault(bytes(range(32)))
SIGNS = [{"value": "layoff", "zh": "裁员"}, {"value": "boss lost", "zh": "失联"}]
TYPES: dict[str, Any] = {
    "name": pl.String,
    "kind": pl.Categorical,
    "amount": pl.Decimal(18, 2),
    "rate": pl.Decimal(9, 4),
    "heads": pl.Int32,
    "day": pl.Date,
    "at": pl.Datetime("us", "UTC"),
    "local": pl.Datetime("ms"),
    "fine": pl.Boolean,
    "signs": pl.List(pl.String),
    "nothing": pl.Null,
}
KINDS = ["str20", "enum", "money", "dec5.4", "int", "date", "datetime", "datetime", "bool", "set", "text"]
MORE: dict[str, dict[str, Any]] = {"kind": {"open": True}, "signs": {"values": SIGNS}, "amount": {"min": 0}}
ITEMS = [an_item(kind, item=name, **MORE.get(name, {})) for name, kind in zip(TYPES, KINDS, strict=True)]
EVERYTHING = a_dataset(*ITEMS, source_time=["at"])
CHECKER = Checker(EVERYTHING)

MOMENTS = st.datetimes(datetime(1600, 1, 1), datetime(2300, 1, 1))  # noqa: DTZ001 - some systems tell no zone
ROWS = st.fixed_dictionaries(
    {
        "id": st.text("ab中 |\\", max_size=3),
        "name": st.text('a"中,\n\r =', max_size=5),
        "kind": st.sampled_from(["增值税", "营业税", ""]),
        "amount": st.decimals(-9, 10**15, places=2),
        "rate": st.decimals(-20, 20, places=4),
        "heads": st.integers(-(2**31), 2**31 - 1),
        "day": st.dates(date(1, 1, 1)),
        "at": MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
        "local": MOMENTS.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)),
        "fine": st.booleans(),
        "signs": st.lists(st.sampled_from(["layoff", "裁员", "boss lost", "nonsense"]), max_size=3),
        "nothing": st.none(),
    }
).flatmap(lambda row: st.fixed_dictionaries({name: st.sampled_from([value, None]) for name, value in row.items()}))


def as_json(rows: list[dict[str, Any]]) -> bytes:
    """As an agency's program writes it: decimals as numbers, dates and times in ISO 8601."""
    numbers = {Decimal: lambda value: f"@{value}@", date: date.isoformat, datetime: datetime.isoformat}
    told = json.dumps(rows, default=lambda value: numbers[type(value)](value))
    return told.replace('"@', "").replace('@"', "").encode()


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(rows[0])
    writer.writerows([_as_text(row[name]) for name in rows[0]] for row in rows)
    return out.getvalue().encode()


def _as_text(value: Any) -> str:
    return ";".join(value) if isinstance(value, list) else "" if value is None else str(value)


def prepared(batches: list[Batch]) -> Prepared:
    return prepare(pl_batches(batches), CHECKER, VAULT, NOW, "an-agency")


def pl_batches(batches: list[Batch]) -> Batch:
    return Batch(pl.concat([batch.texts for batch in batches]), pl.concat([batch.faults for batch in batches]))


def typed_batches(rows: list[dict[str, Any]]) -> list[Batch]:
    table = pl.DataFrame(rows, schema={"id": pl.String, **TYPES}, orient="row")
    assert unreadable(table.schema, frozenset({"signs"})) == {}
    texts, faults = texts_of(table, frozenset({"signs"}))
    return [Batch(texts.with_row_index(ROW, offset=1), faults)]


@given(rows=st.lists(ROWS, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_record_never_differs_by_the_format_it_came_in(rows: list[dict[str, Any]]) -> None:
    filled = [row | {"id": row["id"] or "x"} for row in rows]
    typed, written = (
        prepared(typed_batches(filled)),
        prepared(list(read(as_json(filled), "application/json", EVERYTHING))),
    )
    table = prepared(list(read(as_csv(filled), "text/csv", EVERYTHING)))
    for other in (written, table):
        assert other.faults.rows() == typed.faults.rows(), filled
        assert other.matched.rows() == typed.matched.rows()
        assert other.unmatched.rows() == typed.unmatched.rows()
        assert (other.received, other.rejected) == (typed.received, typed.rejected)


@pytest.mark.parametrize("second", ["2026-10-31T23:59:60+08:00", "2016-12-31T23:59:60Z"])
def test_a_second_60_is_refused_in_whatever_format_it_came(second: str) -> None:
    rows = [{"id": "1", "local": "2026-10-31T23:59:59+08:00"}, {"id": "2", "local": second}]
    texts, none = texts_of(pl.DataFrame(rows), frozenset())
    missing = [pl.lit(None, pl.String).alias(name) for name in EVERYTHING.by_name.keys() - rows[0].keys()]
    came = [
        list(read(json.dumps(rows).encode(), "application/json", EVERYTHING)),
        list(read("\n".join(map(json.dumps, rows)).encode(), "application/x-ndjson", EVERYTHING)),
        list(read(as_csv(rows), "text/csv", EVERYTHING)),
        [Batch(texts.with_columns(missing).with_row_index(ROW, offset=1), none)],
    ]
    for batches in came:
        checked = CHECKER.check(pl_batches(batches), NOW)
        assert checked.faults.rows() == [(2, "local", "leap_second")]
        assert checked.values.get_column("local").to_list() == [datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pl.Series([0.1, 120000.5, float("nan"), float("inf"), None]), ["0.1", "120000.5", "NaN", "inf", None]),
        (pl.Series([0.1], dtype=pl.Float32), ["0.1"]),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), [str(2**64 - 1)]),
        (pl.Series([datetime(2026, 10, 31, tzinfo=timezone(timedelta(hours=8)))]), ["2026-10-30T16:00:00Z"]),
        (
            pl.Series([2**62, -(2**62), 0], dtype=pl.Datetime("ms")),
            ["beyond the calendar"] * 2 + ["1970-01-01T00:00:00"],
        ),
        (
            pl.Series([2**62, 1, None], dtype=pl.Datetime("ns", "Asia/Shanghai")),
            ["2116-02-20T23:53:38.427387904Z", "1970-01-01T00:00:00.000000001Z", None],
        ),
        (pl.Series([2**31 - 1, -(2**31)], dtype=pl.Int32).cast(pl.Date), ["beyond the calendar"] * 2),
    ],
)
def test_a_typed_value_is_told_exactly_or_as_none(column: pl.Series, told: list[str | None]) -> None:
    texts, _ = texts_of(pl.DataFrame({"x": column}), frozenset())
    assert texts.get_column("x").to_list() == told


def test_a_set_with_a_hole_is_a_fault_of_its_row_alone() -> None:
    table = pl.DataFrame({"signs": [["layoff"], ["layoff", None], None, []]})
    texts, faults = texts_of(table, frozenset({"signs"}))
    assert faults.rows() == [(2, "signs", "nested")]
    assert texts.rows()[0] == ("layoff",)


def test_columns_that_no_item_can_have_are_named_with_the_reason() -> None:
    kinds: dict[str, Any] = {
        "a": pl.Struct({"b": pl.Int8}),
        "b": pl.Binary,
        "c": pl.List(pl.String),
        "d": pl.Duration(),
        "e": pl.List(pl.Int8),
        "f": pl.Object,
    }
    found = {"a": "nested", "b": "binary", "c": "nested", "d": "type", "e": "nested", "f": "type"}
    assert unreadable(pl.Schema(kinds), frozenset({"e"})) == found


def test_a_long_text_told_many_times_comes_in_small_batches() -> None:
    texts = pl.DataFrame({"x": ["y" * 1_000_000] * 10})
    faults = pl.DataFrame({"row": [1, 9], "item": "x", "code": "nested"}, schema_overrides={"row": pl.UInt32})
    pieces = list(cut(texts, faults))
    assert sum(len(piece) for piece, _ in pieces) == 10
    assert max(len(piece) for piece, _ in pieces) <= 5
    assert [row for _, found in pieces for row in found.get_column("row")] == [1, 1]
    with pytest.raises(Unreadable):
        list(cut(pl.DataFrame({"x": ["y" * 5_000_000]}), faults))
