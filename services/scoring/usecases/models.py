"""Register trained models, and let people decide which of them counts. Each act is audited, with who and why."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.scoring.inputs import columns_of
from services.scoring.model import Model, lifecycle, registry
from services.scoring.model.lifecycle import Act, ModelNotThere
from services.scoring.model.policy import Policy, shipped
from services.scoring.store import registry as store
from services.scoring.store import runs as run_store
from services.scoring.store.registry import Content, Line, Proposal, Step
from shared import audit
from shared.auth import Caller
from shared.db import Session
from shared.errors import Conflict, NotFound, Unprocessable


class NoSuchModel(NotFound):
    """No model has this name."""

    slug = "no-such-model"
    title = "There is no such model"
    title_zh = "没有该模型"


class NotAModel(Unprocessable):
    """What was sent is not a model that can work here."""

    slug = "not-a-model"
    title = "This is not a model that can be used here"
    title_zh = "不是可用的模型"


class LeansOnTheMissing(Conflict):
    """Too much of the model stands on what the live service does not have."""

    slug = "model-leans-on-missing"
    title = "The model stands on data that the live service does not have"
    title_zh = "模型依赖线上没有的数据"


@dataclass(frozen=True)
class Wish:
    """Who wants it, when, and why."""

    caller: Caller
    at: datetime
    reason: str


async def register(session: Session, content: Content, wish: Wish, policy: Policy | None = None) -> tuple[str, bool]:
    """Keep a trained model as a candidate. Returns its name, and whether it is new. Raises NotAModel.

    `policy`: what the platform asks of it and does not have for it; the shipped one if none is given.
    """
    numbers = policy or shipped()
    model = await asyncio.to_thread(checked, content, numbers)
    model_id, missing = name_of(content), leaning(model, numbers)
    is_new = await store.add(
        session,
        {
            "model_id": model_id,
            "name": model.name,
            "horizon_days": numbers.horizon_days,
            **content._asdict(),
            "not_live": json.dumps(missing),
            "not_live_share": min(1.0, sum(missing.values())),
            "at": wish.at,
            "actor": wish.caller.id,
        },
    )
    if is_new:
        await _note(session, model_id, "register", "candidate", wish)
    return model_id, is_new


def name_of(content: Content) -> str:
    """The name of a model: SHA-256, hex, over the digests of its parts."""
    parts = (hashlib.sha256((part or "").encode()).digest() for part in content)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def checked(content: Content, policy: Policy) -> Model:
    """The model, read and tried on a row of which nothing is known. Raises NotAModel."""
    try:
        entry = json.loads(content.entry)
        horizon = entry["horizon_days"]
        model = registry.whole(content.entry, content.trees)
        columns_of(model.columns)
        registry.must_answer(model)
    except KeyError as error:
        raise NotAModel(f"The entry lacks or misnames {error}.", detail_zh=f"登记内容缺少或错写了 {error}。") from error
    except Exception as error:  # LightGBM has errors of its own for what is no model
        raise NotAModel(f"The model cannot be read: {error}.", detail_zh=f"无法读取模型：{error}。") from error
    if horizon != policy.horizon_days:
        raise NotAModel(
            f"The model looks {horizon} days ahead, the platform {policy.horizon_days}.",
            detail_zh=f"模型预测 {horizon} 天，而平台为 {policy.horizon_days} 天。",
        )
    return model


def leaning(model: Model, policy: Policy) -> dict[str, float]:
    """The columns that the live service never has, each with its share of the model's weight."""
    weights = registry.weights(model)
    total = sum(weights.values()) or 1.0
    missing = (name for name, weight in weights.items() if weight and name.startswith(policy.live.missing))
    return {name: round(weights[name] / total, 6) for name in sorted(missing)}


async def challenge(session: Session, model_id: str, wish: Wish) -> None:
    """Let a model run in shadow beside the champion."""
    await _act(session, model_id, "shadow", wish)


