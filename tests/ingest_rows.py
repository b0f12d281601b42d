"""Rows for the pure rooms of ingest: a dataset of one item, and its check as a function of one text."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.validation import FAULTS, ROW, Batch, Checked, Checker

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
GOOD = "91330100799655058B"


def a_dataset(*items: dict[str, Any], **changes: Any) -> Dataset:
    """A dataset with a key `id` and these items besides."""
    calm = {
        "dataset": "x",
        "label": {"zh": "甲", "en": "A"},
        "measure": "event",
        "cycle": "day",
        "sharing": "C",
        "legal_basis": "a test",
        "subject": {"kind": "account", "item": "id"},
        "key": ["id"],
        "source_time": [],
        "items": [{"item": "id", "label": "编号", "type": "str20", "required": True}, *items],
    }
    return msgspec.convert(calm | changes, Dataset, strict=False)


def an_item(kind: str, **changes: Any) -> dict[str, Any]:
    """An item `value` of that type."""
    calm: dict[str, Any] = {"item": "value", "label": "值", "type": kind}
    if kind == "idno":
        calm |= {"sensitivity": "P3", "seal": "person"}
    return calm | changes


def a_batch(dataset: Dataset, rows: list[dict[str, str | None]]) -> Batch:
    """Texts as the codecs give them; an `id` is filled in where there is none."""
    filled = [{"id": str(number), **row} for number, row in enumerate(rows, 1)] if "id" in dataset.by_name else rows
    texts = pl.DataFrame(filled, schema=dict.fromkeys(dataset.by_name, pl.String), orient="row")
    return Batch(texts.with_row_index(ROW, offset=1), pl.DataFrame(schema=FAULTS))


def check(dataset: Dataset, *rows: dict[str, str | None]) -> Checked:
    """The rows checked at NOW."""
    return Checker(dataset).check(a_batch(dataset, list(rows)), NOW)


def value_of(kind: str, text: str | None, **changes: Any) -> Any:
    """The typed value of a text; an AssertionError that holds the fault when it is refused."""
    checked = check(a_dataset(an_item(kind, **changes)), {"value": text})
    assert checked.rejected == 0, checked.faults.rows()
    return checked.values.item(0, "value")


def fault_of(kind: str, text: str | None, **changes: Any) -> str | None:
    """The code of the fault of a text, None when it is accepted."""
    checked = check(a_dataset(an_item(kind, **changes)), {"value": text})
    codes = checked.faults.get_column("code").to_list()
    assert len(codes) == checked.rejected <= 1
    return codes[0] if codes else None
