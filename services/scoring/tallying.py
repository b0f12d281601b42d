"""What two books say of the same subjects at the same time, added up. Pure; of any number of subjects, chunk by chunk.

A tally holds counts and a few examples, never the subjects: the whole population fits into a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from services.scoring import indicators
from services.scoring.features import Features
from services.scoring.frames import Facts
from services.scoring.reasons import Receipts, reasons
from services.scoring.rulebook import Indicator, Rulebook, Scored
from services.scoring.rules import LEVELS, Assessment, Level, Signal, assess


class Said(msgspec.Struct, frozen=True):
    """A reason in short: the indicator, its points and its sentence."""

    indicator: str
    points: int
    text_zh: str
    text_en: str


class Change(msgspec.Struct, frozen=True):
    """An example of a subject whose level differs: `before` and `after` are the reasons."""

    subject_kind: str
    subject_id: str
    name: str | None
    division: str | None
    now: Level
    then: Level
    before: tuple[Said, ...]
    after: tuple[Said, ...]


class Tally(msgspec.Struct):
    """What was counted of one kind of subject.

    `moves`: by "from>to" how many subjects, those that keep their level too. `steps_now`, `steps_then`: by indicator
    and step (from 1) how many stand on it. `changes`: the first few examples of each move.
    """

    subjects: int = 0
    moves: dict[str, int] = {}
    steps_now: dict[str, dict[str, int]] = {}
    steps_then: dict[str, dict[str, int]] = {}
    changes: list[Change] = []

    def levels(self, end: int) -> dict[Level, int]:
        """How many stand on each level: now (end 0) or then (end 1)."""
        found: dict[Level, int] = dict.fromkeys(LEVELS, 0)
        for move, count in self.moves.items():
            found[move.split(">")[end]] += count  # type: ignore[index]
        return found


@dataclass(frozen=True)
class Side:
    """What one book makes of some subjects: of those who have a signal, all of the rest being calm."""

    book: Rulebook
    rules: Mapping[str, Indicator]
    found: Features
    signals: Mapping[str, list[Signal]]
    doubts: Mapping[str, list[Signal]]
    assessments: Mapping[str, Assessment]

    def level(self, subject: str) -> Level:
        """A subject's level."""
        assessment = self.assessments.get(subject)
        return assessment.level if assessment else "none"


def side(facts: Facts, book: Rulebook, kind: Scored) -> Side:
    """What a book makes of these subjects."""
    found, today = indicators.features_at(facts, book, kind), facts.today
    scale = book.scale(today)
    signals = indicators.signals(found.values, book.in_force(today, kind))
    return Side(
        book=book,
        rules=book.on(today),
        found=found,
        signals=signals,
        doubts=indicators.signals(found.values, book.in_force(today, kind, "data_quality")),
        assessments={code: assess(given, scale, today) for code, given in signals.items()},
    )


def add(
    tally: Tally,
    kind: Scored,
    known: Mapping[str, tuple[str | None, str | None]],
    sides: tuple[Side, Side],
    examples: int,
) -> None:
    """Count these subjects into a tally. `known`: each with its name and division; `examples`: of a move, at most.

    sides: what the present book makes of them, and the other.
    """
    now, then = sides
    tally.subjects += len(known)
    for at, counts in ((now, tally.steps_now), (then, tally.steps_then)):
        _count_steps(at, counts)
    changed: list[str] = []
    for subject in sorted(known):
        move = f"{now.level(subject)}>{then.level(subject)}"
        seen = tally.moves[move] = tally.moves.get(move, 0) + 1
        if seen <= examples and now.level(subject) != then.level(subject):
            changed.append(subject)
    before, after = _reasons(now, changed), _reasons(then, changed)
    tally.changes += [
        Change(kind, each, *known[each], now.level(each), then.level(each), before.get(each, ()), after.get(each, ()))
        for each in changed
    ]


def _count_steps(at: Side, counts: dict[str, dict[str, int]]) -> None:
    for indicator in at.book.indicators:
        known = counts.setdefault(indicator.code, {})  # of a law that changes there are two
        known.update({f"{step}": 0 for step in range(1, len(indicator.tiers) + 1) if f"{step}" not in known})
    for signals in (*at.signals.values(), *at.doubts.values()):
        for signal in signals:
            steps, step = counts[signal.indicator], f"{signal.tier + 1}"
            steps[step] = steps.get(step, 0) + 1


def _reasons(at: Side, subjects: list[str]) -> dict[str, tuple[Said, ...]]:
    wanted = [each for each in subjects if each in at.assessments]
    if not wanted:
        return {}
    receipts = Receipts(at.found, wanted)
    table = at.found.values.filter(pl.col("subject").is_in(wanted))
    rows: dict[str, dict[str, Any]] = {row["subject"]: row for row in table.iter_rows(named=True)}
    return {
        each: tuple(
            Said(reason.indicator, reason.points, reason.text_zh, reason.text_en)
            for reason in reasons(rows[each], at.assessments[each], receipts, at.rules)
        )
        for each in wanted
    }
