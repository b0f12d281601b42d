"""What `anxin train` and `anxin backtest` do: read a directory, learn, judge, write what was found."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from services.scoring.backtest import Ask, answering, cautions, learn, past
from services.scoring.backtest import backtest as run
from services.scoring.backtest.card import card
from services.scoring.backtest.refused import Unfit
from services.scoring.model import registry
from services.scoring.model.policy import Policy, shipped
from services.scoring.worlds import World, casting, files, read_world
from services.scoring.worlds.codes import canonical

Say = Callable[[str, str], None]
Spelled = Callable[[pl.Series], pl.Series]  # codes as somebody wrote them -> as the datasets have them


def train(data: Path, until: date, out: Path, *, seed: int, say: Say, numbers: Policy | None = None) -> dict[str, Any]:
    """Train on a directory and write the model's entry; what it tells. Raises Unfit."""
    numbers = numbers or shipped()
    with _readable():
        source = _read(data, say)
        learned = learn(source, until, numbers, seed, say, visits=read_visits(data, source.world.spelled))
    silent = cautions.silent_in_training(learned.told_until, until)
    _say_all([*([silent] if silent else []), *_of_files(source.world, data, until)], say)
    facts = {
        **answering.trained(learned, source.described),
        "data_sha256": data_sha256(source.world, data),
        "horizon_days": numbers.horizon_days,
        "seed": seed,
    }
    registry.write(out, learned.contest.champion, facts, card(facts, numbers.horizon_days))
    return {**facts, "entry": str(out)}


def backtest(data: Path, ask: Ask, out: Path | None, *, say: Say, numbers: Policy | None = None) -> dict[str, Any]:
    """Backtest a directory, write the report when a folder is given; the answer. Raises Unfit."""
    ask.must_be_in_order()  # said before anything is read
    with _readable():
        source = _read(data, say)
        answer = run(
            source,
            ask,
            numbers or shipped(),
            read_oracle(data, source.world.spelled),
            say,
            visits=read_visits(data, source.world.spelled),
        )
    answer.told["warnings"] += _of_files(source.world, data, ask.test_until)
    _say_all(answer.told["warnings"], say)
    answer.told["data"] = {"datasets": datasets(source.world), "sha256": data_sha256(source.world, data)}
    if out is not None:
        from local import backtest_report

        backtest_report.write(out, answer)
    return answer.told


@contextmanager
def _readable() -> Iterator[None]:
    """Raises Unfit for a file that is not what its name says: cut off, with a quote that never ends."""
    try:
        yield
    except (pl.exceptions.ComputeError, pl.exceptions.NoDataError) as error:
        told = str(error).splitlines()[0][:200]
        raise Unfit(f"有文件无法读取：{told}", f"A file cannot be read: {told}") from error


LABELS = ("employer_id", "started_on", "discovered_on")


def _read(data: Path, say: Say) -> past.Past:
    """The directory as a source. Raises Unfit when it is not one that can be learned from."""
    if not data.is_dir():
        raise Unfit(f"没有目录 {data}。", f"There is no directory {data}.")
    _must_have_labels(data)
    say(f"读取 {data}", f"reading {data}")
    world = read_world(data)
    if not datasets(world):
        raise Unfit(
            f"{data} 里没有目录中的数据集（应有 <数据集>.parquet 或 .csv）。",
            f"{data} holds no dataset of the catalogue (expected <dataset>.parquet or .csv).",
        )
    source = past.Past(world)
    if source.labels.is_empty():
        raise Unfit("labels 里没有可用的标签行。", "labels holds no usable row.")
    return source


def _must_have_labels(data: Path) -> None:
    file = files.find(data, "labels")
    if file is None:
        raise Unfit(f"{data} 里没有 labels.csv。", f"There is no labels.csv in {data}.")
    _must_have(file, LABELS)


def _must_have(file: Path, columns: tuple[str, ...]) -> None:
    if files.is_blank(file):
        raise Unfit(f"{file.name} 是空的。", f"{file.name} is empty.")
    there = files.scan(file).collect_schema().names()
    if missing := [name for name in columns if name not in there]:
        told = ", ".join(missing)
        raise Unfit(f"{file.name} 缺少列 {told}。", f"{file.name} lacks the columns {told}.")


def datasets(world: World) -> list[str]:
    """The datasets of a world, without the labels."""
    return [each.dataset for each in world.datasets if each.file is None]


def read_oracle(data: Path, spelled: Spelled = canonical) -> pl.DataFrame | None:
    """employer_id, as_of, hazard of the oracle's file; None when it says nothing. Raises Unfit when one is lacking."""
    file = files.find(data, "oracle")
    if file is None or files.is_blank(file):
        return None
    _must_have(file, ("employer_id", "as_of", "hazard"))
    told: pl.DataFrame = files.scan(file).collect()
    read = told.select(
        spelled(told.get_column("employer_id")).alias("employer_id"),
        casting.cast("as_of", "date", told.schema["as_of"]),
        casting.cast("hazard", "dec", told.schema["hazard"]),
    ).drop_nulls()
    return read if read.height else None


def read_visits(data: Path, spelled: Spelled = canonical) -> pl.DataFrame | None:
    """employer_id, inspected_on, found of the random inspections' file; None when there is none, or it lacks one."""
    file = files.find(data, "inspections")
    told = None if file is None or files.is_blank(file) else files.scan(file).collect()
    if told is None or not {"employer_id", "inspected_on", "found"} <= set(told.columns):
        return None
    return told.select(
        spelled(told.get_column("employer_id")).alias("employer_id"),
        casting.cast("inspected_on", "date", told.schema["inspected_on"]),
        casting.cast("found", "bool", told.schema["found"]),
    )


def _say_all(found: list[cautions.Caution], say: Say) -> None:
    for each in found:
        say(f"注意：{each['zh']}", f"note: {each['en']}")


def _of_files(world: World, data: Path, until: date) -> list[cautions.Caution]:
    """What is to be said of the files: labels of strangers, feeds that stopped, empty ones, spoilt bytes."""
    unknown = cautions.strangers(*world.strangers)
    stopped = cautions.stopped(world.stopped(until), until)
    blank = cautions.blank([file.name for each in world.book.datasets if (file := _blank(data, each.dataset))])
    return [each for each in (unknown, stopped, blank) if each] + _spoilt(world, data)


def _blank(data: Path, name: str) -> Path | None:
    file = files.find(data, name)
    return file if file and files.is_blank(file) else None


def _spoilt(world: World, data: Path) -> list[cautions.Caution]:
    found = (files.find(data, name) for name in ("labels", *datasets(world)))
    texts = [file for file in found if file and file.suffix.lower() == ".csv"]
    written = {file.name: files.encoding_of(file) for file in texts}
    return [cautions.spoilt(name, encoding, count) for name, (encoding, count) in written.items() if count]


def data_sha256(world: World, data: Path) -> str:
    """One digest of the labels and of every dataset that is read, by name and content."""
    digest = hashlib.sha256()
    for name in sorted(["labels", *datasets(world)]):
        file = files.find(data, name)
        if file is not None:
            digest.update(f"{file.name}\n".encode())
            digest.update(_file_sha256(file))
    return digest.hexdigest()


def _file_sha256(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
