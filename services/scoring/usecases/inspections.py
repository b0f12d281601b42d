"""Random inspections: a person orders a sample, inspectors say what they found, also when it was nothing."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import polars as pl

from services.scoring.learning import sampling
from services.scoring.learning.policy import Design, Policy
from services.scoring.measurebook import shipped as measurebook
from services.scoring.store import inspections as store
from services.scoring.store import outcomes as outcome_store
from services.scoring.usecases.scoring import Moment
from services.scoring.worlds.profiles import bands, sections
from shared import audit
from shared.auth import Caller
from shared.clock import local_date
from shared.db import Session
from shared.errors import Forbidden, NotFound, Unprocessable

MATTER = "inspection"
_OWING = ("workers", "amount")


class NobodyToDraw(Unprocessable):
    """The register tells of no employer there."""

    slug = "nobody-to-draw"
    title = "There is nobody to draw from"
    title_zh = "没有可抽取的用人单位"


class NoInspection(NotFound):
    """No sample or inspection of this id within the caller's division."""

    slug = "no-inspection"
    title = "There is no such inspection"
    title_zh = "没有该抽查任务"


class UnsoundFinding(Unprocessable):
    """A finding lacks what it stands on, or its dates cannot be."""

    slug = "unsound-finding"
    title = "The finding is not complete"
    title_zh = "检查结果不完整"


@dataclass(frozen=True)
class Wish:
    """What sample a person orders: so many, by which design, within which division, by which seed, until when, why."""

    asked: int
    design: str
    within: str
    seed: int
    due_on: date | None
    reason: str


@dataclass(frozen=True)
class Finding:
    """What two inspectors found on a day."""

    finding: Literal["confirmed", "no_arrears", "nothing", "unverifiable"]
    found_on: date
    certificates: tuple[str, ...]
    started_on: date | None = None
    workers: int | None = None
    months: int | None = None
    amount: str | None = None
    note: str | None = None


async def order(session: Session, wish: Wish, caller: Caller, moment: Moment, policy: Policy) -> UUID:
    """Draw a sample of the employers in the register and keep it. NobodyToDraw, Unprocessable, Forbidden."""
    _must_be_ordered_within(wish, caller, policy)
    design = policy.design(wish.design)
    frame = await frame_of(session, wish.within, design, moment.at, policy)
    if frame.is_empty():
        raise NobodyToDraw(
            f"The register tells of no employer within {wish.within}.",
            detail_zh=f"登记数据中 {wish.within} 范围内没有用人单位。",
        )
    drawn = await asyncio.to_thread(sampling.draw, frame, wish.asked, design, wish.seed)
    sample_id = moment.new_id()
    sample = {
        "sample_id": sample_id,
        "design": msgspec.to_builtins(design),
        **{name: getattr(wish, name) for name in ("asked", "within", "seed", "due_on", "reason")},
        "drawn": drawn.height,
        "population": frame.height,
        "as_of": moment.at,
        "frame_sha256": await asyncio.to_thread(sampling.digest, frame),
        "strata": _strata(drawn),
        "ordered_by": caller.id,
        "ordered_at": moment.at,
    }
    await store.keep_sample(session, sample, drawn, [moment.new_id() for _ in range(drawn.height)])
    details = {"asked": wish.asked, "design": wish.design, "within": wish.within, "seed": wish.seed}
    await audit.record(session, caller.id, "inspections.ordered", str(sample_id), details)
    return sample_id


async def frame_of(session: Session, within: str, design: Design, at: datetime, policy: Policy) -> pl.DataFrame:
    """Who can be drawn in a division as known at a time: the rows of sampling.FRAME."""
    found = await store.frame(session, within, at, gone=policy.gone, with_size="size" in design.by)
    book = measurebook()
    industry = sections(found.get_column("industry"), book.sections)
    size = bands(found.get_column("people").cast(pl.Float64).fill_null(float("nan")).to_numpy(), book.sizes)
    return found.with_columns(industry.alias("industry"), size.alias("size")).select(sampling.FRAME)


