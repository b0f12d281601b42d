"""Score subjects: read what is known, judge, save, announce."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import polars as pl

from services.scoring import folding, frames, judgement, live, relations
from services.scoring.judgement import Judged, Verdict
from services.scoring.levels import Override
from services.scoring.portions import Portions
from services.scoring.relations import Warned
from services.scoring.rulebook import Rulebook, Scored
from services.scoring.rules import at_least
from services.scoring.saying import Said
from services.scoring.standings import Standings
from services.scoring.store import facts as fact_store
from services.scoring.store import overrides as override_store
from services.scoring.store import scores as score_store
from services.scoring.store import subjects as subject_store
from services.scoring.store.subjects import Key
from services.scoring.usecases.evidencing import StoodOn, keep_evidence
from services.scoring.usecases.relations import tell_relatives
from shared.clock import local_date
from shared.db import Session
from shared.events import EmployerScored, ProjectScored, Reason
from shared.outbox import announce_all

# A project of a hundred workers has sixty thousand punches a year: so many a transaction, whatever the occasion.
PROJECTS_AT_ONCE = 5
_portions: Mapping[str, Portions] = {"employer": Portions(), "project": Portions()}


@dataclass(frozen=True)
class Moment:
    """When something is scored, by which rules, and where ids come from.

    `falls_at_once`: what was known is corrected or ended by whoever told it, so no level of it is held (levels.py).
    """

    at: datetime
    book: Rulebook
    new_id: Callable[[], UUID]
    falls_at_once: bool = False


async def rescore(session: Session, touched: Iterable[Key], moment: Moment) -> None:
    """Score each subject once, whatever touched it. Subjects are held: no fact committed meanwhile is missed.

    Of many projects only the first are scored at once; the others are due, and the review takes them in its next turns.
    """
    keys = {key for key in touched if key[0] != "person"}
    if not keys:
        return
    await subject_store.lock_subjects(session, keys)
    aliases = {key for key in keys if key[0] in ("account", "payroll")}
    projects = await fact_store.projects_of(session, aliases) if aliases else set()
    if projects - keys:
        await subject_store.lock_subjects(session, projects - keys)
    employers = sorted(subject for kind, subject in keys if kind == "employer")
    sites = sorted(subject for kind, subject in keys | projects if kind == "project")
    if employers:
        await _score(session, "employer", employers, moment)
    if sites:
        await _score(session, "project", sites[:PROJECTS_AT_ONCE], moment)
        await make_due(session, "project", sites[PROJECTS_AT_ONCE:], moment)


async def make_due(session: Session, kind: Scored, ids: list[str], moment: Moment) -> None:
    """Leave subjects, which are held, to the review's next turns: what holds of the moment then holds of them."""
    today, falls_at_once = local_date(moment.at), moment.falls_at_once
    await subject_store.make_due(session, kind, ids, today, falls_at_once=falls_at_once)


@dataclass(frozen=True)
class _Known:
    """What is read before some subjects are judged."""

    versions: pl.DataFrame
    feeds: pl.DataFrame
    before: Standings
    outlook: live.Outlook


async def _score(session: Session, kind: Scored, ids: list[str], moment: Moment) -> None:
    """Score these subjects. Whose records were corrected while he had to wait falls at once, whatever came first."""
    waited = set() if moment.falls_at_once else await subject_store.falling(session, kind, ids)
    falling = replace(moment, falls_at_once=True)
    for portion in _portions[kind].of([each for each in ids if each in waited]):
        await _score_at_once(session, kind, portion, falling)
    for portion in _portions[kind].of([each for each in ids if each not in waited]):
        await _score_at_once(session, kind, portion, moment)


