"""The directory of `architecture.md` section 6: a file a dataset, the labels, and what the platform never reads."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from city import labels
from city.building import City
from city.feeds import DETAILS, PRODUCERS


def write(city: City, folder: Path, *, details: bool = False, only: Collection[str] = ()) -> Iterator[tuple[str, int]]:
    """Write every file, or of the datasets `only` some; yields the name and the rows of each as it is done."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    producers = {**PRODUCERS, **(DETAILS if details else {})}
    for dataset, producer in producers.items():
        if only and dataset not in only:
            continue
        counts[dataset] = _parquet(producer(city), folder / f"{dataset}.parquet")
        yield dataset, counts[dataset]
    yield "oracle", _parquet(labels.oracle(city), folder / "oracle.parquet")
    known, true, visits = labels.labels(city), labels.truth(city), labels.inspected(city)
    known.write_csv(folder / "labels.csv")
    true.write_parquet(folder / "truth.parquet")
    visits.write_parquet(folder / "inspections.parquet")
    counts |= {"labels": known.height, "truth": true.height, "inspections": visits.height}
    (folder / "city.json").write_text(
        json.dumps(_described(city, counts), ensure_ascii=False, indent=1), encoding="utf-8"
    )
    yield "labels", known.height


def _parquet(frames: Iterator[pl.DataFrame], file: Path) -> int:
    """Frame by frame, so that no more than a month is in memory. Returns the rows."""
    first, rows = next(frames), 0

    def told(_columns: object, _predicate: object, _count: object, _size: object) -> Iterator[pl.DataFrame]:
        nonlocal rows
        for frame in _from(first, frames):
            rows += frame.height
            yield frame.select(first.columns)

    register_io_source(told, schema=first.schema).sink_parquet(file, compression="zstd", row_group_size=250_000)
    return rows


def _from(first: pl.DataFrame, others: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    yield first
    yield from others


def _described(city: City, counts: dict[str, int]) -> dict[str, object]:
    calendar = city.calendar
    return {
        "seed": city.draws.seed,
        "employers": city.people.count,
        "begins_on": str(calendar.begins_on),
        "ends_before": str(calendar.ends_on),
        "months": calendar.months,
        "rows": counts,
    }
