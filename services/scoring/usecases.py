"""What scoring does: read, decide, save, announce."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec
import polars as pl

from services.scoring import folding, frames, judgement
from services.scoring.judgement import Standing, Verdict
from services.scoring.models import Label, Subject
from services.scoring.rulebook import Rulebook, Scored
from services.scoring.rules import OutsideJurisdiction, must_be_within
from services.scoring.store import facts as fact_store
from services.scoring.store import scores as score_store
from services.scoring.store import subjects as subject_store
from services.scoring.store import unscored as unscored_store
from services.scoring.store.facts import Batch
from services.scoring.store.revisions import close_what_ended
from services.scoring.store.subjects import Key
from shared import audit
from shared.auth import Caller
from shared.clock import local_date
from shared.db import Session
from shared.errors import NotFound, Poison
from shared.events import (
    AlertFound,
    EmployerListed,
    EmployerRemoved,
    EmployerScored,
    ProjectScored,
    RecordsAccepted,
)
from shared.events.records import ORIGIN
from shared.outbox import announce

# Our own list decisions are facts like any other: this dataset is not an agency's.
_OWN_LISTINGS = "credit_listing"
_LISTING_ITEMS = ("listed_on", "expected_exit", "subject_name", "removed_on")
# A project of a hundred workers has sixty thousand punches a year: so many a transaction, whatever the occasion.
PROJECTS_AT_ONCE = 5


class NeverScored(NotFound):
    """Nothing was ever reported about this subject."""

    slug = "never-scored"
    title = "Nothing is known about this subject"
    title_zh = "尚无该对象的数据"


@dataclass(frozen=True)
class Moment:
    """When something is scored, by which rules, and where ids come from."""

    at: datetime
    book: Rulebook
    new_id: Callable[[], UUID]


async def take_in(
    session: Session, event: RecordsAccepted, moment: Moment, at_once: Callable[[int], bool] = lambda _subjects: True
) -> None:
    """Keep an agency's records as facts, and score whom they touch: now if `at_once` of so many, else by and by."""
    book = moment.book
    records = _records(event)
    batch = _batch(event, records, book)
    dataset = book.datasets.get(event.dataset)
    can_move = not (dataset and dataset.keyed_by_subject)
    touched = await fact_store.keep_facts(session, batch, can_move)
    if touched is None:
        return
    touched |= await close_what_ended(session, batch)
    await folding.fold_attendance(session, event.dataset, batch.rows["key"].to_list(), touched)
    await fact_store.keep_feed_report(session, batch, local_date(event.reported_at))
    if dataset and dataset.kind == "event" and (month := frames.newest_month(records, dataset, event.reported_at)):
        await fact_store.keep_feed_month(session, batch, month)
    touched |= await _keep_links(session, records, batch, book)
    if at_once(len(touched)):
        # What was reported must be visible, even where our own clock is a moment behind.
        await rescore(session, touched, replace(moment, at=max(moment.at, event.reported_at)))
    else:
        await unscored_store.keep(session, touched)


async def catch_up(session: Session, moment: Moment) -> int:
    """Score some of whom a flood of records spoke: each once, however often it was named. Returns how many."""
    keys = await unscored_store.take(session)
    await rescore(session, keys, moment)
    return len(keys)


async def rescore(session: Session, touched: Iterable[Key], moment: Moment) -> None:
    """Score each subject once, whatever touched it. Subjects are held: no fact committed meanwhile is missed.

    Of many projects only the first are scored at once; the others are due, and the review takes them in its next turns.
    """
    keys = {key for key in touched if key[0] != "person"}
    if not keys:
        return
    await subject_store.lock_subjects(session, keys)
    projects = await fact_store.projects_of(session, {key for key in keys if key[0] in ("account", "payroll")})
    if projects - keys:
        await subject_store.lock_subjects(session, projects - keys)
    employers = sorted(subject for kind, subject in keys if kind == "employer")
    sites = sorted(subject for kind, subject in keys | projects if kind == "project")
    if employers:
        await _score(session, "employer", employers, moment)
    if sites:
        await _score(session, "project", sites[:PROJECTS_AT_ONCE], moment)
        await subject_store.make_due(session, "project", sites[PROJECTS_AT_ONCE:], local_date(moment.at))


