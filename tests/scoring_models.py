"""Small models for tests, and whoever handles them: a champion that looks at one column, and a database of its own."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from pydantic import SecretStr

from local import postgres as local_postgres
from services.scoring.model import Calibration, Head, Model, registry
from services.scoring.model.policy import Policy
from services.scoring.model.policy import shipped as shipped_policy
from services.scoring.model.scorers import Binned, Scorecard
from services.scoring.rulebook import shipped
from services.scoring.store.registry import Content
from services.scoring.usecases import Moment, carry_on
from services.scoring.usecases import models as use
from services.scoring.usecases.models import Wish
from shared.auth import Caller
from shared.clock import now
from shared.db import Database, Session, sql
from shared.ids import new_id
from shared.settings import Settings

COLUMN = "tax_social_fee.arrears.months"


def a_model(column: str = COLUMN, least: float = 0.001, most: float = 0.4) -> Model:
    """A scorecard: three months behind is `most`, less is `least`."""
    bins = (Binned(column, edges=(2.5,), woe=(0.0, 1.0), missing=0.0, factor=1.0),)
    calibration = Calibration((0.0, 1.0), tuple(_logit(p) for p in (least, most)))
    return Model("scorecard", Head(Scorecard(bins, 0.0), calibration), {column: "tax_si"})


def a_model_of_two_heads(starts: float, owing: float) -> Model:
    """Whatever is known, arrears start with the one probability, and do or are going on unseen with the other."""
    one, other = a_model(least=starts, most=starts), a_model("single.signal", least=owing, most=owing)
    return Model("model", one.starts, {**one.family_of, **other.family_of}, other.starts)


def a_content(model: Model | None = None, horizon: int = 60, **more: object) -> Content:
    """What `anxin train` would have written of it."""
    model = model or a_model()
    entry = registry.entry_of(model, {"horizon_days": horizon, "training": {"until": "2026-06-30"}, **more})
    return Content(json.dumps(entry), None, "# 模型卡 Model card\n")


def a_person(login: str, *scopes: str) -> Caller:
    return Caller("person", login, login, frozenset(scopes), ("analyst",), "330110", None, "t", None)


ANALYST, HEAD = a_person("li"), a_person("chen")


def a_policy_without(*columns: str) -> Policy:
    """The shipped one, of a platform that does not read columns that begin so."""
    policy = shipped_policy()
    return msgspec.structs.replace(policy, live=msgspec.structs.replace(policy.live, missing=columns))


def moment() -> Moment:
    return Moment(now(), shipped(), new_id)


def wish(who: Any = ANALYST) -> Wish:
    return Wish(who, now(), "因为更准 it is more often right")


async def a_champion(session: Session, least: float = 0.001, most: float = 0.4) -> str:
    """A model that was registered, ran in shadow, was proposed by one and approved by another."""
    model_id, _ = await use.register(session, a_content(a_model(least=least, most=most)), wish())
    await use.challenge(session, model_id, wish())
    await use.propose(session, model_id, wish())
    await use.approve(session, model_id, wish(HEAD), new_id)
    return model_id


async def run_to_its_end(session: Session) -> int:
    """Do a run over the population, part by part; how many there were."""
    parts = 0
    while await carry_on(session, moment()):
        parts += 1
    return parts


def _logit(probability: float) -> float:
    from math import log

    return log(probability / (1 - probability))


@asynccontextmanager
async def an_empty_scoring(cluster: local_postgres.Cluster, settings: Settings) -> AsyncIterator[Session]:
    """A transaction as the owner in which nothing was ever told of anyone; all of it is undone at the end."""
    url = cluster.url(local_postgres.OWNER)
    owner = settings.model_copy(
        update={"database_url": url, "database_password": SecretStr(cluster.password(local_postgres.OWNER))}
    )
    database = Database(owner)
    try:
        async with database.transaction() as session:
            await sql(session, "set local search_path to scoring")
            for table in ("fact", "subject", "outcome", "withdrawn", "prediction", "population_run", "model_step",
                          "model_standing", "model", "population"):  # fmt: skip
                await sql(session, f"delete from scoring.{table}")  # noqa: S608 - of our own
            yield session
            await session.rollback()
    finally:
        await database.close()


__all__ = ["COLUMN", "a_content", "a_model", "a_person", "an_empty_scoring", "now"]
