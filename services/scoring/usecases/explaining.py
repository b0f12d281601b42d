"""Explain a score of any time: what it said, what it stood on, and whether the same comes out of the same again."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import polars as pl

from services.scoring import books, evidence, frames, judgement, saying
from services.scoring.levels import Trail, trail_of
from services.scoring.models import Score, Subject
from services.scoring.rulebook import BadBook, Rulebook, Scored
from services.scoring.rules import Level, OutsideJurisdiction
from services.scoring.standings import Standing
from services.scoring.store import evidence as store
from services.scoring.store import overrides as override_store
from services.scoring.store import scores as score_store
from services.scoring.store.evidence import Kept
from services.scoring.usecases.reading import seen
from services.scoring.usecases.rereading import Reread, reread
from services.scoring.usecases.scoring import Moment, score_row, with_model
from shared import audit
from shared.auth import Caller
from shared.db import Session
from shared.errors import NotFound

# What of a line is worked out. Its id, its time and what stood before it are given.
BY_RULES = (
    *("level", "computed_level", "level_source", "level_until", "left_on"),
    *("points", "floor", "families", "reasons"),
)
BY_MODEL = ("probability", "model_level")


class NoSuchScore(NotFound):
    """There never was a score of this id."""

    slug = "no-such-score"
    title = "There is no such score"
    title_zh = "没有这一评分"


@dataclass(frozen=True)
class Difference:
    """What a score said, and what comes out now."""

    item: str
    told: Any
    again: Any


@dataclass(frozen=True)
class Again:
    """A score worked out again. `reason`: why it could not be; else `differences` says what came out otherwise.

    model: its word, where one spoke and what it had read was kept; else the word that it gave is taken as it is.
    """

    reason: str | None = None
    differences: tuple[Difference, ...] = ()
    model: Reread | None = None


@dataclass(frozen=True)
class Explanation:
    """A score with what it stood on. `names` and `versions` are empty of one made before such things were kept."""

    subject: Subject
    score: Score
    kept: Kept | None
    names: pl.DataFrame
    versions: pl.DataFrame
    again: Again | None

    @property
    def is_whole(self) -> bool:
        """Whether every fact is still there and says what it said."""
        return self.kept is not None and evidence.digest(self.versions) == self.kept.evidence.sha256


async def explain(
    session: Session, score_id: UUID, caller: Caller, *, is_again: bool
) -> Explanation | OutsideJurisdiction:
    """A score of any time, if the caller may see its subject; `is_again`: worked out again. The look is audited."""
    score = await store.score_of(session, score_id)
    if score is None:
        raise NoSuchScore(f"There is no score {score_id}.", detail_zh=f"没有评分 {score_id}。")
    kind = msgspec.convert(score.subject_kind, Scored)
    subject = await seen(session, (kind, score.subject_id), caller, f"{kind}.score")
    if not isinstance(subject, Subject):
        return subject
    kept = await store.of_score(session, score)
    names = evidence.names_in(kept.evidence.names if kept else b"")
    versions = await store.named(session, score, names)
    again = await _again(session, kind, score, kept, versions) if is_again else None
    action = f"{kind}.score.recomputed" if is_again else f"{kind}.score.read"
    await audit.record(session, caller.id, action, score.subject_id, {"score_id": score_id})
    return Explanation(subject, score, kept, names, versions, again)


async def _again(session: Session, kind: Scored, score: Score, kept: Kept | None, versions: pl.DataFrame) -> Again:
    if kept is None:
        return Again("inputs_not_kept")
    try:
        book = await books.book_of(session, score.rules_version)
    except BadBook:
        return Again("book_unreadable")
    if book is None:
        return Again("book_unknown")
    feeds = evidence.feeds_in(kept.feeds)
    try:
        model = await reread(session, score, kept)
    except LookupError:
        return Again("model_unknown")
    facts = frames.gather([score.subject_id], versions, feeds, book.of_subject(kind), score.scored_at)
    standing = {score.subject_id: await _standing(session, score)}
    modelled = {score.subject_id: model.said.counts_as if model else kept.modelled or "none"}
    judged = partial(judgement.judge, facts, book, kind, standing, falls_at_once=kept.falls_at_once, modelled=modelled)
    (verdict,) = await asyncio.to_thread(judged)
    line = score_row(kind, with_model(verdict, model.said if model else None), score.score_id, _moment(score, book))
    return Again(differences=_differences(score, line, model), model=model)


async def _standing(session: Session, score: Score) -> Standing:
    """How the subject stood before this score, and what a person had set by then."""
    before = await score_store.line_of(session, score, score.previous_id)
    trail = trail_of(before.computed_level or before.level, before.left_on) if before else Trail()
    override = await override_store.as_set(session, score) if score.override_id else None
    # A digest that no state has: so it counts as scored before, and everything is said of it.
    return Standing(msgspec.convert(score.previous_level, Level), "-", "-", {}, (), trail, override)


def _moment(score: Score, book: Rulebook) -> Moment:
    return Moment(score.scored_at, book, lambda: score.score_id)


def _differences(score: Score, line: Mapping[str, Any], model: Reread | None) -> tuple[Difference, ...]:
    """What a line says that comes out otherwise. Both as they stand in the database, where a figure is JSON's."""
    told, again = (
        _plain(score.model_dump(include={*BY_RULES, *BY_MODEL})),
        _plain({item: line[item] for item in BY_RULES}),
    )
    if model is None:
        # What it said is an input then, as it was given.
        told["reasons"] = [reason for reason in told["reasons"] if reason["indicator"] != saying.CODE]
        return _differing(told, again)
    return _differing(told, again | {"probability": model.said.probability, "model_level": model.said.level})


def _differing(told: Mapping[str, Any], again: Mapping[str, Any]) -> tuple[Difference, ...]:
    return tuple(Difference(item, told[item], value) for item, value in again.items() if told[item] != value)


def _plain(line: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(line))
    return plain
