"""From facts to verdicts: what each subject's state is, whether it differs from before, and what is said about it.

Pure. Reasons and their receipts are put together only for subjects whose state has changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from services.scoring import indicators, levels, rules, standings
from services.scoring.features import Features
from services.scoring.frames import Facts
from services.scoring.levels import Told, Trail
from services.scoring.reasons import Receipts, figure_marks, law_floor, reasons, said_of
from services.scoring.rulebook import Rulebook, Scored
from services.scoring.rules import Assessment, Level, Signal
from services.scoring.standings import PROFILE, Standing, Standings
from shared.events import Reason


@dataclass(frozen=True)
class Verdict:
    """How a subject stands now. `is_new`: a line for the history; `is_news`: something for the listeners.

    assessment: what the rules work out; told: the level in force. meaning, steps: what was announced last.
    data_quality: what is wrong with what is known of it; neither the history nor a listener hears of that.
    """

    subject: str
    assessment: Assessment
    told: Told
    previous_level: Level
    meaning: str
    state: str
    steps: tuple[str, ...]
    profile: Mapping[str, str | None]
    next_review_on: date | None
    is_new: bool
    is_news: bool
    reasons: list[Reason]
    data_quality: list[Reason] = field(default_factory=list)


@dataclass(frozen=True)
class Judged:
    """What came of looking at many subjects at once.

    verdicts: of those of whom something had to be looked at; unchanged: `subject`, `next_review_on` of the others, who
    stand in every respect as they stood.
    """

    verdicts: list[Verdict]
    unchanged: pl.DataFrame


def judge(
    facts: Facts,
    book: Rulebook,
    kind: Scored,
    before: Mapping[str, Standing],
    *,
    falls_at_once: bool = False,
    modelled: Mapping[str, Level] | None = None,
) -> list[Verdict]:
    """One verdict a subject, in the order of the subjects. `falls_at_once`: what was known of them is corrected.

    `modelled`: what the model counts for, of those of whom it speaks.
    """
    look = _look(facts, book, kind, modelled or {})
    return _verdicts(look, facts.subjects["subject"].to_list(), before, falls_at_once=falls_at_once)


def judge_many(
    facts: Facts,
    book: Rulebook,
    kind: Scored,
    before: Standings,
    *,
    falls_at_once: bool = False,
    modelled: Mapping[str, Level] | None = None,
) -> Judged:
    """The verdicts that `judge` comes to, without those that say that nothing is different."""
    look = _look(facts, book, kind, modelled or {})
    calm = _Bench(look, {}, falls_at_once=falls_at_once).unscored
    unchanged = before.unchanged(look.profiles, calm, [*look.signalled, *look.doubts])
    as_before = pl.DataFrame({"subject": unchanged}).join(look.found.review, on="subject", how="left")
    changed = facts.subjects.join(as_before, on="subject", how="anti", maintain_order="left")["subject"].to_list()
    verdicts = _verdicts(look, changed, before.of(changed), falls_at_once=falls_at_once)
    return Judged(verdicts, as_before.select("subject", pl.col("ends").alias("next_review_on")))


@dataclass(frozen=True)
class _Look:
    """What the facts come to, before anyone is looked at by himself."""

    book: Rulebook
    today: date
    found: Features
    profiles: pl.DataFrame
    signalled: Mapping[str, Assessment]
    doubts: Mapping[str, list[Signal]]


def _look(facts: Facts, book: Rulebook, kind: Scored, modelled: Mapping[str, Level]) -> _Look:
    today = facts.today
    found = indicators.features_at(facts, book, kind)
    signalled = indicators.assess_signalled(found, book, kind, today)
    calm = rules.assess((), book.scale(today), today)
    raising = {who: level for who, level in modelled.items() if level != "none"}
    signalled |= {who: rules.raised(signalled.get(who, calm), level) for who, level in raising.items()}
    doubts = indicators.signals(found.values, book.in_force(today, kind, "data_quality"))
    return _Look(book, today, found, standings.profiles(facts, book, kind), signalled, doubts)


def _verdicts(
    look: _Look, subjects: list[str], before: Mapping[str, Standing], *, falls_at_once: bool
) -> list[Verdict]:
    these = pl.col("subject").is_in(subjects)
    reviews = dict(look.found.review.filter(these).iter_rows())
    profiles = {row["subject"]: row for row in look.profiles.filter(these).iter_rows(named=True)}
    rows = _rows(look.found, look.signalled)
    bench = _Bench(look, rows, falls_at_once=falls_at_once)
    verdicts = []
    for subject in subjects:
        assessment = look.signalled.get(subject, bench.calm)
        standing = bench.standing_of(before.get(subject))
        profile = {each: profiles[subject][each] for each in PROFILE}
        verdicts.append(bench.verdict(subject, assessment, standing, profile, reviews.get(subject)))
    return _doubted(_explained(verdicts, rows, look), look)


class _Bench:
    """What every verdict of a day needs; who is calm is most of everyone, so that is worked out once."""

    def __init__(self, look: _Look, rows: Mapping[str, Mapping[str, Any]], *, falls_at_once: bool) -> None:
        book, today = look.book, look.today
        self._rules, self._today, self._rows, self._falls_at_once = book.on(today), today, rows, falls_at_once
        self._scale = book.scale(today)
        self._cool_down = cool_down(book, today)
        self.calm = rules.assess((), self._scale, today)
        self.unscored = Standing("none", rules.meaning(self.calm), rules.state(self.calm, ()), dict.fromkeys(PROFILE))
        self._nothing = levels.tell(Trail(), None, "none", self._cool_down, today)

    def standing_of(self, before: Standing | None) -> Standing:
        """How it stood; of one that was never scored only what a person has set."""
        if before is None:
            return self.unscored
        return before if before.state else replace(self.unscored, override=before.override)

    def verdict(
        self,
        subject: str,
        assessment: Assessment,
        standing: Standing,
        profile: Mapping[str, str | None],
        review: date | None,
    ) -> Verdict:
        """One subject's verdict, without its reasons."""
        if assessment is self.calm and self._was_calm(standing):
            return self._still_calm(subject, profile, review)
        told = self._told(assessment, standing)
        meaning, state = self._digests(subject, assessment, told)
        steps = tuple(rules.steps(assessment))
        is_news = _is_news(meaning, steps, told, standing) or _is_renamed(told, standing, profile)
        ends = (review, rules.recency_ends(assessment.signals, self._scale, self._today), _day_after(told.until))
        return Verdict(
            subject=subject,
            assessment=assessment,
            told=told,
            previous_level=standing.level,
            # While nothing is announced, what was announced last is what the next step is compared with.
            meaning=meaning if is_news else standing.meaning,
            state=state,
            steps=steps if is_news else standing.steps,
            profile=profile,
            next_review_on=min((day for day in ends if day), default=None),
            is_new=is_news or state != standing.state,
            is_news=is_news,
            reasons=[],
        )

    def _was_calm(self, standing: Standing) -> bool:
        calm = self.unscored
        before = (standing.state, standing.meaning, standing.steps, standing.trail, standing.override)
        return before == (calm.state, calm.meaning, calm.steps, calm.trail, None)

    def _still_calm(self, subject: str, profile: Mapping[str, str | None], review: date | None) -> Verdict:
        """What the whole way would come to for one of whom there is nothing to say, as there was not before."""
        return Verdict(
            subject=subject,
            assessment=self.calm,
            told=self._nothing,
            previous_level="none",
            meaning=self.unscored.meaning,
            state=self.unscored.state,
            steps=(),
            profile=profile,
            next_review_on=review,
            is_new=False,
            is_news=False,
            reasons=[],
        )

    def _told(self, assessment: Assessment, standing: Standing) -> Told:
        trail = levels.walked(standing.trail, assessment.level, self._today, falls_at_once=self._falls_at_once)
        given = [(signal.indicator, signal.floor) for signal in assessment.signals]
        floor = law_floor(given, self._rules)[0] if standing.override else "none"
        told = levels.tell(trail, standing.override, floor, self._cool_down, self._today)
        is_by_model = told.source == "indicators" and assessment.by_model != "none"
        return replace(told, source="model") if is_by_model else told

    def _digests(self, subject: str, assessment: Assessment, told: Told) -> tuple[str, str]:
        row = self._rows.get(subject)
        if row is None and told.is_plain:
            return self.unscored.meaning, self.unscored.state
        figures = figure_marks(assessment, row, self._rules) if row else ()
        marks = (*figures, *told.marks())
        return rules.meaning(assessment, told.level), rules.state(assessment, marks, told.level)


