"""Reasons: a signal as sentences with figures, and the receipts behind it. Made only for what is shown or announced."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl

from services.scoring.features import Features
from services.scoring.rulebook import Indicator, features_of
from services.scoring.rules import LEVELS, Assessment, Level, Signal
from services.scoring.words import Sentence
from shared.events import Reason, ReceiptRow

MOST_RECEIPTS = 50
# The indicators that hold on the day that is spoken of, by code (Rulebook.on).
Rules = Mapping[str, Indicator]
# Read in the law, or in an excerpt of it; the others are proposals of ours (domain.md).
_OF_LAW = ("V", "P")
_ROW = ("time", "receipt_id", "row_no", "agency", "dataset")
_Row = tuple[date, str, int, str, str]
_UNKNOWN = {"zh": "(未报送)", "en": "(not reported)"}


class Receipts:
    """The rows behind the features of some subjects; each feature's are looked up once, for all of them."""

    def __init__(self, found: Features, subjects: Iterable[str]) -> None:
        self._found = found
        self._subjects = list(subjects)
        self._rows: dict[str, dict[str, list[_Row]]] = {}

    def behind(self, subject: str, codes: Iterable[str]) -> list[ReceiptRow]:
        """The rows behind some features of a subject, the newest first; at most MOST_RECEIPTS."""
        rows = {row for code in codes for row in self._of(code).get(subject, ())}
        newest = sorted(rows, key=lambda row: row[:3], reverse=True)[:MOST_RECEIPTS]
        return [
            ReceiptRow(receipt_id=UUID(receipt), row=row, agency=agency, dataset=dataset)
            for _, receipt, row, agency, dataset in newest
        ]

    def _of(self, code: str) -> dict[str, list[_Row]]:
        if code not in self._rows:
            wanted = self._found.evidence[code].filter(pl.col("subject").is_in(self._subjects))
            by_subject: dict[str, list[_Row]] = {}
            for subject, row in zip(wanted["subject"], wanted.select(_ROW).iter_rows(), strict=True):
                by_subject.setdefault(subject, []).append(row)
            self._rows[code] = by_subject
        return self._rows[code]


def reasons(row: Mapping[str, Any], assessment: Assessment, receipts: Receipts, rules: Rules) -> list[Reason]:
    """One reason a signal, the weightiest first. `row` holds the subject's features."""
    return said_of(assessment.signals, row, receipts, rules)


def said_of(signals: Iterable[Signal], row: Mapping[str, Any], receipts: Receipts, rules: Rules) -> list[Reason]:
    """The same of signals that no assessment was made of."""
    made = [_reason(signal, row, receipts, rules) for signal in signals]
    return sorted(made, key=lambda reason: (-reason.points, reason.indicator))


def law_floor(given: Iterable[tuple[str, Level]], rules: Rules) -> tuple[Level, str | None]:
    """The highest floor among (indicator, floor) that rests on an article of law (tag V or P), and the article."""
    articles = {each.code: each.article for each in rules.values() if each.tag in _OF_LAW}
    floors = [(floor, articles[code]) for code, floor in given if code in articles and floor != "none"]
    return max(floors, key=lambda each: LEVELS.index(each[0]), default=("none", None))


def figures(signal: Signal, row: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """The numbers that a signal's sentence speaks of."""
    return {code: _plain(row[code]) for code in features_of(rules[signal.indicator].tiers[signal.tier])}


def figure_marks(assessment: Assessment, row: Mapping[str, Any], rules: Rules) -> Iterable[str]:
    """Every figure as text, to see whether one has changed."""
    return [str(sorted(figures(signal, row, rules).items())) for signal in assessment.signals]


def _reason(signal: Signal, row: Mapping[str, Any], receipts: Receipts, rules: Rules) -> Reason:
    rule = rules[signal.indicator]
    tier = rule.tiers[signal.tier]
    return Reason(
        indicator=signal.indicator,
        family=signal.family,
        points=signal.points,
        floor=None if signal.floor == "none" else signal.floor,
        text_zh=Sentence(_UNKNOWN["zh"]).vformat(tier.zh, (), row),
        text_en=Sentence(_UNKNOWN["en"]).vformat(tier.en, (), row),
        as_of=signal.as_of.isoformat(),
        figures=figures(signal, row, rules),
        receipts=receipts.behind(row["subject"], features_of(tier)),
        article=rule.article,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return round(value, 4) if isinstance(value, float) else value
