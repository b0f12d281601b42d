"""What is wrong with a feed, and what state it is in. Plain values in and out.

Newest rows (as few days as give enough of them) are judged against the feed's own past. `state` puts what was found and
the time of day together; only a change between its grades is an alarm.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from services.ingest.catalogue import Dataset
from services.ingest.feeds.drift import Drift, drifts
from services.ingest.feeds.numbers import value
from services.ingest.feeds.rhythm import Rhythm
from services.ingest.feeds.sketches import Sketch, added

State = Literal["never", "on_time", "due", "late", "silent", "broken"]
Grade = Literal["well", "late", "silent", "broken"]
STATES: tuple[State, ...] = ("never", "on_time", "due", "late", "silent", "broken")
GRADES: Mapping[State, Grade] = {
    "never": "well",
    "on_time": "well",
    "due": "well",
    "late": "late",
    "silent": "silent",
    "broken": "broken",
}
Code = Literal["late", "silent", "refused", "errors", "unmatched", "item_gone", "item_emptier", "drift"]


@dataclass(frozen=True)
class Day:
    """What a feed brought on a day of China: counts of rows, and the sketch of those that were measured."""

    day: date
    received: int
    rejected: int
    unmatched: int
    sketch: Sketch


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong. `measured` against `usual` or a `bound`; `item` where it is about one."""

    code: Code
    since: datetime
    item: str = ""
    measured: float | None = None
    usual: float | None = None
    bound: float | None = None

    @property
    def what(self) -> tuple[Code, str]:
        return self.code, self.item


@dataclass(frozen=True)
class Found:
    """What the newest rows say: `problems`, how far every comparable item has moved, and since which day was judged."""

    problems: tuple[Problem, ...]
    drifts: tuple[Drift, ...]
    judged_from: date | None


def judge(days: Sequence[Day], dataset: Dataset, refusals: int, at: datetime) -> Found:
    """Judge a feed by its days, in any order. `refusals`: files refused whole since the last that was taken."""
    ordered = sorted(days, key=lambda each: each.day, reverse=True)
    counted = _split([day for day in ordered if day.received], dataset, _is_countable)
    now, before = _split([day for day in ordered if day.sketch.rows], dataset, _is_comparable)
    looks, looked = added(day.sketch for day in now), added(day.sketch for day in before)
    emptied = _emptied(looked, looks, at)
    moved = drifts(looked, looks)
    gone = {problem.item for problem in emptied}
    drifted = [
        Problem(code="drift", since=at, item=each.item, measured=each.psi, bound=each.bound)
        for each in moved
        if each.is_beyond and each.item not in gone
    ]
    problems = (*_refused(refusals, at), *_rates(*counted, at), *emptied, *drifted)
    return Found(problems, tuple(moved), min((day.day for day in now), default=None))


def since_kept(found: Iterable[Problem], before: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems, each with the moment since which it has been there without a pause."""
    known = {problem.what: problem.since for problem in before}
    return tuple(msgspec.structs.replace(each, since=known.get(each.what, each.since)) for each in found)


def state(rhythm: Rhythm | None, problems: Iterable[Problem], at: datetime) -> State:
    """A feed's state at a moment. Absence comes first: nobody can say whether what does not come is broken."""
    if rhythm is None:
        return "broken" if any(problems) else "never"
    if at >= rhythm.silent_at:
        return "silent"
    if at >= rhythm.late_at:
        return "late"
    if any(problems):
        return "broken"
    return "due" if at >= rhythm.expected_at else "on_time"


def overdue(rhythm: Rhythm | None, at: datetime) -> tuple[Problem, ...]:
    """The absence of a feed as a problem, since the moment its patience ended."""
    if rhythm is None or at < rhythm.late_at:
        return ()
    if at >= rhythm.silent_at:
        return (Problem(code="silent", since=rhythm.silent_at),)
    return (Problem(code="late", since=rhythm.late_at),)


def is_alarm(before: State, now: State) -> bool:
    """Whether a change of state is to be announced: from well to not, back, or from one trouble to another."""
    return GRADES[before] != GRADES[now]


def _split(
    days: Sequence[Day], dataset: Dataset, is_enough: Callable[[Sequence[Day]], bool]
) -> tuple[list[Day], list[Day]]:
    """The newest days (newest first), as many as are enough within the window, and the past before them."""
    newest: list[Day] = []
    for day in days:
        if newest and (is_enough(newest) or (newest[0].day - day.day).days >= value("feed.window", dataset)):
            break
        newest.append(day)
    if not newest:
        return [], []
    begin = newest[-1].day - timedelta(days=value("feed.past", dataset))
    return newest, [day for day in days if begin <= day.day < newest[-1].day]


def _is_countable(days: Sequence[Day]) -> bool:
    return bool(sum(day.received for day in days) >= value("feed.least_received"))


def _is_comparable(days: Sequence[Day]) -> bool:
    return bool(sum(day.sketch.sampled for day in days) >= value("feed.least_measured"))


def _refused(refusals: int, at: datetime) -> list[Problem]:
    bound = value("feed.refusals")
    return [Problem(code="refused", since=at, measured=refusals, bound=bound)] if refusals >= bound else []


def _rates(newest: Sequence[Day], past: Sequence[Day], at: datetime) -> list[Problem]:
    """Errors beyond the bound, and more rows without a subject than the feed is used to."""
    received, before = (sum(day.received for day in days) for days in (newest, past))
    if received < value("feed.least_received"):
        return []
    problems = []
    errors = sum(day.rejected for day in newest) / received
    if errors > value("feed.error_rate"):
        problems.append(Problem(code="errors", since=at, measured=errors, bound=value("feed.error_rate")))
    unmatched = sum(day.unmatched for day in newest) / received
    usual = sum(day.unmatched for day in past) / before if before >= value("feed.least_received") else unmatched
    if unmatched - usual > value("feed.unmatched_rise"):
        bound = usual + value("feed.unmatched_rise")
        problems.append(Problem(code="unmatched", since=at, measured=unmatched, usual=usual, bound=bound))
    return problems


def _emptied(past: Sketch, now: Sketch, at: datetime) -> list[Problem]:
    """Items that were always there and are gone, and items that are much emptier than they were."""
    least = value("feed.least_received")
    if min(past.rows, now.rows) < least:
        return []
    usual, there = past.completeness(), now.completeness()
    falls = [_emptier(item, usual[item], there.get(item, 0.0), at) for item in usual]
    return [problem for problem in falls if problem]


def _emptier(item: str, usual: float, there: float, at: datetime) -> Problem | None:
    if usual >= value("feed.always_there") and there <= value("feed.gone"):
        return Problem(code="item_gone", since=at, item=item, measured=there, usual=usual)
    if usual - there > value("feed.emptier"):
        return Problem(code="item_emptier", since=at, item=item, measured=there, usual=usual)
    return None
