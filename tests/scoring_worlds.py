"""Small worlds for tests: rows by dataset, in memory, in files, or as stored versions."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from services.scoring.frames import gather
from services.scoring.measurebook import shipped
from services.scoring.measures import feature_table
from services.scoring.worlds import World, world_in, world_of
from tests.scoring_facts import a_receipt, a_version, versions_of

Rows = Mapping[str, list[dict[str, Any]]]
A, B, C = "91330110MA27XL0L00", "91330110MA2CEABC1R", "913301105630318450"
AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
_CHINA = timezone(timedelta(hours=8))


def on(day: str, hour: int = 2) -> datetime:
    """A moment of a day, in UTC."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def a_bill(uscc: str, month: str, arrears: float | None = 0, /, **items: Any) -> dict[str, Any]:
    """A power bill, told on the tenth of the next month."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    told = {
        "account_no": f"p-{uscc}",
        "period": month,
        "uscc": uscc,
        "arrears": arrears,
        "amount_due": 100.0,
        "kwh": 500.0,
    }
    return told | {"reported_at": datetime(year, number + 1, 10, tzinfo=UTC)} | items


def frames_of(rows: Rows) -> dict[str, pl.DataFrame]:
    """Every dataset's rows as texts, as a CSV has them."""
    return {code: pl.DataFrame([_as_texts(row) for row in told]) for code, told in rows.items()}


def a_world(rows: Rows) -> World:
    """The world of these rows, as if read of files."""
    return world_in({code: frame.lazy() for code, frame in frames_of(rows).items()})


def in_files(rows: Rows, folder: Path) -> Path:
    """The same in CSV files."""
    for code, frame in frames_of(rows).items():
        frame.write_csv(folder / f"{'labels' if code == 'own_past' else code}.csv")
    return folder


def a_stored_world(rows: Rows, at: datetime) -> World:
    """The same as ingest would have stored it."""
    # The others are empty either way, and forty of them take their time.
    there = tuple(each for each in shipped().datasets if each.dataset in rows)
    book = msgspec.structs.replace(shipped(), datasets=there)
    table = stored_versions(rows)
    datasets = {each.dataset: each.as_stored() for each in book.datasets}
    feeds = table.select("dataset", "agency", oldest="source_time", reported_at="reported_at").with_columns(
        month=pl.lit(None, pl.Int32), stopped_at=pl.lit(None, pl.Datetime("us", "UTC"))
    )
    return world_of(gather(table.get_column("subject"), table, feeds, datasets, at), book)


def stored_versions(rows: Rows) -> pl.DataFrame:
    """The rows as versions (frames.VERSIONS), the way ingest would have found, keyed and dated them."""
    return versions_of([_as_version(code, row) for code, told in rows.items() for row in told])


def features_of(rows: Rows, subjects: Iterable[str] | None = None, at: datetime = AT) -> pl.DataFrame:
    """The features of everyone, or of these, in the world of these rows."""
    return feature_table(a_world(rows), at, None if subjects is None else pl.Series(list(subjects)))


def feature(rows: Rows, column: str, subject: str = A, at: datetime = AT) -> Any:
    """One feature of one employer."""
    return features_of(rows, [subject], at)[column][0]


def _as_texts(row: dict[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else _as_text(value) for name, value in row.items()}


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_version(code: str, row: dict[str, Any]) -> dict[str, Any]:
    dataset = shipped().by_code[code]
    items = {name: value for name, value in _as_texts(row).items() if name in dataset.items and name != "reported_at"}
    told = [_in_china(row[item]) for item in dataset.source_time if row.get(item)]
    return a_version(
        code,
        "|".join(str(row.get(item)) for item in dataset.key),
        **items,
        _kind=dataset.about if "account_no" not in row or dataset.code else "account",
        _subject=row.get("project_code") or row.get(dataset.code[0] if dataset.code else "account_no"),
        _reported=row["reported_at"],
        _time=min([max(told), row["reported_at"]]) if told else row["reported_at"],
        _receipt=a_receipt(int(row["reported_at"].timestamp())),  # numbers of receipts rise with time
    )


def _in_china(told: str | datetime) -> datetime:
    text = told if isinstance(told, str) else told.astimezone(_CHINA).strftime("%Y-%m-%dT%H:%M:%S")
    return datetime.fromisoformat(f"{text}+08:00" if "T" in text else f"{text}T00:00:00+08:00")