async def record(
    session: Session, inspection_id: UUID, finding: Finding, *, caller: Caller, at: datetime, policy: Policy
) -> dict[str, Any]:
    """Keep what was found; a later finding corrects. Returns the inspection. NoInspection, UnsoundFinding."""
    stands = await inspection_of(session, inspection_id, caller)
    sample = (await store.samples(session, 1, stands["sample_id"]))[0]
    _must_be_sound(finding, local_date(sample["ordered_at"]), local_date(at), policy)
    plain = msgspec.to_builtins(vars(finding) | {"certificates": list(finding.certificates)})
    said = {name: value for name, value in plain.items() if value}
    if said != (stands["details"] or {}).get("said"):
        content = json.dumps([str(inspection_id), stands["key"], said], sort_keys=True)
        outcome = {
            "subject_kind": "employer",
            "subject_id": stands["employer_id"],
            "uscc": stands["employer_id"],
            "key": hashlib.sha256(content.encode()).hexdigest()[:32],
            "matter": MATTER,
            "matter_id": str(inspection_id),
            "known_at": at,
            "selection": "random",
            "level": stands["level"],
            "division": stands["division"],
            **{name: getattr(finding, name) for name in ("finding", "found_on", "started_on", "workers", "months")},
            "amount": finding.amount,
            "details": {"said": said, "by": caller.id},
        }
        await outcome_store.keep(session, outcome)
        about = {"inspection_id": str(inspection_id), "finding": finding.finding}
        await audit.record(session, caller.id, "inspection.recorded", stands["employer_id"], about)
    return await inspection_of(session, inspection_id, caller)


async def inspection_of(session: Session, inspection_id: UUID, caller: Caller) -> dict[str, Any]:
    """One inspection within the caller's division with the finding that stands. NoInspection."""
    found = await store.inspection(session, inspection_id, division_of(caller))
    if found is None:
        raise NoInspection(
            f"There is no inspection {inspection_id} in your division.",
            detail_zh=f"您的辖区内没有检查 {inspection_id}。",
        )
    return found


async def sample_of(session: Session, sample_id: UUID, caller: Caller) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A sample and whom it drew within the caller's division; the look is on record. NoInspection."""
    within = division_of(caller)
    found = await store.samples(session, 1, sample_id)
    if not found:
        raise NoInspection(f"There is no sample {sample_id}.", detail_zh=f"没有抽样 {sample_id}。")
    await audit.record(session, caller.id, "inspections.read", str(sample_id), {"within": within})
    return found[0], await store.drawn_of(session, sample_id, within)


def division_of(caller: Caller) -> str:
    """The prefix of what a person may see here. Forbidden without one."""
    if not caller.jurisdiction:
        raise Forbidden("Your account has no jurisdiction.", detail_zh="您的账号没有辖区。", check="jurisdiction")
    return caller.jurisdiction


def _must_be_ordered_within(wish: Wish, caller: Caller, policy: Policy) -> None:
    if not wish.within.startswith(division_of(caller)):
        raise Forbidden(
            f"{wish.within} does not lie within your division.",
            detail_zh=f"{wish.within} 不在您的辖区内。",
            check="jurisdiction",
        )
    if wish.design not in {design.code for design in policy.designs}:
        raise Unprocessable(
            f"There is no design {wish.design}.",
            detail_zh=f"没有抽样方案 {wish.design}。",
            errors=[{"item": "design", "code": "unknown"}],
        )
    if wish.asked > policy.number("sample_most"):
        raise Unprocessable(
            f"At most {policy.number('sample_most'):.0f} employers a sample.",
            detail_zh=f"每次抽样最多 {policy.number('sample_most'):.0f} 家用人单位。",
        )


def _must_be_sound(finding: Finding, ordered_on: date, today: date, policy: Policy) -> None:
    least = int(policy.number("inspectors_least"))
    if len(set(finding.certificates)) < least:
        raise UnsoundFinding(
            f"No fewer than {least} inspectors, each with a certificate of his own (423 art. 16).",
            detail_zh=f"监察员不少于 {least} 名，且各有执法证（国务院令第423号第十六条）。",
        )
    if not ordered_on <= finding.found_on <= today:
        raise UnsoundFinding(
            f"found_on lies between {ordered_on}, when the sample was drawn, and today, {today}.",
            detail_zh=f"认定日（found_on）须在抽样日 {ordered_on} 与今天 {today} 之间。",
        )
    if finding.started_on and finding.started_on > finding.found_on:
        raise UnsoundFinding(
            "started_on is not later than found_on.", detail_zh="欠薪起始日（started_on）不得晚于认定日（found_on）。"
        )
    missing = [name for name in _OWING if finding.finding == "confirmed" and not getattr(finding, name)]
    if missing:
        raise UnsoundFinding(
            "Arrears have workers and an amount.",
            detail_zh="欠薪须写明人数和金额。",
            errors=[{"item": name} for name in missing],
        )


def _strata(drawn: pl.DataFrame) -> list[dict[str, Any]]:
    """Per stratum: how many there are, how many were drawn."""
    columns = ("stratum", "stratum_population", "stratum_drawn", "probability")
    return drawn.select(columns).unique().sort("stratum").to_dicts()
