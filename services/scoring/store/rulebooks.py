"""Versions of the rules and what was done with them: lines are added, never changed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from services.scoring.rulebook import PAGES, Pages
from services.scoring.rulebook.lifecycle import Act, Deed
from shared.db import Session, sql

# Whoever decides about a version stands in one line: two approvals, or an activation and a rollback, never cross.
_LOCK = "select pg_advisory_xact_lock(hashtext('scoring:rulebook'))"

_IN_FORCE = """
select version from scoring.rulebook_act
where act in ('activated', 'rolled_back') and effective_from <= :today order by act_no desc limit 1
"""
_PAGES = "select datasets, features, indicators, parameters from scoring.rulebook where version = :version"
_KEEP = """
insert into scoring.rulebook
    (version, digest, origin, based_on, datasets, features, indicators, parameters, author, reason, effective_from,
        created_at)
values (:version, :digest, :origin, :based_on, :datasets, :features, :indicators, :parameters, :author, :reason,
    :effective_from, :created_at)
on conflict (version) do nothing
"""
_ACT = """
insert into scoring.rulebook_act (version, act, actor, reason, effective_from, dry_run_id, acted_at)
values (:version, :act, :actor, :reason, :effective_from, :dry_run_id, :acted_at)
"""
_ACTS = (
    "select act_no, version, act, actor, reason, effective_from, dry_run_id::text, acted_at from scoring.rulebook_act"
)
_VERSIONS = """
select version, digest, origin, based_on, author, reason, effective_from, created_at from scoring.rulebook
"""


class Version(NamedTuple):
    """A version of the rules without its pages. `effective_from`: the day its author wants it in force."""

    version: str
    digest: str
    origin: str
    based_on: str | None
    author: str
    reason: str
    effective_from: date | None
    created_at: datetime


async def lock(session: Session) -> None:
    """Hold every decision about versions until the end of the transaction."""
    await sql(session, _LOCK)


async def version_in_force(session: Session, today: date) -> str | None:
    """The version that counts on a day; None before any was activated."""
    found: str | None = (await sql(session, _IN_FORCE, today=today)).scalar_one_or_none()
    return found


async def pages(session: Session, version: str) -> Pages | None:
    """The pages of a version; None when there is no such version."""
    row = (await sql(session, _PAGES, version=version)).one_or_none()
    return Pages(*(text.encode() for text in row)) if row else None


async def keep(session: Session, version: Version, content: Pages) -> bool:
    """Keep a version. False when it was here before."""
    texts = {page: getattr(content, page).decode() for page in PAGES}
    return bool((await sql(session, _KEEP, **version._asdict(), **texts)).rowcount)


async def keep_act(session: Session, version: str, act: Deed, **told: Any) -> None:
    """Note what was done with a version (actor, reason, acted_at; effective_from, dry_run_id of an activation)."""
    await sql(session, _ACT, version=version, act=act, **({"effective_from": None, "dry_run_id": None} | told))


async def version_of(session: Session, version: str) -> Version | None:
    """A version without its pages."""
    row = (await sql(session, f"{_VERSIONS} where version = :version", version=version)).one_or_none()
    return Version._make(row) if row else None


async def versions(session: Session, most: int) -> list[Version]:
    """Versions without their pages, the newest first."""
    newest = f"{_VERSIONS} order by created_at desc, version limit :most"
    return [Version._make(row) for row in (await sql(session, newest, most=most)).all()]


async def acts_of(session: Session, names: Sequence[str]) -> list[Act]:
    """What was done with some versions, oldest first."""
    wanted = f"{_ACTS} where version = any(cast(:names as text[])) order by act_no"
    return [Act._make(row) for row in (await sql(session, wanted, names=list(names))).all()]


async def activations(session: Session) -> list[Act]:
    """Everything that ever brought a version into force, oldest first."""
    wanted = f"{_ACTS} where act in ('activated', 'rolled_back') order by act_no"
    return [Act._make(row) for row in (await sql(session, wanted)).all()]
