"""Grants: asked for by one person, decided by another, good for a time; the issuer's tokens carry what they give.

Whoever changes what an agency may do locks the agency first, then its grants: so of two changes at once the second sees
the first, and says rightly which scopes are lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from gateway.issuer import parameters, store
from gateway.issuer.models import Client, DataGrant, KnownDataset
from gateway.issuer.rules import grants as rules
from gateway.issuer.store import grants as grant_store
from shared import audit
from shared.calendar import add_working_days
from shared.clock import local_date
from shared.db import Session
from shared.errors import NotFound, Unprocessable
from shared.events import CatalogueAnnounced, GrantEnded
from shared.ids import new_id
from shared.outbox import announce

_GIVEN = "登记时授予 given at registration"
_BASIS = "见数据目录 see the catalogue"


@dataclass(frozen=True)
class Asked:
    """What somebody asks for. `begins`: None is at once."""

    agency: str
    dataset: str
    direction: rules.Direction
    purpose: str
    legal_basis: str
    begins: datetime | None
    ends: datetime | None


@dataclass(frozen=True)
class Verdict:
    """What somebody decides of a request, and why."""

    state: Literal["approved", "refused"]
    reason: str
    by: str


async def request(session: Session, asked: Asked, by: str, now: datetime) -> DataGrant:
    """Keep a request, and say by when it is to be answered (Decree 809).

    Raises Unprocessable, NotShared; AskedAlready while the same waits: of two that are approved one would outlive the
    revocation of the other.
    """
    await _client_of(session, asked.agency)
    await store.client_for_update(session, asked.agency)
    known = await _known(session, asked.dataset)
    sharing = cast(rules.Sharing, known.sharing)
    day = local_date(now)
    validity = rules.Validity(asked.begins or now, asked.ends)
    rules.must_be_shared(sharing, asked.direction)
    rules.must_be_sensible(validity, now, timedelta(days=parameters.value("grant.longest_d", day)))
    if other := await grant_store.waiting(session, asked.agency, asked.dataset, asked.direction, now):
        raise rules.AskedAlready(
            "It waits to be decided.", detail_zh="同样的申请正在等待审批。", grant_id=str(other.grant_id)
        )
    grant = _drawn_up(asked, validity, by, now)
    grant.sharing = sharing
    grant.reply_due_on = add_working_days(day, parameters.value(rules.reply_parameter(sharing), day))
    session.add(grant)
    await _record(session, by, "grant.requested", grant)
    return grant


async def decide(session: Session, grant_id: UUID, verdict: Verdict, now: datetime) -> DataGrant:
    """Approve or refuse. Raises NotFound, GrantNotOpen, FourEyes."""
    grant, _ = await _locked(session, grant_id)
    rules.must_be_decidable(cast(rules.State, grant.state), grant.requested_by, verdict.by)
    if verdict.state == "approved":
        rules.must_be_approvable(rules.Validity(grant.valid_from, grant.valid_to), now)
        day = local_date(now)
        grant.deliver_by = add_working_days(day, parameters.value("grant.deliver_wd", day))
    grant.state, grant.decision_reason = verdict.state, verdict.reason
    grant.decided_by, grant.decided_at = verdict.by, now
    session.add(grant)
    await _record(session, verdict.by, f"grant.{verdict.state}", grant, reason=verdict.reason)
    return grant


async def revoke(session: Session, grant_id: UUID, reason: str, by: str, now: datetime) -> DataGrant:
    """Take an approved grant back: tokens that carry it are refused from now on. Raises NotFound, GrantNotOpen."""
    grant, client = await _locked(session, grant_id)
    rules.must_be_revocable(cast(rules.State, grant.state))
    before = await scopes_of(session, client, now)
    await _end(session, [grant], "revoked", reason=reason, by=by, now=now)
    _announce_lost(session, client.client_id, before - await scopes_of(session, client, now), "revoked", now)
    return grant


async def end_run_out(session: Session, agency: str, now: datetime) -> int:
    """End an agency's grants whose time is over. Returns how many."""
    client = await store.client_for_update(session, agency)
    over = [one for one in await grant_store.standing_for_update(session, agency) if _is_over(one, now)]
    if client is None or not over:
        return 0
    await _end(session, over, "expired", reason="", by="SYSTEM", now=now)
    left = await scopes_of(session, client, now)
    for grant in over:
        # From its own end on, not from when we noticed: a token of a grant that followed is good.
        _announce_lost(session, agency, set(grant.scopes) - left, "expired", grant.valid_to or now)
    return len(over)


async def register(session: Session, client: Client, now: datetime, actor: str) -> None:
    """What an operator gives at the machine: these scopes, and of what operators gave before no other."""
    wanted = {scope for scope in client.scopes if rules.is_data_scope(scope)}
    standing = [one for one in await grant_store.standing_for_update(session, client.client_id) if _is_operators(one)]
    gone = [one for one in standing if not wanted.issuperset(one.scopes)]
    await _end(session, gone, "revoked", reason="replaced at registration", by=actor, now=now)
    lost = {scope for one in gone for scope in one.scopes} - await scopes_of(session, client, now)
    # A token's time is in whole seconds: one of this second may already be the new grant's.
    second = now.replace(microsecond=0) - timedelta(microseconds=1)
    _announce_lost(session, client.client_id, lost, "revoked", second)
    for scope in sorted(wanted.difference(*(one.scopes for one in standing))):
        session.add(_given(client.client_id, scope, actor, now))
    await session.flush()