def cool_down(book: Rulebook, today: date) -> dict[Level, int]:
    """For how many days each level is still told after it was left; 0 where a book says nothing of it."""
    return {level: _days(book, f"cool_down_{level}", today) for level in rules.LEVELS[1:]}


def _days(book: Rulebook, code: str, today: date) -> int:
    try:
        return book.parameter(code, today)
    except KeyError:  # a book of before there was such a thing
        return 0


def _day_after(day: date | None) -> date | None:
    return day + timedelta(days=1) if day else None


def _is_news(meaning: str, steps: tuple[str, ...], told: Told, before: Standing) -> bool:
    # A level that is only held tells listeners nothing new while no step is added to those that they know.
    is_held = told.source == "cool_down" and told.level == before.level
    return meaning != before.meaning and not (is_held and rules.are_known(steps, before.steps))


def _rows(found: Features, subjects: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The features of some, one by one."""
    table = found.values.filter(pl.col("subject").is_in(list(subjects)))
    return {row["subject"]: row for row in table.iter_rows(named=True)}


def _explained(verdicts: list[Verdict], rows: Mapping[str, dict[str, Any]], look: _Look) -> list[Verdict]:
    """The verdicts, those that are new with their reasons."""
    new = {verdict.subject for verdict in verdicts if verdict.is_new and verdict.subject in rows}
    receipts, rules = Receipts(look.found, new), look.book.on(look.today)
    return [
        replace(verdict, reasons=reasons(rows[verdict.subject], verdict.assessment, receipts, rules))
        if verdict.subject in new
        else verdict
        for verdict in verdicts
    ]


def _doubted(verdicts: list[Verdict], look: _Look) -> list[Verdict]:
    """The verdicts with what is wrong with their data."""
    if not look.doubts:
        return verdicts
    rows, receipts = _rows(look.found, look.doubts), Receipts(look.found, look.doubts)
    rules = look.book.on(look.today)
    return [
        replace(verdict, data_quality=said_of(look.doubts[verdict.subject], rows[verdict.subject], receipts, rules))
        if verdict.subject in look.doubts
        else verdict
        for verdict in verdicts
    ]


def _is_renamed(told: Told, before: Standing, profile: Mapping[str, str | None]) -> bool:
    # Who has no level interests no one; who has one must be found in the right town under the right name.
    return told.level != "none" and dict(before.profile) != dict(profile)