async def _score_at_once(session: Session, kind: Scored, ids: list[str], moment: Moment) -> None:
    known = await _known(session, kind, ids, moment)
    _portions[kind].weighed(len(ids), int(known.versions.estimated_size()))
    judged, said = await asyncio.to_thread(_judged, kind, ids, known, moment)
    verdicts, outlook = judged.verdicts, known.outlook
    new = [verdict for verdict in verdicts if verdict.is_new]
    score_ids = {verdict.subject: moment.new_id() for verdict in new}
    previous = known.before.score_ids(score_ids)
    rows = [
        score_row(kind, verdict, score_ids[verdict.subject], moment)
        | _model_columns(verdict, said, outlook)
        | {"previous_id": previous.get(verdict.subject)}
        for verdict in new
    ]
    await score_store.append_scores(session, rows)
    stood_on = StoodOn(known.versions, known.feeds, moment.falls_at_once, outlook.levels(), outlook.readings(score_ids))
    await keep_evidence(session, kind, score_ids, stood_on, moment.book.of_subject(kind))
    version, at = moment.book.version, moment.at
    await subject_store.settle(session, kind, version, at, _settled(verdicts, score_ids))
    await subject_store.settle_unchanged(session, kind, version, at, judged.unchanged)
    if kind == "employer":
        await tell_relatives(session, _told_on(new, known.before, moment), score_ids, moment.book, moment.at)
    overrides = known.before.overrides
    news = [
        _scored(kind, verdict, score_ids[verdict.subject], moment, overrides.get(verdict.subject))
        for verdict in verdicts
        if verdict.is_news
    ]
    await announce_all(session, news)


def _told_on(new: list[Verdict], before: Standings, moment: Moment) -> list[Warned]:
    """What of the new lines is told on to those who are tied to their employers."""
    today, is_corrected = local_date(moment.at), moment.falls_at_once
    return relations.told_on(new, before.of, moment.book, today, is_corrected=is_corrected)


async def _known(session: Session, kind: Scored, ids: list[str], moment: Moment) -> _Known:
    at, datasets = moment.at, moment.book.of_subject(kind)
    table = await subject_store.standing(session, kind, ids)
    feeds = await fact_store.feeds(session, datasets, at)
    stopped = frames.stopped_feeds(feeds)
    overrides = await override_store.in_force(session, kind, ids, local_date(at))
    who = await live.asked(session, at) if kind == "employer" else None
    # Rules and models read mostly the same: it leaves the database once.
    every = datasets | who.reads() if who else datasets
    versions = await folding.known_versions(session, kind, ids, every, at, stopped=stopped)
    outlook = await live.look_ahead(session, who, live.Told(ids, versions), at) if who else live.NOTHING
    counted = frames.counted(versions, datasets, at, stopped) if who else versions
    return _Known(counted, feeds, Standings(table, overrides), outlook)


def _judged(kind: Scored, ids: list[str], known: _Known, moment: Moment) -> tuple[Judged, dict[str, Said]]:
    """What came of looking at them, and what the model says of those for whom there is a new line."""
    outlook, datasets = known.outlook, moment.book.of_subject(kind)
    facts = frames.gather(ids, known.versions, known.feeds, datasets, moment.at, are_newest=kind == "employer")
    judged = judgement.judge_many(
        facts, moment.book, kind, known.before, falls_at_once=moment.falls_at_once, modelled=outlook.levels()
    )
    said = outlook.explained([verdict.subject for verdict in judged.verdicts if verdict.is_new])
    verdicts = [with_model(verdict, said.get(verdict.subject)) for verdict in judged.verdicts]
    return replace(judged, verdicts=verdicts), said


async def review(session: Session, moment: Moment, most: int) -> int:
    """Score some subjects again that time or new rules may have changed. Returns how many; 0 when no one is due."""
    today, version = local_date(moment.at), moment.book.version
    if employers := await subject_store.due(session, "employer", today, version, most):
        # Who is due is held by that look: to hold each once more would cost as much as to write down what came of it.
        await _score(session, "employer", employers, moment)
        return len(employers)
    projects = await subject_store.due(session, "project", today, version, min(most, PROJECTS_AT_ONCE))
    await rescore(session, {("project", project) for project in projects}, moment)
    return len(projects)


def with_model(verdict: Verdict, said: Said | None) -> Verdict:
    """What the model says is one reason more, where it comes to a level."""
    if said is None or said.level == "none":
        return verdict
    return replace(verdict, reasons=[*verdict.reasons, said.reason()])


def _model_columns(verdict: Verdict, said: Mapping[str, Said], outlook: live.Outlook) -> dict[str, Any]:
    told = said.get(verdict.subject)
    return {
        "model_id": told.model_id if told else None,
        "probability": told.told.probability if told else None,
        "model_level": told.level if told else None,
        "population_id": outlook.population_id if told else None,
        "indicator_level": verdict.assessment.indicated,
    }