async def end_all(session: Session, agency: str, now: datetime, actor: str) -> None:
    """A revoked agency has no grant left; what it is to have again is asked for again."""
    standing = await grant_store.standing_for_update(session, agency)
    await _end(session, standing, "revoked", reason="the agency was revoked", by=actor, now=now)


async def scopes_of(session: Session, client: Client, now: datetime) -> frozenset[str]:
    """What a token of this client may carry at that moment."""
    found = await grant_store.in_force(session, client.client_id, now)
    return rules.effective(client.scopes, grant_store.scopes_in(found))


async def keep_catalogue(session: Session, event: CatalogueAnnounced) -> None:
    """Remember which datasets there are, and how each is shared."""
    rows = [
        {
            "dataset": one.dataset, "label_zh": one.label_zh, "label_en": one.label_en, "department": one.department,
            "sharing": one.sharing, "legal_basis": one.legal_basis, "until": one.until and one.until.isoformat(),
            "announced_at": event.announced_at.isoformat(),
        }
        for one in event.datasets
    ]  # fmt: skip
    await grant_store.keep_datasets(session, json.dumps(rows, ensure_ascii=False))


async def grant(session: Session, grant_id: UUID, agency: str | None = None) -> DataGrant:
    """A grant, of that agency if one is named. Raises NotFound."""
    found = await grant_store.grant(session, grant_id)
    if found is None or (agency is not None and found.agency != agency):
        raise NotFound(f"There is no grant {grant_id}.", detail_zh=f"没有授权 {grant_id}。")
    return found


async def _client_of(session: Session, agency: str) -> Client:
    client = await store.client(session, agency)
    if client is None or client.revoked_at is not None or client.auth_method == "none":
        raise Unprocessable(
            f"There is no agency {agency[:64]!r}.",
            detail_zh=f"没有部门 {agency[:64]!r}。",
            errors=[{"item": "agency", "code": "unknown"}],
        )
    return client


async def _known(session: Session, dataset: str) -> KnownDataset:
    known = await grant_store.dataset(session, dataset)
    if known is None:
        raise Unprocessable(
            f"There is no dataset {dataset[:64]!r}.",
            detail_zh=f"没有数据集 {dataset[:64]!r}。",
            errors=[{"item": "dataset", "code": "unknown"}],
        )
    return known


async def _locked(session: Session, grant_id: UUID) -> tuple[DataGrant, Client]:
    found = await grant(session, grant_id)
    client = await store.client_for_update(session, found.agency)
    locked = await grant_store.grant_for_update(session, grant_id)
    if client is None or locked is None:  # neither is ever deleted
        raise NotFound(f"There is no grant {grant_id}.", detail_zh=f"没有授权 {grant_id}。")
    return locked, client


def _drawn_up(asked: Asked, validity: rules.Validity, by: str, now: datetime) -> DataGrant:
    return DataGrant(
        grant_id=new_id(),
        agency=asked.agency,
        dataset=asked.dataset,
        direction=asked.direction,
        scopes=list(rules.scopes_of(asked.dataset, asked.direction)),
        origin="request",
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        state="requested",
        requested_by=by,
        requested_at=now,
        valid_from=validity.begins,
        valid_to=validity.ends,
    )


def _given(agency: str, scope: str, actor: str, now: datetime) -> DataGrant:
    kind, _, dataset = scope.partition(":")
    return DataGrant(
        grant_id=new_id(),
        agency=agency,
        dataset=dataset,
        direction="provide" if kind == "ingest" else "use",
        scopes=[scope],
        origin="operator",
        purpose=_GIVEN,
        legal_basis=_BASIS,
        state="approved",
        requested_by=actor,
        requested_at=now,
        decided_by=actor,
        decided_at=now,
        valid_from=now,
    )


def _is_operators(grant: DataGrant) -> bool:
    return grant.origin == "operator"


def _is_over(grant: DataGrant, now: datetime) -> bool:
    return grant.valid_to is not None and grant.valid_to <= now


async def _end(
    session: Session, ended: Sequence[DataGrant], state: str, *, reason: str, by: str, now: datetime
) -> None:
    for one in ended:
        one.state, one.ended_by, one.ended_at, one.end_reason = state, by, now, reason
        session.add(one)
        await _record(session, by, f"grant.{state}", one, reason=reason)
    await session.flush()


def _announce_lost(
    session: Session, agency: str, lost: Iterable[str], reason: Literal["expired", "revoked"], at: datetime
) -> None:
    for scope in sorted(lost):
        announce(session, GrantEnded(agency=agency, scope=scope, reason=reason, ended_at=at))


async def _record(session: Session, by: str, action: str, grant: DataGrant, **more: Any) -> None:
    told = {"agency": grant.agency, "dataset": grant.dataset, "direction": grant.direction, "until": grant.valid_to}
    await session.flush()
    await audit.record(session, by, action, str(grant.grant_id), {**told, **more})