async def _score(session: Session, kind: Scored, ids: list[str], moment: Moment) -> None:
    at, book = moment.at, moment.book
    before = await subject_store.subjects(session, kind, ids)
    datasets = book.of_subject(kind)
    feeds = await fact_store.feeds(session, datasets, at)
    stopped = frames.stopped_feeds(feeds)
    versions = await folding.known_versions(session, kind, ids, datasets, at, stopped=stopped)
    facts = frames.gather(ids, versions, feeds, datasets, at)
    standings = {code: _standing(subject) for code, subject in before.items() if subject.meaning is not None}
    verdicts = await asyncio.to_thread(judgement.judge, facts, book, kind, standings)
    score_ids = {verdict.subject: moment.new_id() for verdict in verdicts if verdict.is_new}
    rows = [_score_row(kind, verdict, score_ids[verdict.subject], moment) for verdict in verdicts if verdict.is_new]
    await score_store.append_scores(session, rows)
    await subject_store.settle(session, kind, book.version, at, _settled(verdicts, score_ids))
    for verdict in verdicts:
        if verdict.is_news:
            announce(session, _scored(kind, verdict, score_ids[verdict.subject], moment))


async def review(session: Session, moment: Moment, most: int) -> int:
    """Score some subjects again that time or new rules may have changed. Returns how many; 0 when no one is due."""
    today, version = local_date(moment.at), moment.book.version
    keys = await subject_store.due(session, "employer", today, version, most)
    keys = keys or await subject_store.due(session, "project", today, version, min(most, PROJECTS_AT_ONCE))
    await rescore(session, keys, moment)
    return len(keys)


async def keep_finding(session: Session, event: AlertFound) -> None:
    """Keep what a person found on site as a label."""
    fields = ("subject_kind", "subject_id", "alert_id", "finding", "found_on", "score_id", "uscc")
    figures = ("workers", "months", "amount", "cause")
    await score_store.keep_label(session, Label(**{name: getattr(event, name) for name in (*fields, *figures)}))


async def take_in_listing(session: Session, event: EmployerListed | EmployerRemoved, moment: Moment) -> None:
    """Make our own list's decision a fact about the employer (E26)."""
    stated = msgspec.to_builtins(event)
    day = event.listed_on if isinstance(event, EmployerListed) else event.removed_on
    # The removal is the later version of the same record.
    midnight = datetime.combine(day, time.min, tzinfo=UTC)
    columns = {item: [stated.get(item)] for item in _LISTING_ITEMS}
    accepted = RecordsAccepted.of(
        receipt_id=event.listing_id,
        agency="credit",
        dataset=_OWN_LISTINGS,
        subject_kind="employer",
        subject_ids=[event.uscc],
        keys=[str(event.listing_id)],
        rows=[1 if isinstance(event, EmployerListed) else 2],
        source_times=[midnight + timedelta(microseconds=event.sequence)],
        reported_at=moment.at,
        columns=columns,
    )
    await take_in(session, accepted, moment)


async def risk_of(session: Session, kind: Scored, subject_id: str, caller: Caller) -> Subject | OutsideJurisdiction:
    """A subject as it stands, if the caller may see it; the look is written into the audit log."""
    subject = await seen(session, (kind, subject_id), caller, f"{kind}.risk")
    if isinstance(subject, Subject):
        details = {"score_id": subject.score_id}
        await audit.record(session, caller.id, f"{kind}.risk.read", subject_id, details)
    return subject


async def seen(session: Session, key: tuple[Scored, str], caller: Caller, what: str) -> Subject | OutsideJurisdiction:
    """A subject that the caller may see. A refusal is a value, so that the audit log keeps that someone tried."""
    kind, subject_id = key
    subject = (await subject_store.subjects(session, kind, [subject_id])).get(subject_id)
    if subject is None:
        raise NeverScored(f"Nothing was ever reported about {subject_id}.")
    if caller.kind == "person":
        try:
            must_be_within(subject.division, caller.jurisdiction)
        except OutsideJurisdiction as refusal:
            await audit.record(session, caller.id, f"{what}.refused", subject_id, {"check": refusal.check})
            return refusal
    return subject


