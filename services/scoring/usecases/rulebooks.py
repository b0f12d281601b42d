"""What people do with the rules: draft, submit, approve or send back, activate, roll back. Each act is audited."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.scoring import books, drafting
from services.scoring.rulebook import BadBook, Fault, Pages, Rulebook, lifecycle, read
from services.scoring.rulebook.lifecycle import Act, State
from services.scoring.store import dry_runs as dry_run_store
from services.scoring.store import rulebooks as store
from services.scoring.store.rulebooks import Version
from shared import audit
from shared.clock import local_date
from shared.db import Session
from shared.errors import Conflict, NotFound, Unprocessable

# How long a dry run counts; the present book says it.
_DAYS = "dry_run_valid_days"


class NoSuchRulebook(NotFound):
    """There is no such version of the rules."""

    slug = "no-such-rulebook"
    title = "There is no such version of the rules"
    title_zh = "没有该规则版本"


class UnreadableRulebook(Conflict):
    """The version was written for another release of the software."""

    slug = "rulebook-unreadable"
    title = "This release cannot read that version of the rules"
    title_zh = "当前软件版本无法读取该规则版本"


class BadDraft(Unprocessable):
    """The drafted rules cannot be used: `errors` names every item and reason."""

    slug = "rulebook-faults"
    title = "The drafted rules cannot be used"
    title_zh = "规则草案有误"


class SameRules(Conflict):
    """A version with the same pages is here already."""

    slug = "rulebook-known"
    title = "These rules are here already"
    title_zh = "相同内容的规则版本已存在"


class NoDryRun(Conflict):
    """Nobody has seen what these rules would do."""

    slug = "rulebook-not-tried"
    title = "These rules have not been tried over the whole population"
    title_zh = "该规则版本尚未完成（有效期内的）全量试算"


@dataclass(frozen=True)
class Deed:
    """Who does something with a version, why, and when."""

    actor: str
    reason: str
    at: datetime

    @property
    def today(self) -> date:
        """The day in China."""
        return local_date(self.at)

    def told(self) -> dict[str, Any]:
        """The act's line without what is particular to it."""
        return {"actor": self.actor, "reason": self.reason, "acted_at": self.at}


@dataclass(frozen=True)
class Known:
    """A version as it stands: itself, what was done with it (oldest first), its state today."""

    version: Version
    acts: list[Act]
    state: State


async def listed(session: Session, today: date, most: int) -> list[Known]:
    """Versions as they stand, the newest first."""
    found = await store.versions(session, most)
    activations = await store.activations(session)
    by_version: dict[str, list[Act]] = {each.version: [] for each in found}
    for act in await store.acts_of(session, list(by_version)):
        by_version[act.version].append(act)
    return [
        Known(each, acts := by_version[each.version], lifecycle.state(each.version, acts, activations, today))
        for each in found
    ]


async def known(session: Session, version: str, today: date) -> Known:
    """A version as it stands. NoSuchRulebook."""
    found = await store.version_of(session, version)
    if found is None:
        raise NoSuchRulebook(f"There is no version {version}.", detail_zh=f"没有规则版本 {version}。")
    acts = await store.acts_of(session, [version])
    return Known(found, acts, lifecycle.state(version, acts, await store.activations(session), today))


async def draft(
    session: Session, pages: dict[str, str], deed: Deed, based_on: str | None, effective_from: date | None
) -> str:
    """Keep a drafted version; pages that are not given are those of `based_on` (the one in force). Returns its name.

    BadDraft with every fault, SameRules; then nothing is kept.
    """
    base = based_on or (await books.book_in_force(session, deed.today)).version
    content = (await pages_of(session, base))._replace(**{page: text.encode() for page, text in pages.items()})
    await asyncio.to_thread(_must_be_usable, content, deed.at)
    await store.lock(session)
    version = content.version
    new = Version(version, content.digest, "drafted", base, deed.actor, deed.reason, effective_from, deed.at)
    if not await store.keep(session, new, content):
        raise SameRules(
            f"These pages are version {version} already.",
            detail_zh=f"这些内容与版本 {version} 相同。",
            check="same_pages",
            version=version,
        )
    await store.keep_act(session, version, "drafted", **deed.told())
    await _audit(session, deed, "drafted", version, based_on=base, digest=content.digest)
    return version


async def pages_of(session: Session, version: str) -> Pages:
    """The pages of a version. NoSuchRulebook."""
    found = await store.pages(session, version)
    if found is None:
        raise NoSuchRulebook(f"There is no version {version}.", detail_zh=f"没有规则版本 {version}。")
    return found


