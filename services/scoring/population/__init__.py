"""What an employer's features need of everyone else, worked out of the whole population once and kept. Pure.

`Gathering` takes the population in parts, so that it never has to be in memory as a whole; `Population.context` puts
what was kept beside the facts of a few employers: their features are then, to the last bit, those they have among all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import numpy as np
import polars as pl

from services.scoring.frames import Facts
from services.scoring.measurebook import Measurebook, Measured
from services.scoring.measures import Context, relatives
from services.scoring.measures.panels import Feed, told_months
from services.scoring.measures.peers import Looks, Peers, assembled, looks
from services.scoring.measures.snapshot import Snapshot
from services.scoring.worlds import World
from services.scoring.worlds.codes import canonical
from services.scoring.worlds.reading import as_microseconds
from services.scoring.worlds.tables import Table
from services.scoring.worlds.views import Moment

__all__ = ["Gathering", "Heard", "Holds", "Population", "Spoken"]

Holds = pl.DataFrame  # employer, project: whose features the facts of a project go into
MEMBERS = {"group": pl.String(), "code": pl.String()}


@dataclass(frozen=True)
class Spoken:
    """How a dataset had spoken: its last report (microseconds; None: never), and the months (since year 0) it told."""

    last: int | None
    months: tuple[int, ...] = ()


@dataclass(frozen=True)
class Heard:
    """How a dataset has spoken of some: its last report (microseconds; None: of nobody that is known), and its records
    that stand, by month (since year 0)."""

    last: int | None
    counts: Mapping[int, int]

    @classmethod
    def together(cls, parts: Sequence["Heard"]) -> "Heard":
        """What several parts of a population have heard."""
        counts: Counter[int] = Counter()
        for part in parts:
            counts.update(part.counts)
        return cls(max((part.last for part in parts if part.last is not None), default=None), counts)

    def spoken(self, at: datetime, book: Measurebook) -> Spoken:
        """How the dataset had spoken by a time."""
        month, windows = Moment.of(at).month, book.windows
        ages = np.array([self.counts.get(month - age, 0) for age in range(windows.months)], dtype=np.int64)
        told = told_months(ages, windows) if self.counts else np.zeros(windows.months, dtype=bool)
        return Spoken(self.last, tuple(month - int(age) for age in np.flatnonzero(told)))


def heard(world: World, facts: Facts, at: datetime) -> dict[str, Heard]:
    """How the datasets of a world of stored facts have spoken by a time; those that never did are not there."""
    spoken = (code for code, frame in facts.frames.items() if frame.height)
    return {code: _heard(world.table(code), as_microseconds(at)) for code in spoken}


def _heard(table: Table, at: int) -> Heard:
    known = table.reported <= at
    if not known.any():
        return Heard(None, {})
    last = int(table.reported[known].max())
    if "month" not in table.columns or table.dataset.gaps == "missing":
        return Heard(last, {})
    months, places = np.unique(table.month[known], return_inverse=True)
    counts = table.tally(known, places, len(months)).astype(np.int64)
    return Heard(last, dict(zip(months.tolist(), counts.tolist(), strict=True)))


@dataclass(frozen=True)
class Population:
    """`as_of`: the time it is of. `ties`: of each kind the members of its groups (group, code). `holds`: see Holds."""

    as_of: datetime
    spoken: Mapping[str, Spoken]
    peers: Peers
    ties: Mapping[str, pl.DataFrame]
    holds: Holds

    def book(self, book: Measurebook) -> Measurebook:
        """The book cut to the datasets that have spoken at all."""
        return cut(book, self.spoken)

    def relatives(self, codes: Sequence[str]) -> list[str]:
        """Those who are tied to these employers, without them."""
        asked = pl.Series(codes, dtype=pl.String)
        found = [members.get_column("code") for members in self._circles(asked).values()]
        every = pl.concat(found).unique() if found else pl.Series([], dtype=pl.String)
        return every.filter(~every.is_in(asked.implode())).sort().to_list()

    def projects(self, codes: Sequence[str]) -> list[str]:
        """The projects whose facts go into these employers' features."""
        asked = pl.Series(codes, dtype=pl.String).implode()
        return self.holds.filter(pl.col("employer").is_in(asked)).get_column("project").unique().sort().to_list()

    def context(self, world: World, at: datetime, codes: Sequence[str]) -> Context:
        """The context of these employers in a world that holds their facts, and those of their relatives."""
        world.tables()  # whoever is spoken of has a number from here on
        month, span = Moment.of(at).month, world.book.windows.months
        feeds = {code: _feed(told, month, span) for code, told in self.spoken.items()}
        circles = self._circles(pl.Series(codes, dtype=pl.String))
        ties = {kind: _numbered(members, world) for kind, members in circles.items()}
        return Context(Snapshot(world, at, feeds), self.peers, ties)

    def _circles(self, asked: pl.Series) -> dict[str, pl.DataFrame]:
        return {kind: _around(members, asked) for kind, members in self.ties.items()}


