"""A world: everything that was ever reported about the employers of a place, to be seen as it was known at any time.

It is read of a directory (`architecture.md` 6: a file a dataset, and `labels.csv`), with whatever datasets are there,
however dirty, or made of the facts that are stored. Datasets are read when they are first asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from services.scoring.frames import Facts
from services.scoring.measurebook import Measurebook, Measured, Via, shipped
from services.scoring.worlds import files, links, reading
from services.scoring.worlds.profiles import profile
from services.scoring.worlds.register import NOBODY, Register
from services.scoring.worlds.tables import Array, Table, build, empty
from services.scoring.worlds.twins import NONE, Twins, twins
from services.scoring.worlds.views import bad_rows, days

__all__ = ["NOBODY", "Table", "World", "read_world", "world_in", "world_of"]

LABELS: dict[str, pl.DataType] = {
    "employer_id": pl.String(),
    "started_on": pl.Date(),
    "discovered_on": pl.Date(),
    "workers": pl.Int64(),
    "amount": pl.Float64(),
}


Read = Callable[[Measured, Register], pl.DataFrame]


class World:
    """Tables of the datasets that there are. `book` says what they measure; `register` numbers the employers."""

    def __init__(
        self,
        there: Iterable[str],
        read: Read,
        book: Measurebook | None = None,
        silent: Iterable[str] = (),
        *,
        are_labels_foreign: bool = False,
        written: Twins = NONE,
    ) -> None:
        self.book = book or shipped()
        self.register = Register(written)
        self._there = frozenset(there)
        self._read = read
        self._are_labels_foreign = are_labels_foreign  # written by others than those who wrote the datasets
        self._silent = frozenset(silent)  # of whose datasets it is known that they have no row
        self._tables: dict[str, Table] = {}

    @cached_property
    def datasets(self) -> tuple[Measured, ...]:
        """The datasets that are there, in the order of the book."""
        return tuple(each for each in self.book.datasets if each.dataset in self._there)

    def table(self, code: str) -> Table:
        """A dataset's rows; KeyError when it is not there."""
        if code not in self._tables:
            self._tables[code] = self._load(self.book.by_code[code])
        return self._tables[code]

    def tables(self) -> dict[str, Table]:
        """Every dataset's rows."""
        return {each.dataset: self.table(each.dataset) for each in self.datasets}

    @cached_property
    def labels(self) -> pl.DataFrame:
        """Wage arrears that were found: employer_id (as in `subjects`), started_on, discovered_on, workers, amount."""
        if "own_past" not in self._there:
            return pl.DataFrame(schema=LABELS)
        rows = self._typed(self.book.by_code["own_past"]).drop_nulls("number")
        codes = self.register.codes.gather(rows.get_column("number").cast(pl.UInt32))
        blank = [pl.lit(None, kind).alias(name) for name, kind in LABELS.items() if name not in rows.columns]
        told = rows.with_columns(codes.alias("employer_id"), *blank)
        typed = told.select(pl.col(name).cast(kind) for name, kind in LABELS.items()).sort(list(LABELS))
        # A row that was written twice is one event.
        once = typed.unique(["employer_id", "started_on", "discovered_on"], keep="first", maintain_order=True)
        return once.sort("discovered_on", "employer_id", maintain_order=True)

    @cached_property
    def strangers(self) -> tuple[int, int]:
        """How many employers of the labels no dataset knows, and how many the labels name."""
        numbers = self.register.look_up(self.labels.get_column("employer_id").drop_nulls().unique()).to_numpy()
        self.tables()
        reports = self._first_reports_in(code for code in self._there if code != "own_past")
        return int((reports[numbers] == np.iinfo(np.int64).max).sum()), len(numbers)

    def stopped(self, until: date) -> dict[str, date]:
        """Datasets of months that had been silent for over two cycles by a day, and the day of their last word."""
        monthly = [each for each in self.datasets if each.period and len(self.table(each.dataset).reported)]
        last = [date(1970, 1, 1) + timedelta(int(days(self.table(each.dataset).reported.max()))) for each in monthly]
        told = zip(monthly, last, strict=True)
        return {each.dataset: day for each, day in told if (until - day).days > 2 * each.cycle_days}

    def subjects(self, at: datetime) -> pl.Series:
        """The codes of everyone who was spoken of by then, sorted. A code that is a slip for some other is nobody's."""
        now = reading.as_microseconds(at)
        known = pl.Series(self.known_numbers(now), dtype=pl.Int32)
        real = known.filter(~self._slips(known, now))
        return self.register.codes.gather(real.cast(pl.UInt32)).alias("subject").sort()

    def troubled(self, at: datetime, lately: timedelta) -> pl.Series:
        """The codes of whom bad news came lately: an event that makes things worse, or a debt. Sorted."""
        number, reported = self._bad_news
        now = reading.as_microseconds(at)
        is_new = (reported <= now) & (reported > now - lately // timedelta(microseconds=1))
        return self.register.codes.gather(pl.Series(np.unique(number[is_new]), dtype=pl.UInt32)).sort()

    def known_numbers(self, at: int) -> Array:
        """The numbers of everyone who was spoken of by then (microseconds since 1970), slips too."""
        return np.asarray(np.flatnonzero(self._first_reports <= at))

    def profile(self, at: datetime) -> pl.DataFrame:
        """subject, town, industry (section), size (band of insured people) as known then; null where not known."""
        subjects = self.subjects(at)
        where = self.profiles(self.register.look_up(subjects).to_numpy(), reading.as_microseconds(at))
        return where.insert_column(0, subjects)

    def profiles(self, numbers: Array, at: int) -> pl.DataFrame:
        """town, industry and size of employers by number, as known at a time (microseconds since 1970)."""
        sources = (self.book.profile.town.dataset, self.book.profile.heads.dataset)
        register, heads = (self.table(code) if code in self._there else None for code in sources)
        return profile(register, heads, self.book, numbers, at)

    @cached_property
    def _first_reports(self) -> Array:
        return self._first_reports_in(self.tables())

    @cached_property
    def _first_named(self) -> Array:
        """When each employer was first named by who does not slip: a label, or the register."""
        self.tables()  # whoever is numbered at all is by then
        return self._first_reports_in(code for code in ("own_past", "samr_entity") if code in self._there)

    def _first_reports_in(self, there: Iterable[str]) -> Array:
        tables, count = [self.table(code) for code in there], len(self.register.codes)
        never = np.full(count, np.iinfo(np.int64).max, dtype=np.int64)
        return np.asarray(np.minimum.reduce([never, *(table.first_reports(count) for table in tables)]))

    @cached_property
    def _bad_news(self) -> tuple[Array, Array]:
        """Number and time of report (microseconds since 1970) of every row that tells of an event or a debt."""
        found = [(table, bad_rows(table, self.book)) for table in self.tables().values()]
        return (
            np.concatenate([np.zeros(0, np.int32), *(table.subject[rows] for table, rows in found)]),
            np.concatenate([np.zeros(0, np.int64), *(table.reported[rows] for table, rows in found)]),
        )

    def _slips(self, known: pl.Series, now: int) -> pl.Series:
        """Which of the numbers known by now are slips: nearly every code proves but these, and no label or register has
        named them. Later words do not count: else of all slips those alone were scored who fail later.
        """
        slips = self.register.is_slip(known)
        if not len(slips) or slips.mean() > 0.1:  # type: ignore[operator]
            return slips & False
        return slips & pl.Series(self._first_named[known.to_numpy()] > now)

    def _load(self, dataset: Measured) -> Table:
        if dataset.dataset in self._silent:
            return empty(dataset, lambda: self._built(dataset))
        return self._built(dataset)

    def _built(self, dataset: Measured) -> Table:
        rows = self._with_the_lost(self._typed(dataset), dataset)
        keyed = rows if "key" in rows.columns else reading.with_keys(rows, dataset)
        named = keyed.with_columns(self.register.hashes(keyed.get_column("number")))
        return build(reading.whole(named, dataset), dataset, self.book)

    def _typed(self, dataset: Measured) -> pl.DataFrame:
        if dataset.dataset == "own_past" and self._are_labels_foreign:
            for each in self.datasets:
                if each.dataset != "own_past":
                    self.table(each.dataset)
            self.register.settle()
        return self._read(dataset, self.register)

    def spelled(self, texts: pl.Series) -> pl.Series:
        """Codes (n,) that somebody else wrote, as they stand in `subjects`; null for nothing."""
        self.tables()
        return self.register.spelled(texts)

    def _with_the_lost(self, rows: pl.DataFrame, dataset: Measured) -> pl.DataFrame:
        """Whose code is missing or slipped is looked for by account, by what another dataset knows, and by name."""
        ways = [(dataset.account, None), (dataset.via.item if dataset.via else None, dataset.via), (dataset.name, None)]
        for item, via in ways:
            lost = self._lost(rows)
            if item in rows.columns and lost.any():
                rows = links.follow(rows, item, self._links(dataset, item, via, rows, lost), lost)
        return rows

    def _lost(self, rows: pl.DataFrame) -> pl.Series:
        return self.register.is_slip(rows.get_column("number")).fill_null(True)

    def _links(
        self, dataset: Measured, item: str, via: Via | None, rows: pl.DataFrame, lost: pl.Series
    ) -> pl.DataFrame:
        if via:
            return self._told_elsewhere(via.dataset, via.item)
        if item == dataset.name and self._names.height:
            return links.only_unique(self._names)
        asked = rows.filter(lost).get_column(item).unique()
        found = links.told(rows.filter(~lost & rows.get_column(item).is_in(asked.implode())), item)
        return links.only_unique(found) if item == dataset.name else found

    def _told_elsewhere(self, code: str, item: str) -> pl.DataFrame:
        if code not in self._there:
            return pl.DataFrame(schema=links.LINKS)
        rows = self._typed(self.book.by_code[code])
        rows = rows.filter(~self._lost(rows))
        return links.told(rows, item) if item in rows.columns else pl.DataFrame(schema=links.LINKS)

    @cached_property
    def _names(self) -> pl.DataFrame:
        town = self.book.profile.town.dataset
        name = self.book.by_code[town].name if town in self._there else None
        return self._told_elsewhere(town, name) if name else pl.DataFrame(schema=links.LINKS)


def read_world(folder: Path, book: Measurebook | None = None) -> World:
    """The world of a directory. Files that the book does not know, or with nothing in them, are left alone.
    FileNotFoundError if it is none.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no directory")
    book = book or shipped()
    found = {each.dataset: files.find(folder, each.file or each.dataset) for each in book.datasets}
    there = {code: path for code, path in found.items() if path and not files.is_blank(path)}
    return world_in({code: files.scan(path) for code, path in there.items()}, book)


def world_in(frames: Mapping[str, pl.LazyFrame], book: Measurebook | None = None) -> World:
    """The world of frames by dataset (`own_past` holds the labels), as they would stand in files. Reads all of them but
    the labels: only all codes together tell which are written in several ways.
    """

    def read(dataset: Measured, register: Register) -> pl.DataFrame:
        return reading.typed(frames[dataset.dataset], dataset, register)

    world = World(frames, read, book, are_labels_foreign=True)
    told = [world.table(each.dataset) for each in world.datasets if each.dataset != "own_past"]
    found = twins(world.register.codes, told)
    # Whoever was taken for two is read once more.
    return world if found.meant.is_empty() else World(frames, read, book, are_labels_foreign=True, written=found)


def world_of(facts: Facts, book: Measurebook | None = None) -> World:
    """The world of stored facts, of `frames.gather` with `Measured.as_stored`: the same features as of a directory."""
    silent = [code for code, frame in facts.frames.items() if frame.is_empty()]
    return World(facts.frames, lambda dataset, register: reading.stored(facts, dataset, register), book, silent)