def score_row(kind: Scored, verdict: Verdict, score_id: UUID, moment: Moment) -> dict[str, Any]:
    """The line of the history that a verdict makes, without what stood before it (`previous_id`) and the model's."""
    return {
        "subject_id": verdict.subject,
        "subject_kind": kind,
        "score_id": score_id,
        "level": verdict.told.level,
        "computed_level": verdict.assessment.level,
        "level_source": verdict.told.source,
        "level_until": verdict.told.until,
        "left_on": _left_on(verdict),
        "override_id": verdict.told.override_id,
        "previous_level": verdict.previous_level,
        "points": verdict.assessment.points,
        "floor": verdict.assessment.floor,
        "families": verdict.assessment.families,
        "reasons": msgspec.to_builtins(verdict.reasons),
        "scored_at": moment.at,
        "rules_version": moment.book.version,
    }


def _settled(verdicts: list[Verdict], score_ids: dict[str, UUID]) -> dict[str, list[Any]]:
    return {
        "ids": [verdict.subject for verdict in verdicts],
        "names": [verdict.profile["name"] for verdict in verdicts],
        "divisions": [verdict.profile["division"] for verdict in verdicts],
        "gc_usccs": [verdict.profile["gc_uscc"] for verdict in verdicts],
        "gc_names": [verdict.profile["gc_name"] for verdict in verdicts],
        "levels": [verdict.told.level for verdict in verdicts],
        "computed": [verdict.assessment.level for verdict in verdicts],
        "sources": [verdict.told.source for verdict in verdicts],
        "untils": [verdict.told.until for verdict in verdicts],
        "lefts": [msgspec.json.encode(_left_on(verdict)).decode() for verdict in verdicts],
        "steps": [" ".join(verdict.steps) for verdict in verdicts],
        "meanings": [verdict.meaning for verdict in verdicts],
        "states": [verdict.state for verdict in verdicts],
        "score_ids": [score_ids.get(verdict.subject) for verdict in verdicts],
        "doubts": [msgspec.json.encode(verdict.data_quality).decode() for verdict in verdicts],
        "reviews": [verdict.next_review_on for verdict in verdicts],
    }


def _left_on(verdict: Verdict) -> dict[str, str]:
    return {level: day.isoformat() for level, day in sorted(verdict.told.trail.left.items())}


def _scored(
    kind: Scored, verdict: Verdict, score_id: UUID, moment: Moment, override: Override | None
) -> EmployerScored | ProjectScored:
    common: dict[str, Any] = {
        "score_id": score_id,
        "name": verdict.profile["name"],
        "division": verdict.profile["division"],
        "level": verdict.told.level,
        "computed_level": verdict.assessment.level,
        "level_source": verdict.told.source,
        "level_until": verdict.told.until,
        "previous_level": verdict.previous_level,
        "points": verdict.assessment.points,
        "families": sorted(family for family, points in verdict.assessment.families.items() if points),
        "reasons": _told_reasons(verdict, override),
        "scored_at": moment.at,
        "rules_version": moment.book.version,
    }
    if kind == "employer":
        return EmployerScored(uscc=verdict.subject, **common)
    contractor = {"gc_uscc": verdict.profile["gc_uscc"], "gc_name": verdict.profile["gc_name"]}
    return ProjectScored(project_code=verdict.subject, **(common | contractor))


def _told_reasons(verdict: Verdict, override: Override | None) -> list[Reason]:
    """The reasons of the indicators; before them, what a person says where he has raised the level above theirs."""
    is_raised = verdict.told.source == "override" and not at_least(verdict.assessment.level, verdict.told.level)
    return [_said_by_person(override), *verdict.reasons] if override and is_raised else verdict.reasons


def _said_by_person(override: Override) -> Reason:
    return Reason(
        indicator="OVERRIDE",
        family="override",
        points=0,
        text_zh=f"人工定级（至{override.valid_until}）：{override.reason}",
        text_en=f"Set by a person until {override.valid_until}: {override.reason}",
    )
