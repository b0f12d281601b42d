"""Random inspections over HTTP: ordered, drawn again, recorded, corrected; each person within his division."""

import itertools
import time
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.scoring.consumers import consumer
from services.scoring.learning import sampling
from services.scoring.learning.outcomes import labels, standing
from services.scoring.learning.policy import shipped as policy
from services.scoring.store import outcomes as outcome_store
from services.scoring.usecases import inspections
from shared.clock import now, today
from shared.events import RecordsAccepted
from shared.service import Runtime
from tests.scoring_events import accepted
from tests.scoring_facts import a_uscc
from tests.scoring_reader import a_reader

SCOPES = {"scope": "inspections:read inspections:order inspections:record"}
TWO = [{"login": "wang", "certificate_no": "1"}, {"login": "li", "certificate_no": "2"}]
_districts = itertools.count(int(time.time()) % 100_000)


def registered(district: str, count: int, state: str = "active") -> RecordsAccepted:
    codes: list[str | None] = [a_uscc() for _ in range(count)]
    columns: dict[str, list[Any]] = {
        "uscc": codes,
        "ent_name": [f"公司{number}" for number in range(count)],
        "street": [f"{district}{number % 2 + 1:03}" for number in range(count)],
        "state": [state] * count,
        "industry": ["4710"] * count,
    }
    return accepted("samr_entity", codes, columns, keys=[f"entity-{code}" for code in codes])


@pytest.fixture
async def district(runtime: Runtime) -> str:
    """A district of its own with twelve employers in two towns, and two that are gone."""
    code = f"9{next(_districts) % 100_000:05}"
    await consumer.deliver(registered(code, 12), runtime.db)
    await consumer.deliver(registered(code, 2, "cancelled"), runtime.db)
    return code


async def ordered(client: httpx.AsyncClient, runtime: Runtime, division: str, **more: Any) -> dict[str, Any]:
    body = {"n": 4, "design": "by_town", "seed": 7, "reason": "冬季行动随机抽查"} | more
    answer = await client.post("/v1/inspections/samples", json=body, headers=a_reader(runtime, division, **SCOPES))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def record(client: httpx.AsyncClient, runtime: Runtime, division: str, who: str, **body: Any) -> httpx.Response:
    headers = a_reader(runtime, division, **SCOPES)
    told = {"finding": "nothing", "found_on": today().isoformat(), "inspectors": TWO} | body
    return await client.post(f"/v1/inspections/{who}/findings", json=told, headers=headers)


async def test_a_sample_says_with_which_probability_each_was_drawn(
    runtime: Runtime, client: httpx.AsyncClient, district: str
) -> None:
    sample = await ordered(client, runtime, district)
    assert (sample["population"], sample["drawn"], sample["recorded"], sample["seed"]) == (12, 4, 0, 7)
    assert [(each["stratum_population"], each["stratum_drawn"]) for each in sample["strata"]] == [(6, 2), (6, 2)]
    assert {each["probability"] for each in sample["inspections"]} == {1 / 3}
    assert {each["industry"] for each in sample["inspections"]} == {"E"}
    headers = a_reader(runtime, district, **SCOPES)
    listed = (await client.get("/v1/inspections/samples", headers=headers)).json()
    assert sample["sample_id"] in [each["sample_id"] for each in listed]
    assert "by_level" in [
        each["code"] for each in (await client.get("/v1/inspections/designs", headers=headers)).json()
    ]


async def test_a_sample_can_be_drawn_again_after_the_register_has_changed(
    runtime: Runtime, client: httpx.AsyncClient, district: str
) -> None:
    sample = await ordered(client, runtime, district, design="by_size")
    await consumer.deliver(registered(district, 5), runtime.db)
    as_of = datetime.fromisoformat(sample["as_of"])
    design = policy().design("by_size")
    async with runtime.db.transaction() as session:
        frame = await inspections.frame_of(session, district, design, as_of, policy())
        later = await inspections.frame_of(session, district, design, now(), policy())
    assert (later.height, sampling.digest(frame)) == (17, sample["frame_sha256"])
    again = sampling.draw(frame, 4, design, sample["seed"])["employer_id"].to_list()
    assert again == [each["employer_id"] for each in sample["inspections"]]


