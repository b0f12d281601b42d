"""From facts to verdicts: what each subject's state is, whether it differs from before, and what is said about it.

Pure. Reasons and their receipts are put together only for subjects whose state has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

from services.scoring import indicators, rules
from services.scoring.features import Features
from services.scoring.frames import Facts
from services.scoring.reasons import Receipts, figure_marks, reasons, said_of
from services.scoring.rulebook import Rulebook, Scored
from services.scoring.rules import Assessment, Level
from shared.events import Reason

PROFILE = ("name", "division", "gc_uscc", "gc_name")


@dataclass(frozen=True)
class Standing:
    """How a subject stood when it was last scored."""

    level: Level
    meaning: str
    state: str
    profile: Mapping[str, str | None]


@dataclass(frozen=True)
class Verdict:
    """How a subject stands now. `is_new`: a line for the history; `is_news`: something for the listeners.

    data_quality: what is wrong with what is known of it; neither the history nor a listener hears of that.
    """

    subject: str
    assessment: Assessment
    previous_level: Level
    meaning: str
    state: str
    profile: Mapping[str, str | None]
    next_review_on: date | None
    is_new: bool
    is_news: bool
    reasons: list[Reason]
    data_quality: list[Reason] = field(default_factory=list)


def judge(facts: Facts, book: Rulebook, kind: Scored, before: Mapping[str, Standing]) -> list[Verdict]:
    """One verdict a subject, in the order of the subjects."""
    found = indicators.features_at(facts, book, kind)
    profiles = _profiles(facts, book, kind)
    reviews = dict(found.review.iter_rows())
    scale = book.scale(facts.today)
    calm = rules.assess((), scale, facts.today)
    unscored = Standing("none", rules.meaning(calm), rules.state(calm, ()), dict.fromkeys(PROFILE))
    signalled = indicators.assess_signalled(found, book, kind, facts.today)
    rows = _rows(found, signalled)
    verdicts = []
    for subject in facts.subjects["subject"]:
        assessment = signalled.get(subject, calm)
        ends = (reviews.get(subject), rules.recency_ends(assessment.signals, scale, facts.today))
        # Nearly everyone is calm: their digests are worked out once.
        meaning, state = unscored.meaning, unscored.state
        if subject in rows:
            meaning = rules.meaning(assessment)
            state = rules.state(assessment, figure_marks(assessment, rows[subject], book))
        standing = before.get(subject, unscored)
        is_news = meaning != standing.meaning or _is_renamed(assessment, standing, profiles[subject])
        verdicts.append(
            Verdict(
                subject=subject,
                assessment=assessment,
                previous_level=standing.level,
                meaning=meaning,
                state=state,
                profile=profiles[subject],
                next_review_on=min((day for day in ends if day), default=None),
                is_new=is_news or state != standing.state,
                is_news=is_news,
                reasons=[],
            )
        )
    return _doubted(_explained(verdicts, rows, found, book), found, book, kind, facts.today)


def _rows(found: Features, signalled: Mapping[str, Assessment]) -> dict[str, dict[str, Any]]:
    """The features of those who have a signal."""
    table = found.values.filter(pl.col("subject").is_in(list(signalled)))
    return {row["subject"]: row for row in table.iter_rows(named=True)}


def _explained(
    verdicts: list[Verdict], rows: Mapping[str, dict[str, Any]], found: Features, book: Rulebook
) -> list[Verdict]:
    """The verdicts, those that are new with their reasons."""
    new = {verdict.subject for verdict in verdicts if verdict.is_new and verdict.subject in rows}
    receipts = Receipts(found, new)
    return [
        replace(verdict, reasons=reasons(rows[verdict.subject], verdict.assessment, receipts, book))
        if verdict.subject in new
        else verdict
        for verdict in verdicts
    ]


def _doubted(verdicts: list[Verdict], found: Features, book: Rulebook, kind: Scored, today: date) -> list[Verdict]:
    """The verdicts with what is wrong with their data."""
    doubts = indicators.signals(found.values, book.in_force(today, kind, "data_quality"))
    if not doubts:
        return verdicts
    table = found.values.filter(pl.col("subject").is_in(list(doubts)))
    rows = {row["subject"]: row for row in table.iter_rows(named=True)}
    receipts = Receipts(found, doubts)
    return [
        replace(verdict, data_quality=said_of(doubts[verdict.subject], rows[verdict.subject], receipts, book))
        if verdict.subject in doubts
        else verdict
        for verdict in verdicts
    ]


def _is_renamed(assessment: Assessment, before: Standing, profile: Mapping[str, str | None]) -> bool:
    # Who has no level interests no one; who has one must be found in the right town under the right name.
    return assessment.level != "none" and dict(before.profile) != dict(profile)


def _profiles(facts: Facts, book: Rulebook, kind: Scored) -> dict[str, dict[str, str | None]]:
    """Name, division and general contractor: from the first dataset of the book that knows them, newest fact first."""
    table = facts.subjects.with_columns(pl.lit(None, pl.String).alias(field) for field in PROFILE)
    for code, dataset in book.of_subject(kind).items():
        if dataset.profile and facts.frames[code].height:
            table = _filled(table, facts.frames[code], dataset.profile)
    return {row["subject"]: {field: row[field] for field in PROFILE} for row in table.iter_rows(named=True)}


def _filled(table: pl.DataFrame, frame: pl.DataFrame, profile: Mapping[str, str]) -> pl.DataFrame:
    newest = frame.sort("source_time", "receipt_id", "row_no").group_by("subject", maintain_order=True)
    known = newest.agg(pl.col(item).drop_nulls().last().alias(f"{field}~") for field, item in profile.items())
    joined = table.join(known, on="subject", how="left", maintain_order="left")
    filled = joined.with_columns(pl.coalesce(field, f"{field}~").alias(field) for field in profile)
    return filled.select("subject", *PROFILE)
