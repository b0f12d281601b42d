"""Reasons: a signal as sentences with figures, and the receipts behind it. Made only for what is shown or announced."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from string import Formatter
from typing import Any
from uuid import UUID

import polars as pl

from services.scoring.features import Features
from services.scoring.rulebook import Indicator, Rulebook, features_of
from services.scoring.rules import Assessment, Signal
from shared.events import Reason, ReceiptRow

MOST_RECEIPTS = 50
_UNKNOWN = {"zh": "(未报送)", "en": "(not reported)"}


class _Sentence(Formatter):
    """Formats like str.format, but a figure that nobody reported is said to be so."""

    def __init__(self, unknown: str) -> None:
        self.unknown = unknown

    def format_field(self, value: Any, format_spec: str) -> str:
        return self.unknown if value is None else str(format(value, format_spec))


def reasons(row: Mapping[str, Any], assessment: Assessment, found: Features, book: Rulebook) -> list[Reason]:
    """One reason a signal, the weightiest first. `row` holds the subject's features."""
    made = [_reason(signal, row, found, book) for signal in assessment.signals]
    return sorted(made, key=lambda reason: (-reason.points, reason.indicator))


def figures(signal: Signal, row: Mapping[str, Any], book: Rulebook) -> dict[str, Any]:
    """The numbers that a signal's sentence speaks of."""
    return {code: _plain(row[code]) for code in features_of(_rule(signal, book).tiers[signal.tier])}


def figure_marks(assessment: Assessment, row: Mapping[str, Any], book: Rulebook) -> Iterable[str]:
    """Every figure as text, to see whether one has changed."""
    return [str(sorted(figures(signal, row, book).items())) for signal in assessment.signals]


def _reason(signal: Signal, row: Mapping[str, Any], found: Features, book: Rulebook) -> Reason:
    rule = _rule(signal, book)
    tier = rule.tiers[signal.tier]
    return Reason(
        indicator=signal.indicator,
        family=signal.family,
        points=signal.points,
        floor=None if signal.floor == "none" else signal.floor,
        text_zh=_Sentence(_UNKNOWN["zh"]).vformat(tier.zh, (), row),
        text_en=_Sentence(_UNKNOWN["en"]).vformat(tier.en, (), row),
        as_of=signal.as_of.isoformat(),
        figures=figures(signal, row, book),
        receipts=_receipts(row["subject"], features_of(tier), found),
        article=rule.article,
    )


def _rule(signal: Signal, book: Rulebook) -> Indicator:
    return next(each for each in book.indicators if each.code == signal.indicator)


def _receipts(subject: str, codes: Iterable[str], found: Features) -> list[ReceiptRow]:
    """The rows behind some features, the newest first; at most MOST_RECEIPTS."""
    rows = pl.concat([found.evidence[code].filter(pl.col("subject") == subject) for code in codes])
    newest = rows.sort("time", "receipt_id", "row_no", descending=True)
    newest = newest.unique(["receipt_id", "row_no"], keep="first", maintain_order=True).head(MOST_RECEIPTS)
    return [
        ReceiptRow(receipt_id=UUID(receipt), row=row, agency=agency, dataset=dataset)
        for receipt, row, agency, dataset in newest.select("receipt_id", "row_no", "agency", "dataset").iter_rows()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return round(value, 4) if isinstance(value, float) else value