async def test_what_was_found_by_chance_is_a_label_that_knows_it_and_nothing_is_a_finding_too(
    runtime: Runtime, client: httpx.AsyncClient, district: str
) -> None:
    sample = await ordered(client, runtime, district)
    owing, calm = sample["inspections"][:2]
    started = (today() - timedelta(days=40)).isoformat()
    arrears = {"finding": "confirmed", "workers": 3, "amount": "36000.00", "started_on": started}
    answer = await record(client, runtime, district, owing["inspection_id"], **arrears)
    assert (answer.status_code, answer.json()["finding"], answer.json()["amount"]) == (200, "confirmed", "36000.00")
    assert (await record(client, runtime, district, calm["inspection_id"])).json()["finding"] == "nothing"
    async with runtime.db.transaction() as session:
        stands = standing(await outcome_store.known(session, now()), now())
    (label,) = (row for row in labels(stands, 180).to_dicts() if row["employer_id"] == owing["employer_id"])
    assert (label["selection"], label["is_start_estimated"], str(label["started_on"])) == ("random", False, started)
    path = f"/v1/inspections/samples/{sample['sample_id']}"
    read = (await client.get(path, headers=a_reader(runtime, district, **SCOPES))).json()
    assert read["recorded"] == 2


async def test_a_later_finding_corrects_and_the_same_again_changes_nothing(
    runtime: Runtime, client: httpx.AsyncClient, district: str
) -> None:
    who = (await ordered(client, runtime, district))["inspections"][0]
    arrears = {"finding": "confirmed", "workers": 3, "amount": "36000.00"}
    for body in ({}, {}, arrears, {}):
        assert (await record(client, runtime, district, who["inspection_id"], **body)).status_code == 200
    async with runtime.db.transaction() as session:
        told = (await outcome_store.known(session, now())).to_dicts()
    mine = [row["finding"] for row in told if row["matter_id"] == who["inspection_id"]]
    assert mine == ["nothing", "confirmed", "nothing"]


@pytest.mark.parametrize(
    "body",
    [
        {"inspectors": TWO[:1]},
        {"inspectors": [TWO[0], TWO[0]]},
        {"finding": "confirmed", "workers": 3},
        {"found_on": "2020-01-01"},
        {"started_on": "2999-01-01"},
    ],
    ids=["one-inspector", "one-twice", "no-amount", "before-the-draw", "starts-later"],
)
async def test_a_finding_that_cannot_be_is_refused(
    runtime: Runtime, client: httpx.AsyncClient, district: str, body: dict[str, Any]
) -> None:
    who = (await ordered(client, runtime, district, n=1))["inspections"][0]
    assert (await record(client, runtime, district, who["inspection_id"], **body)).status_code == 422


async def test_a_person_sees_and_orders_within_his_division_only(
    runtime: Runtime, client: httpx.AsyncClient, district: str
) -> None:
    sample = await ordered(client, runtime, district)
    town = f"{district}001"
    path = f"/v1/inspections/samples/{sample['sample_id']}"
    seen = (await client.get(path, headers=a_reader(runtime, town, **SCOPES))).json()["inspections"]
    assert {each["division"] for each in seen} == {town}
    other = next(each for each in sample["inspections"] if each["division"] != town)
    assert (await record(client, runtime, town, other["inspection_id"])).status_code == 404
    body = {"n": 4, "within": district, "reason": "r"}
    beyond = await client.post("/v1/inspections/samples", json=body, headers=a_reader(runtime, town, **SCOPES))
    assert (beyond.status_code, beyond.json()["check"]) == (403, "jurisdiction")
    assert (await client.get(path, headers=a_reader(runtime, district))).json()["check"] == "scope_missing"


async def test_nobody_is_drawn_where_nobody_is_registered(runtime: Runtime, client: httpx.AsyncClient) -> None:
    body = {"n": 4, "reason": "r"}
    answer = await client.post("/v1/inspections/samples", json=body, headers=a_reader(runtime, "880000", **SCOPES))
    assert answer.json()["type"] == "urn:anxin:problem:nobody-to-draw"