async def book(session: Session, version: str) -> Rulebook:
    """The book of a version. NoSuchRulebook, UnreadableRulebook."""
    try:
        found = await books.book_of(session, version)
    except BadBook as error:
        raise UnreadableRulebook(
            f"This release cannot read {version}: {error}", detail_zh=f"本发行版无法读取版本 {version}：{error}"
        ) from error
    if found is None:
        raise NoSuchRulebook(f"There is no version {version}.", detail_zh=f"没有规则版本 {version}。")
    return found


def _must_be_usable(content: Pages, at: datetime) -> None:
    try:
        wrong: list[Fault] = drafting.faults(read(content), at)
    except BadBook as error:
        wrong = list(error.faults)
    if wrong:
        errors = [{"item": fault.item, "reason": fault.reason} for fault in wrong]
        raise BadDraft(
            f"{len(wrong)} item(s) are wrong.", detail_zh=f"有 {len(wrong)} 项错误。", check="faults", errors=errors
        )


async def submit(session: Session, version: str, deed: Deed) -> None:
    """Bring a draft before the second person. WrongState unless it is a draft."""
    await _held(session, version, deed, "draft")
    await store.keep_act(session, version, "submitted", **deed.told())
    await _audit(session, deed, "submitted", version)


async def send_back(session: Session, version: str, deed: Deed) -> None:
    """Give a submitted version back to its author, for a reason. It stays as it is: what is changed is another one."""
    await _held(session, version, deed, "submitted")
    await store.keep_act(session, version, "returned", **deed.told())
    await _audit(session, deed, "returned", version)


async def approve(session: Session, version: str, deed: Deed) -> None:
    """A second person stands for a submitted version. OwnWork for its author and for who submitted it."""
    found = await _held(session, version, deed, "submitted")
    lifecycle.must_be_second(deed.actor, found.version.author, found.acts)
    await store.keep_act(session, version, "approved", **deed.told())
    await _audit(session, deed, "approved", version)


async def activate(session: Session, version: str, deed: Deed, effective_from: date | None) -> date:
    """Let an approved version count: from a day on, else from the one its author wants, else at once; returns the day.

    NoDryRun unless it was tried against the present version a short while ago. Everyone scored by another version is
    then due, and the review scores them again.
    """
    found = await _held(session, version, deed, "approved")
    day = max(effective_from or found.version.effective_from or deed.today, deed.today)
    dry_run_id = await _trial_of(session, version, deed)
    act = {"effective_from": day, "dry_run_id": dry_run_id}
    await store.keep_act(session, version, "activated", **deed.told(), **act)
    await _audit(session, deed, "activated", version, **act)
    return day


async def _trial_of(session: Session, version: str, deed: Deed) -> str:
    """The dry run that the activation rests on."""
    present = await books.book_in_force(session, deed.today)
    days = present.parameter(_DAYS, deed.today)
    found = await dry_run_store.latest_finished(session, version, present.version)
    if found is None:
        raise NoDryRun(
            f"No dry run of {version} against {present.version} has finished.",
            detail_zh=f"版本 {version} 尚未完成与 {present.version} 对比的试算。",
            check="dry_run_missing",
        )
    if deed.at - found.finished_at > timedelta(days=days):
        raise NoDryRun(
            f"The last dry run of {version} is older than {days} days.",
            detail_zh=f"版本 {version} 的最近一次试算已超过 {days} 天。",
            check="dry_run_old",
        )
    return found.dry_run_id


async def roll_back(session: Session, version: str, deed: Deed) -> None:
    """Let a version that counted before count again, at once: no dry run is asked for, for it has been seen at work."""
    await store.lock(session)
    found = await known(session, version, deed.today)
    activations = await store.activations(session)
    is_next_waiting = activations and (activations[-1].effective_from or deed.today) > deed.today
    # What counts today may be said again, to call off the one that is to follow.
    lifecycle.must_be(found.state, *(("retired", "active") if is_next_waiting else ("retired",)), version=version)
    await store.keep_act(session, version, "rolled_back", effective_from=deed.today, **deed.told())
    await _audit(session, deed, "rolled_back", version)


async def _held(session: Session, version: str, deed: Deed, *wanted: State) -> Known:
    await store.lock(session)
    found = await known(session, version, deed.today)
    lifecycle.must_be(found.state, *wanted, version=version)
    return found


async def _audit(session: Session, deed: Deed, act: str, version: str, **more: Any) -> None:
    await audit.record(session, deed.actor, f"rulebook.{act}", version, {"reason": deed.reason, **more})