@dataclass
class Gathering:
    """Takes the looks of those who stand for all, part by part."""

    at: datetime
    spoken: Mapping[str, Spoken]
    parts: list[Looks] = field(default_factory=list)

    def look(self, world: World, codes: Sequence[str]) -> None:
        """Add some of those who stand for all; the world holds their facts."""
        month, span = Moment.of(self.at).month, world.book.windows.months
        feeds = {code: _feed(told, month, span) for code, told in self.spoken.items()}
        numbers = world.register.enter(pl.Series(codes, dtype=pl.String)).to_numpy().astype(np.int64)
        self.parts.append(looks(Snapshot(world, self.at, feeds), numbers))

    def gathered(self, ties: Mapping[str, pl.DataFrame], holds: Holds, book: Measurebook) -> Population:
        """The population of all parts."""
        return Population(self.at, self.spoken, assembled(self.parts, book), ties, holds)


def cut(book: Measurebook, spoken: Mapping[str, Spoken]) -> Measurebook:
    """The book of these datasets alone. Whose a stored record is was found by ingest: it is not looked for again.

    Only by what a project or account is known to be of (`via`), which a project's own facts tell.
    """
    there = (each for each in book.datasets if each.dataset in spoken)
    return msgspec.structs.replace(book, datasets=tuple(_found_already(each, spoken) for each in there))


def _found_already(each: Measured, spoken: Mapping[str, Spoken]) -> Measured:
    via = each.via if each.via and each.about == "project" and each.via.dataset in spoken else None
    return msgspec.structs.replace(each, account=None, name=None, via=via)


def holds_of(frames: Mapping[str, pl.DataFrame], book: Measurebook) -> Holds:
    """Which projects' facts go into which employers' features, of the frames of all projects by dataset."""
    named = [
        frames[each.dataset].select(canonical(frames[each.dataset][item]).alias("employer"), project="subject")
        for each in book.datasets
        if each.about == "project" and each.dataset in frames
        for item in each.code
    ]
    schema = {"employer": pl.String(), "project": pl.String()}
    every = pl.concat([pl.DataFrame(schema=schema), *named])
    return every.drop_nulls().unique().sort("employer", "project")


def named(snapshot: Snapshot) -> dict[str, pl.DataFrame]:
    """Of each kind of tie who names which group (group, code), in a world of some employers or projects."""
    snapshot.world.tables()  # whoever is spoken of has a number from here on
    codes = snapshot.world.register.codes
    return {
        kind: members.select("group", codes.gather(members["number"].cast(pl.UInt32)).alias("code"))
        for kind, members in relatives.named(snapshot).items()
    }


def tied(parts: Sequence[Mapping[str, pl.DataFrame]], book: Measurebook) -> dict[str, pl.DataFrame]:
    """The groups of all the parts that are ties: of more than one, and not of too many."""
    found = {}
    there = {each.dataset for each in book.datasets}
    for tie in book.ties:
        members = [part[tie.code] for part in parts if tie.code in part]
        if members and any(party.dataset in there for party in tie.of):
            found[tie.code] = relatives.circles(pl.concat(members).unique(), tie).sort("group", "code")
    return found


def _feed(told: Spoken, month: int, span: int) -> Feed:
    return Feed(told.last, np.isin(month - np.arange(span), np.array(told.months, dtype=np.int64)))


def _around(members: pl.DataFrame, asked: pl.Series) -> pl.DataFrame:
    groups = members.filter(pl.col("code").is_in(asked.implode())).get_column("group").unique()
    return members.filter(pl.col("group").is_in(groups.implode()))


def _numbered(members: pl.DataFrame, world: World) -> pl.DataFrame:
    numbers = world.register.enter(members.get_column("code")).cast(pl.Int64).alias("number")
    return members.select("group", numbers).sort("group", "number")


def everyone(parts: Iterable[pl.Series]) -> pl.Series:
    """The codes of a population, of whoever names them, each once, sorted."""
    return (
        pl.concat([pl.Series([], dtype=pl.String), *(canonical(part) for part in parts)]).drop_nulls().unique().sort()
    )
