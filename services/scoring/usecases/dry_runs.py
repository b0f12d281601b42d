"""Dry runs: what a version of the rules would say of everyone, beside the one in force. No score is written."""

import asyncio
from datetime import date, datetime
from uuid import UUID

import msgspec

from services.scoring import books, folding, frames, tallying
from services.scoring.frames import Facts
from services.scoring.rulebook import Rulebook, Scored
from services.scoring.store import dry_runs as store
from services.scoring.store import facts as fact_store
from services.scoring.store.dry_runs import DryRun
from services.scoring.tallying import Side, Tally
from services.scoring.usecases.registering import register_shipped
from services.scoring.usecases.rulebooks import Deed, book, known
from services.scoring.usecases.scoring import PROJECTS_AT_ONCE
from shared import audit
from shared.db import Session
from shared.errors import NotFound

# So many examples of each move from level to level are kept with their reasons.
EXAMPLES = 20
_MOST_LISTED = 50


class NoSuchDryRun(NotFound):
    """There is no such dry run of this version."""

    slug = "no-such-dry-run"
    title = "There is no such dry run"
    title_zh = "没有该试算"


async def ask(session: Session, version: str, deed: Deed, dry_run_id: UUID) -> DryRun:
    """Let a version be tried against the one in force; a run that is at work is the answer. NoSuchRulebook."""
    await known(session, version, deed.today)
    await register_shipped(session, deed.at)
    baseline = (await books.book_in_force(session, deed.today)).version
    run = {"dry_run_id": dry_run_id, "version": version, "baseline": baseline, "asked_by": deed.actor, "at": deed.at}
    await store.ask(session, run)
    details = {"reason": deed.reason, "baseline": baseline}
    await audit.record(session, deed.actor, "rulebook.dry_run.asked", version, details)
    return next(each for each in await store.latest(session, version, _MOST_LISTED) if each.baseline == baseline)


async def listed(session: Session, version: str, today: date) -> list[DryRun]:
    """The runs of a version, the newest first. NoSuchRulebook."""
    await known(session, version, today)
    return await store.latest(session, version, _MOST_LISTED)


async def looked_at(session: Session, version: str, dry_run_id: UUID, actor: str) -> DryRun:
    """A run of a version; the look is audited, for its examples name employers. NoSuchDryRun."""
    found = {each.dry_run_id: each for each in await store.latest(session, version, _MOST_LISTED)}.get(str(dry_run_id))
    if found is None:
        raise NoSuchDryRun(
            f"There is no dry run {dry_run_id} of {version}.", detail_zh=f"版本 {version} 没有试算 {dry_run_id}。"
        )
    await audit.record(session, actor, "rulebook.dry_run.read", version, {"dry_run_id": str(dry_run_id)})
    return found


async def take(session: Session) -> DryRun | None:
    """The run that waits longest, held (it alone) until the end of the transaction; None when none waits."""
    return await store.take_next(session)


async def go_on(session: Session, run: DryRun, most: int, at: datetime) -> DryRun:
    """Count the next stretch of a run; returns it as it then stands."""
    kind = run.subject_kind
    people = await store.stretch(session, kind, run.after_id, most if kind == "employer" else PROJECTS_AT_ONCE)
    moved = await _counted(session, run, people) if people else _turned(run)
    await store.move(session, moved, at)
    return moved


async def give_up(session: Session, run: DryRun, error: BaseException) -> None:
    """End a run that cannot go on; what it stumbled over is told, without the values that it stumbled over."""
    await store.fail(session, run.dry_run_id, type(error).__name__)


async def _counted(session: Session, run: DryRun, people: dict[str, tuple[str | None, str | None]]) -> DryRun:
    now, then = await book(session, run.baseline), await book(session, run.version)
    kind, ids = run.subject_kind, list(people)
    facts = await _facts(session, now, kind, ids, run.asked_at)
    is_same = now.of_subject(kind) == then.of_subject(kind)
    other = facts if is_same else await _facts(session, then, kind, ids, run.asked_at)
    tally = msgspec.convert(run.result.get(kind, {}), Tally)
    sides = await asyncio.to_thread(_sides, (facts, now), (other, then), kind)
    await asyncio.to_thread(tallying.add, tally, kind, people, sides, EXAMPLES)
    result = run.result | {kind: msgspec.to_builtins(tally)}
    return run._replace(state="running", after_id=ids[-1], done=run.done + len(ids), result=result)


def _sides(now: tuple[Facts, Rulebook], then: tuple[Facts, Rulebook], kind: Scored) -> tuple[Side, Side]:
    return tallying.side(*now, kind), tallying.side(*then, kind)


def _turned(run: DryRun) -> DryRun:
    """After the employers come the projects, and then it is finished."""
    if run.subject_kind == "employer":
        return run._replace(state="running", subject_kind="project", after_id="")
    return run._replace(state="finished")


async def _facts(session: Session, rules: Rulebook, kind: Scored, ids: list[str], at: datetime) -> Facts:
    """What was known of these subjects at a time, by the datasets of a book. Nobody is held meanwhile."""
    datasets = rules.of_subject(kind)
    feeds = await fact_store.feeds(session, datasets, at)
    versions = await folding.known_versions(session, kind, ids, datasets, at, stopped=frames.stopped_feeds(feeds))
    return frames.gather(ids, versions, feeds, datasets, at)


def tallies(run: DryRun) -> dict[str, Tally]:
    """What a run has counted so far, by kind of subject."""
    return {kind: msgspec.convert(told, Tally) for kind, told in run.result.items()}
