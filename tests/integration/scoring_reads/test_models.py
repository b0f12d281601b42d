"""Models over HTTP: who may do what, and what is answered."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.usecases.models import name_of
from shared.clock import now
from shared.db import sql
from shared.ids import new_id
from shared.service import Runtime
from tests.scoring_events import social_fee
from tests.scoring_facts import a_uscc
from tests.scoring_models import a_content, a_model
from tests.scoring_reader import a_reader

WHY = {"reason": "因为更准 it is more often right"}


def people(runtime: Runtime) -> tuple[dict[str, str], dict[str, str]]:
    """An analyst who manages models, and a head who approves."""
    analyst = a_reader(runtime, sub="li", scope="models:read models:manage models:approve scores:run scores:read")
    return analyst, a_reader(runtime, sub="chen", scope="models:read models:approve")


def a_body() -> dict[str, Any]:
    content = a_content(a_model(), note=str(new_id()))
    return {"entry": content.entry, "card": content.card, **WHY}


@pytest.fixture
async def champion(client: httpx.AsyncClient, runtime: Runtime) -> AsyncIterator[str]:
    """A champion by HTTP alone, taken out at the end: the database is everyone's."""
    analyst, head = people(runtime)
    registered = await client.post("/v1/models", headers=analyst, json=a_body())
    assert registered.status_code == 201
    model = f"/v1/models/{registered.json()['model_id']}"
    assert (await client.post(f"{model}/shadow", headers=analyst, json=WHY)).json()["state"] == "shadow"
    proposed = (await client.post(f"{model}/promotion", headers=analyst, json=WHY)).json()
    assert proposed["proposal"]["by"] == "li"
    alone = await client.post(f"{model}/promotion/approve", headers=analyst, json=WHY)
    assert (alone.status_code, alone.json()["check"]) == (403, "second_person")
    approved = (await client.post(f"{model}/promotion/approve", headers=head, json=WHY)).json()
    assert (approved["state"], approved["proposal"]) == ("champion", None)
    yield registered.json()["model_id"]
    retired = await client.post(f"{model}/retire", headers=analyst, json=WHY)
    assert retired.json()["state"] == "retired"


async def _run_to_its_end(runtime: Runtime) -> None:
    going = True
    while going:
        async with runtime.db.transaction() as session:
            going = await usecases.carry_on(session, await usecases.moment(session, now(), new_id))


async def test_a_champion_is_shown_with_its_card_and_speaks_in_a_risk_with_reasons_in_words(
    client: httpx.AsyncClient, runtime: Runtime, champion: str
) -> None:
    analyst, _ = people(runtime)
    shown = (await client.get(f"/v1/models/{champion}", headers=analyst)).json()
    assert shown["card"].startswith("# 模型卡")
    assert [step["act"] for step in shown["steps"]] == ["register", "shadow", "propose", "approve"]
    assert (await client.get("/v1/models", headers=analyst)).json()["champion"] == champion
    uscc = a_uscc()
    await consumer.deliver(social_fee(uscc, 4), runtime.db)
    await _run_to_its_end(runtime)
    says = (await client.get(f"/v1/employers/{uscc}/risk", headers=a_reader(runtime))).json()["model"]
    assert says["model_id"] == champion
    assert says["probability"] == pytest.approx(0.4)
    assert (says["level"], says["counts_as"], says["horizon_days"]) == ("red", "yellow", 60)
    assert says["families"] == {"tax_si": 1.0}
    assert [why["text_zh"] for why in says["reasons"]] == ["社保欠缴:连续月数 4"]
    runs = (await client.get("/v1/population-runs", headers=analyst)).json()["runs"]
    assert {run["state"] for run in runs} == {"done"}


async def test_each_act_needs_its_scope_and_a_state_that_allows_it(client: httpx.AsyncClient, runtime: Runtime) -> None:
    analyst, head = people(runtime)
    reader = a_reader(runtime, scope="models:read")
    model_id = (await client.post("/v1/models", headers=analyst, json=a_body())).json()["model_id"]
    for path, who in (
        ("/v1/models", reader),
        (f"/v1/models/{model_id}/shadow", head),
        (f"/v1/models/{model_id}/promotion", head),
        (f"/v1/models/{model_id}/promotion/approve", reader),
        ("/v1/models/rollback", head),
        ("/v1/population-runs", head),
    ):
        refused = await client.post(path, headers=who, json=a_body() if path == "/v1/models" else WHY)
        assert (refused.status_code, refused.json()["check"]) == (403, "scope_missing")
    early = await client.post(f"/v1/models/{model_id}/promotion", headers=analyst, json=WHY)
    assert (early.status_code, early.json()["state"]) == (409, "candidate")
    alone = await client.get(f"/v1/models/{model_id}/comparison", headers=reader)
    assert (alone.status_code, alone.json()["state"]) == (409, "candidate")
    assert (await client.get(f"/v1/models/{'0' * 64}", headers=analyst)).status_code == 404
    unprintable = {"reason": "why\u0000not"}
    assert (await client.post("/v1/population-runs", headers=analyst, json=unprintable)).status_code == 422
    unfit = {"entry": "{}", "card": "# card", **WHY}
    assert (await client.post("/v1/models", headers=analyst, json=unfit)).status_code == 422


async def test_the_same_model_twice_is_one_and_its_name_is_its_content(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    analyst, _ = people(runtime)
    content = a_content(a_model(), note=str(new_id()))
    body = {"entry": content.entry, "card": content.card, **WHY}
    first, again = [await client.post("/v1/models", headers=analyst, json=body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["model_id"] == again.json()["model_id"] == name_of(content)
    async with runtime.db.transaction() as session:
        found = await sql(session, "select action from audit where subject = :id", id=name_of(content))
        assert found.scalars().all() == ["model.register"]
