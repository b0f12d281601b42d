"""What people may read of a risk, and what of it is written down."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.scoring.consumers import consumer
from shared.clock import now
from shared.db import sql
from shared.events import RecordsAccepted
from shared.ids import new_id
from shared.service import Runtime
from tests.scoring_facts import a_uscc, recent_month
from tests.scoring_reader import a_reader

Ask = Callable[..., Any]


def records(dataset: str, uscc: str, columns: dict[str, list[Any]], key: str | None = None) -> RecordsAccepted:
    return RecordsAccepted.of(
        receipt_id=new_id(),
        agency="an-agency",
        dataset=dataset,
        subject_kind="employer",
        subject_ids=[uscc],
        keys=[key or str(new_id())],
        rows=[4],
        source_times=[now()],
        reported_at=now(),
        columns=columns,
    )


@pytest.fixture
async def employer(runtime: Runtime) -> str:
    """An orange employer of Wuchang street (330110005): abnormal taxpayer, three months behind with one fee."""
    uscc = a_uscc()
    entity: dict[str, list[Any]] = {"ent_name": ["余杭某某厂"], "street": ["330110005"], "state": ["active"]}
    abnormal: dict[str, list[Any]] = {"period": [recent_month(1)], "taxpayer_state": ["abnormal"]}
    fee: dict[str, list[Any]] = {"period": [recent_month(1)], "arrears": ["42130.00"], "arrears_months": [3]}
    for event in (
        records("samr_entity", uscc, entity),
        records("tax_status", uscc, abnormal),
        records("tax_social_fee", uscc, fee),
    ):
        await consumer.deliver(event, runtime.db)
    return uscc


async def test_a_risk_comes_with_reasons_receipts_feeds_and_history(
    client: httpx.AsyncClient, runtime: Runtime, employer: str
) -> None:
    answer = await client.get(f"/v1/employers/{employer}/risk", headers=a_reader(runtime))
    assert answer.status_code == 200
    risk = answer.json()
    assert (risk["level"], risk["points"], risk["floor"]) == ("orange", 35, "orange")
    assert (risk["name"], risk["division"], risk["families"]) == ("余杭某某厂", "330110005", {"tax_si": 35})
    assert [reason["indicator"] for reason in risk["reasons"]] == ["E01", "E06"]
    assert risk["reasons"][0]["text_zh"] == "社保欠缴3个月,共 42,130.00 元"
    evidence = risk["reasons"][0]["receipts"][0]
    assert evidence["row"] == 4
    assert evidence["row_url"] == f"/v1/receipts/{evidence['receipt_id']}/rows/4"
    assert [line["level"] for line in risk["history"]] == ["orange", "orange"]
    assert [line["previous_level"] for line in risk["history"]] == ["orange", "none"]
    (family,) = risk["contributions"]
    assert (family["title_zh"], family["points"], family["before_cap"], family["share"]) == ("税务与社保", 35, 45, 1.0)
    (way,) = risk["way_down"]["ways"]
    assert way["text_zh"] == "补缴社保欠费 42,130.00 元、解除税务非正常户后降为无预警"
    assert risk["way_down"]["notes"][0]["zh"] == "下降后橙色再保留14天"
    assert (risk["certainty"]["grade"], risk["certainty"]["because"]) == ("high", [])
    assert {feed["dataset"]: feed["is_stale"] for feed in risk["feeds"]} == {
        "samr_entity": False,
        "tax_social_fee": False,
        "tax_status": False,
    }


async def test_the_history_can_be_cut_to_a_span(client: httpx.AsyncClient, runtime: Runtime, employer: str) -> None:
    reader = a_reader(runtime)
    path = f"/v1/employers/{employer}/risk"
    tomorrow = (now() + timedelta(days=1)).isoformat()
    assert (await client.get(path, headers=reader, params={"from": tomorrow})).json()["history"] == []
    assert len((await client.get(path, headers=reader, params={"to": tomorrow})).json()["history"]) == 2
    assert len((await client.get(path, headers=reader, params={"limit": 1})).json()["history"]) == 1


@pytest.mark.parametrize("division", ["330110005", "330110"])
async def test_a_town_and_its_district_may_look(
    client: httpx.AsyncClient, runtime: Runtime, employer: str, division: str
) -> None:
    answer = await client.get(f"/v1/employers/{employer}/risk", headers=a_reader(runtime, division))
    assert answer.status_code == 200


@pytest.mark.parametrize("division", ["330110009", "330113", ""])
async def test_another_town_may_not_look(
    client: httpx.AsyncClient, runtime: Runtime, employer: str, division: str
) -> None:
    answer = await client.get(f"/v1/employers/{employer}/risk", headers=a_reader(runtime, division))
    assert (answer.status_code, answer.json()["check"]) == (403, "jurisdiction")


async def test_without_the_scope_there_is_no_answer(client: httpx.AsyncClient, runtime: Runtime, employer: str) -> None:
    for path in (f"/v1/employers/{employer}/risk", "/v1/projects/P1/risk", "/v1/indicators"):
        refused = await client.get(path, headers=a_reader(runtime, scope="alerts:read"))
        assert (refused.status_code, refused.json()["check"]) == (403, "scope_missing")
        assert (await client.get(path)).json()["check"] == "token_missing"


async def test_nothing_known_is_a_404_and_a_malformed_code_a_422(client: httpx.AsyncClient, runtime: Runtime) -> None:
    reader = a_reader(runtime)
    assert (await client.get(f"/v1/employers/{a_uscc()}/risk", headers=reader)).status_code == 404
    assert (await client.get("/v1/projects/no-such-project/risk", headers=reader)).status_code == 404
    assert (await client.get("/v1/employers/123/risk", headers=reader)).status_code == 422


async def test_an_employer_without_any_signal_is_none_with_its_feeds(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    uscc = a_uscc()
    fee = {"period": [recent_month(1)], "arrears": ["0.00"]}
    await consumer.deliver(records("tax_social_fee", uscc, fee), runtime.db)
    risk = (await client.get(f"/v1/employers/{uscc}/risk", headers=a_reader(runtime))).json()
    assert (risk["level"], risk["points"], risk["reasons"], risk["score_id"]) == ("none", 0, [], None)
    assert [feed["dataset"] for feed in risk["feeds"]] == ["tax_social_fee"]


async def test_who_looked_at_a_risk_is_in_the_audit_log(
    client: httpx.AsyncClient, runtime: Runtime, employer: str
) -> None:
    await client.get(f"/v1/employers/{employer}/risk", headers=a_reader(runtime))
    async with runtime.db.transaction() as session:
        found = await sql(session, "select actor, action from audit where subject = :subject", subject=employer)
        assert [tuple(row) for row in found.all()] == [("wang", "employer.risk.read")]


async def test_the_rules_are_shown_as_data_with_their_sources(client: httpx.AsyncClient, runtime: Runtime) -> None:
    rules = (await client.get("/v1/indicators", headers=a_reader(runtime))).json()
    by_code = {rule["code"]: rule for rule in rules["indicators"]}
    wanted = {"E01", "E05", "E06", "E09", "E11", "E14", "E19", "E27", "P04", "P06", "P07"}
    assert wanted <= set(by_code)
    steps = by_code["E01"]["tiers"]
    assert [(step["conditions"][0]["value"], step["points"], step["floor"]) for step in steps] == [
        (1, 8, None),
        (2, 15, None),
        (3, 25, "orange"),
    ]
    assert by_code["E01"]["article"].startswith("《保障农民工工资支付条例》")
    assert {parameter["code"]: parameter["verified"] for parameter in rules["parameters"]}["family_cap"] is False