async def propose(session: Session, model_id: str, wish: Wish) -> None:
    """Ask for a challenger's promotion. Raises LeansOnTheMissing."""
    line = (await _held(session, model_id))[model_id]
    state = lifecycle.after(line.state, "propose")
    if line.not_live_share > shipped().live.most_missing_share:
        raise LeansOnTheMissing(
            f"{line.not_live_share:.1%} of its weight: {', '.join(line.not_live)}.",
            detail_zh=f"其权重的 {line.not_live_share:.1%} 依赖未接入的数据：{'、'.join(line.not_live)}。",
        )
    await store.move(session, model_id, state, wish.at, Proposal(wish.caller.id, wish.at, wish.reason))
    await _note(session, model_id, "propose", state, wish)


async def approve(session: Session, model_id: str, wish: Wish, new_id: Callable[[], UUID]) -> None:
    """Let a proposed challenger be champion; the one before retires. Who proposed it does not approve it."""
    lines = await _held(session, model_id)
    line = lines[model_id]
    lifecycle.must_be_another(lifecycle.must_be_proposed(line.proposed_by, line.state), wish.caller.id)
    state = lifecycle.after(line.state, "approve")
    await _dethrone(session, lines, wish)
    await store.move(session, model_id, state, wish.at)
    await _note(session, model_id, "approve", state, wish)
    await _score_all(session, model_id, wish, new_id)


async def refuse(session: Session, model_id: str, wish: Wish) -> None:
    """Put a proposed promotion aside."""
    line = (await _held(session, model_id))[model_id]
    lifecycle.must_be_proposed(line.proposed_by, line.state)
    await _act(session, model_id, "refuse", wish)


async def retire(session: Session, model_id: str, wish: Wish, new_id: Callable[[], UUID]) -> None:
    """Take a model out; without a champion the indicators alone count."""
    lines = await _held(session, model_id)
    await _act(session, model_id, "retire", wish)
    if lines[model_id].state == "champion":
        await _score_all(session, model_id, wish, new_id)


async def roll_back(session: Session, wish: Wish, new_id: Callable[[], UUID]) -> str:
    """Put back who was champion before: it was approved then. Returns its name. Raises ModelNotThere."""
    lines = await store.hold(session)
    former = await store.former_champion(session)
    if former is None:
        raise ModelNotThere("There is no former champion to go back to.", detail_zh="没有可以退回的前一个现用模型。")
    await _dethrone(session, lines, wish)
    await store.move(session, former, lifecycle.after("retired", "rollback"), wish.at)
    await _note(session, former, "rollback", "champion", wish)
    await _score_all(session, former, wish, new_id)
    return former


async def _held(session: Session, model_id: str) -> dict[str, Line]:
    lines = await store.hold(session)
    if model_id not in lines:
        raise NoSuchModel(f"There is no model {model_id}.", detail_zh=f"没有模型 {model_id}。")
    return lines


async def _act(session: Session, model_id: str, act: Act, wish: Wish) -> None:
    line = (await _held(session, model_id))[model_id]
    state = lifecycle.after(line.state, act)
    await store.move(session, model_id, state, wish.at)
    await _note(session, model_id, act, state, wish)


async def _dethrone(session: Session, lines: dict[str, Line], wish: Wish) -> None:
    for line in lines.values():
        if line.state == "champion":
            await store.move(session, line.model_id, "retired", wish.at)
            await _note(session, line.model_id, "retire", "retired", wish)


async def _note(session: Session, model_id: str, act: str, state: lifecycle.State, wish: Wish) -> None:
    await store.keep_step(session, model_id, Step(act, state, wish.at, wish.caller.id, wish.reason))
    await audit.record(session, wish.caller.id, f"model.{act}", model_id, {"state": state, "reason": wish.reason})


async def _score_all(session: Session, model_id: str, wish: Wish, new_id: Callable[[], UUID]) -> None:
    """Another champion speaks of everyone, not only of those whom a record touches."""
    await run_store.add(session, new_id(), f"champion: {model_id[:12]}", wish.caller.id, wish.at)


async def shown(session: Session, model_id: str) -> tuple[Line, Content, list[Step]]:
    """A model as it stands, what was registered, and who did what to it. Raises NoSuchModel."""
    found = next((line for line in await store.lines(session) if line.model_id == model_id), None)
    content = await store.content(session, model_id)
    if found is None or content is None:
        raise NoSuchModel(f"There is no model {model_id}.", detail_zh=f"没有模型 {model_id}。")
    return found, content, await store.steps(session, model_id)
