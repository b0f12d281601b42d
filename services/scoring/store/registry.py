"""Models, how they stand, and who did what to them."""

from datetime import datetime
from typing import Any, NamedTuple

from services.scoring.model.lifecycle import State
from shared.db import Session, sql

_ADD = """
insert into scoring.model (model_id, name, horizon_days, entry, trees, card, not_live, not_live_share, registered_at,
    registered_by)
values (:model_id, :name, :horizon_days, :entry, :trees, :card, cast(:not_live as jsonb), :not_live_share, :at, :actor)
on conflict do nothing
"""

_STAND = "insert into scoring.model_standing (model_id, state, since) values (:model_id, 'candidate', :at)"

_STEP = """
insert into scoring.model_step (model_id, act, state, at, actor, reason)
values (:model_id, :act, :state, :at, :actor, :reason)
"""

_MOVE = """
update scoring.model_standing set state = :state, since = case when state = :state then since else :at end,
    proposed_by = :proposed_by, proposed_at = :proposed_at, proposal = :proposal
where model_id = :model_id
"""

_LINES = """
select model.model_id, model.name, model.horizon_days, model.registered_at, model.registered_by, model.not_live,
    model.not_live_share, standing.state, standing.since, standing.proposed_by, standing.proposed_at, standing.proposal
from scoring.model_standing standing join scoring.model using (model_id)
"""

# In one order, and all of them: two promotions at the same moment stand in a line.
_HOLD = "select model_id from scoring.model_standing order by model_id for update"

_FORMER = """
select model_id from scoring.model_step
where state = 'champion' and model_id in (select model_id from scoring.model_standing where state = 'retired')
order by step desc limit 1
"""


class Line(NamedTuple):
    """A model as it stands, without its trees and its card."""

    model_id: str
    name: str
    horizon_days: int
    registered_at: datetime
    registered_by: str
    not_live: dict[str, float]
    not_live_share: float
    state: State
    since: datetime
    proposed_by: str | None
    proposed_at: datetime | None
    proposal: str | None


class Content(NamedTuple):
    """What was registered: the entry's JSON, LightGBM's text where there are trees, the card."""

    entry: str
    trees: str | None
    card: str


class Step(NamedTuple):
    """Who did what to a model."""

    act: str
    state: State
    at: datetime
    actor: str
    reason: str


class Proposal(NamedTuple):
    """Who wants a model promoted, since when, and why."""

    by: str
    at: datetime
    reason: str


async def add(session: Session, model: dict[str, Any]) -> bool:
    """Keep a model as a candidate (columns as in _ADD). False when its content was here before."""
    is_new = bool((await sql(session, _ADD, **model)).rowcount)
    if is_new:
        await sql(session, _STAND, model_id=model["model_id"], at=model["at"])
    return is_new


async def hold(session: Session) -> dict[str, Line]:
    """Every model as it stands, held until the end of the transaction."""
    await sql(session, _HOLD)
    return {line.model_id: line for line in await lines(session)}


async def lines(session: Session) -> list[Line]:
    """Every model as it stands, the newest first."""
    rows = await sql(session, _LINES + " order by model.registered_at desc, model.model_id")
    return [Line(**row) for row in rows.mappings()]


async def active(session: Session) -> dict[str, State]:
    """The champion and the challengers."""
    rows = await sql(
        session,
        "select model_id, state from scoring.model_standing where state in ('champion', 'shadow') order by model_id",
    )
    return {row.model_id: row.state for row in rows}


async def content(session: Session, model_id: str) -> Content | None:
    """What was registered under this name."""
    found = await sql(session, "select entry, trees, card from scoring.model where model_id = :id", id=model_id)
    row = found.mappings().first()
    return Content(**row) if row else None


async def steps(session: Session, model_id: str) -> list[Step]:
    """What was done to a model, oldest first."""
    found = await sql(
        session,
        "select act, state, at, actor, reason from scoring.model_step where model_id = :id order by step",
        id=model_id,
    )
    return [Step(**row) for row in found.mappings()]


async def former_champion(session: Session) -> str | None:
    """Who was champion last and is retired now."""
    found: str | None = (await sql(session, _FORMER)).scalar()
    return found


async def move(session: Session, model_id: str, state: State, at: datetime, proposal: Proposal | None = None) -> None:
    """Let a model stand so from now on; without a proposal, what was proposed of it is over."""
    by, when, why = proposal or (None, None, None)
    told = {"proposed_by": by, "proposed_at": when, "proposal": why}
    await sql(session, _MOVE, model_id=model_id, state=state, at=at, **told)


async def keep_step(session: Session, model_id: str, step: Step) -> None:
    """Write down who did what."""
    await sql(session, _STEP, model_id=model_id, **step._asdict())