def _records(event: RecordsAccepted) -> pl.DataFrame:
    try:
        return event.frame()
    except ValueError as error:
        raise Poison(f"The records of receipt {event.receipt_id} cannot be read: {error}.") from error


def _batch(event: RecordsAccepted, records: pl.DataFrame, book: Rulebook) -> Batch:
    kind, subject = _subject(event, records, book)
    return Batch(
        batch_id=event.batch_id,
        kind=kind,
        dataset=event.dataset,
        agency=event.agency,
        receipt_id=event.receipt_id,
        reported_at=event.reported_at,
        rows=records.select(
            subject.alias("id"),
            pl.col("#left").alias("left"),
            pl.col("#key").alias("key"),
            pl.col("#source_time").alias("source_time"),
            pl.col("#row").alias("row_no"),
            frames.bodies(records.drop(*ORIGIN)),
        ),
    )


def _subject(event: RecordsAccepted, records: pl.DataFrame, book: Rulebook) -> tuple[str, pl.Expr]:
    """Whom the rows are about: what ingest says, unless the book names an item (an account's project, a payroll)."""
    dataset = book.datasets.get(event.dataset)
    if dataset is None or dataset.subject_item is None or dataset.subject_item not in records.columns:
        return event.subject_kind, pl.col("#subject")
    kind = dataset.alias.kind if dataset.alias else dataset.subject
    if kind != event.subject_kind:
        return kind, pl.col(dataset.subject_item)
    # What the record does not say, ingest may have found by other means.
    return kind, pl.coalesce(dataset.subject_item, "#subject")


async def _keep_links(session: Session, records: pl.DataFrame, batch: Batch, book: Rulebook) -> set[Key]:
    """The accounts or payrolls that this batch names with their project."""
    touched: set[Key] = set()
    for dataset in book.datasets.values():
        alias = dataset.alias
        if alias and alias.via == batch.dataset and alias.item in records.columns:
            names = records.get_column(alias.item).to_list()
            await fact_store.keep_links(session, alias.kind, batch.rows["id"].to_list(), names)
            touched |= {(alias.kind, name) for name in names if name}
    return touched


def _standing(subject: Subject) -> Standing:
    profile = {field: getattr(subject, field) for field in judgement.PROFILE}
    return Standing(subject.level, subject.meaning or "", subject.state or "", profile)  # type: ignore[arg-type]


def _score_row(kind: Scored, verdict: Verdict, score_id: UUID, moment: Moment) -> dict[str, Any]:
    return {
        "subject_id": verdict.subject,
        "subject_kind": kind,
        "score_id": score_id,
        "level": verdict.assessment.level,
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
        "levels": [verdict.assessment.level for verdict in verdicts],
        "meanings": [verdict.meaning for verdict in verdicts],
        "states": [verdict.state for verdict in verdicts],
        "score_ids": [score_ids.get(verdict.subject) for verdict in verdicts],
        "reviews": [verdict.next_review_on for verdict in verdicts],
    }


def _scored(kind: Scored, verdict: Verdict, score_id: UUID, moment: Moment) -> EmployerScored | ProjectScored:
    common: dict[str, Any] = {
        "score_id": score_id,
        "name": verdict.profile["name"],
        "division": verdict.profile["division"],
        "level": verdict.assessment.level,
        "previous_level": verdict.previous_level,
        "points": verdict.assessment.points,
        "families": sorted(family for family, points in verdict.assessment.families.items() if points),
        "reasons": verdict.reasons,
        "scored_at": moment.at,
        "rules_version": moment.book.version,
    }
    if kind == "employer":
        return EmployerScored(uscc=verdict.subject, **common)
    contractor = {"gc_uscc": verdict.profile["gc_uscc"], "gc_name": verdict.profile["gc_name"]}
    return ProjectScored(project_code=verdict.subject, **(common | contractor))
