"""A grant from the request to its end: two people, a time, and tokens that follow."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from gateway.issuer import usecases
from gateway.issuer.consumers import consumer
from gateway.issuer.lapse import end_those_run_out
from services.ingest.announcing import terms_of
from services.ingest.catalogue import shipped
from shared.audit import AuditEntry, broken_at
from shared.certificates import thumbprint
from shared.events import GrantEnded
from shared.outbox import OutboxRow
from tests.conftest import SettingsOf
from tests.ingest_desk import agency_headers, person_headers
from tests.issuer_desk import PEOPLE, TAX, Desk, open_desk
from tests.unit.test_shared_auth import a_person, headers, identities

Json = dict[str, Any]
READER = person_headers("grants:read", sub="auditor")


@pytest.fixture(scope="module")
async def desk(settings_of: SettingsOf) -> AsyncIterator[Desk]:
    async with open_desk(settings_of("issuer"), grant_check_s=60) as desk:
        desk.runtime.identities = identities()
        await consumer.deliver(terms_of(shipped(), datetime.now(UTC)), desk.runtime.db)
        for agency in ("grain-office", "rain-office", "snow-office", "wind-office", "fog-office"):
            await desk.add_client(agency, ["ingest:ut_water", "credit:check"])
        yield desk


async def ask(desk: Desk, agency: str, by: str = "asker", **changes: Any) -> httpx.Response:
    """POST a request for `ingest:ut_gas`, good for a month."""
    wanted = {
        "agency": agency,
        "dataset": "ut_gas",
        "direction": "provide",
        "purpose": "欠薪预警",
        "legal_basis": "第三十八条",
        "valid_to": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
    }
    return await _post(desk, "", wanted | changes, person_headers("grants:request", sub=by))


async def step(desk: Desk, grant: str, verb: str, by: str = "head") -> httpx.Response:
    """POST a decision."""
    return await _post(desk, f"/{grant}/{verb}", {"reason": "核准"}, person_headers("grants:decide", sub=by))


async def _post(desk: Desk, path: str, body: Json, who: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(transport=desk.transport, base_url=PEOPLE) as client:
        return await client.post(f"/v1/grants{path}", json=body, headers=who)


async def read(desk: Desk, path: str = "", who: dict[str, str] | None = None) -> httpx.Response:
    async with httpx.AsyncClient(transport=desk.transport, base_url=PEOPLE) as client:
        return await client.get(f"/v1/grants{path}", headers=who or READER)


async def scopes(desk: Desk, agency: str) -> set[str]:
    """What a fresh token carries."""
    async with desk.agency(agency) as client:
        answer = await client.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": agency})
    return set(answer.json()["scope"].split())


async def ended(desk: Desk, agency: str) -> list[tuple[str, str]]:
    """(scope, reason) of every GrantEnded of that agency that waits for the bus."""
    async with desk.runtime.db.transaction() as session:
        found = select(OutboxRow).where(col(OutboxRow.subject) == GrantEnded.subject).order_by(col(OutboxRow.id))
        bodies = [json.loads(row.body)["data"] for row in (await session.exec(found)).all()]
    return [(body["scope"], body["reason"]) for body in bodies if body["agency"] == agency]


async def test_the_same_is_asked_for_once_at_a_time(desk: Desk) -> None:
    """Of two that are approved one would outlive the revocation of the other."""
    first = (await ask(desk, "snow-office", dataset="ut_water", direction="use")).json()
    again = await ask(desk, "snow-office", dataset="ut_water", direction="use", purpose="再次申请")
    assert (again.status_code, again.json()["type"]) == (409, "urn:anxin:problem:grant-asked-already")
    assert again.json()["grant_id"] == first["grant_id"]
    await step(desk, first["grant_id"], "refuse")
    renewed = await ask(desk, "snow-office", dataset="ut_water", direction="use")
    assert renewed.status_code == 201
    await step(desk, renewed.json()["grant_id"], "refuse")


async def test_of_two_that_ask_for_the_same_at_once_one_is_told_so(desk: Desk) -> None:
    wanted = {"dataset": "tax_social_fee", "direction": "use"}
    answers = await asyncio.gather(*(ask(desk, "snow-office", **wanted) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


async def test_grants_are_found_by_agency_dataset_and_direction(desk: Desk) -> None:
    for direction in ("provide", "use"):
        assert (await ask(desk, "snow-office", dataset="tax_arrears", direction=direction)).status_code == 201
    found = (await read(desk, "?agency=snow-office&dataset=tax_arrears&direction=use")).json()["grants"]
    assert [(each["dataset"], each["direction"]) for each in found] == [("tax_arrears", "use")]


async def test_a_name_that_no_database_keeps_is_refused(desk: Desk) -> None:
    answer = await read(desk, "?dataset=a%00b")
    assert (answer.status_code, answer.json()["detail_zh"]) == (422, "文本中含有 NUL 字符。")


async def test_a_grant_is_asked_for_by_one_and_approved_by_another_and_then_the_token_carries_it(desk: Desk) -> None:
    asked = await ask(desk, "grain-office")
    grant = asked.json()
    assert (asked.status_code, grant["state"], grant["sharing"], grant["in_force"]) == (201, "requested", "C", False)
    assert grant["reply_due_on"] > datetime.now(UTC).date().isoformat()
    assert await scopes(desk, "grain-office") == {"ingest:ut_water", "credit:check"}
    own = await step(desk, grant["grant_id"], "approve", by="asker")
    assert (own.status_code, own.json()["check"]) == (403, "four_eyes")
    approved = (await step(desk, grant["grant_id"], "approve")).json()
    assert (approved["decided_by"], approved["in_force"]) == ("person:head", True)
    assert approved["deliver_by"] > grant["reply_due_on"]
    assert await scopes(desk, "grain-office") == {"ingest:ut_water", "ingest:ut_gas", "credit:check"}
    again = await step(desk, grant["grant_id"], "refuse")
    assert (again.status_code, again.json()["state"]) == (409, "approved")


async def test_a_revoked_grant_is_in_no_new_token_and_every_service_hears_it(desk: Desk) -> None:
    grant = (await ask(desk, "rain-office")).json()["grant_id"]
    await step(desk, grant, "approve")
    revoked = (await step(desk, grant, "revoke")).json()
    assert (revoked["state"], revoked["end_reason"], revoked["in_force"]) == ("revoked", "核准", False)
    assert await scopes(desk, "rain-office") == {"ingest:ut_water", "credit:check"}
    assert await ended(desk, "rain-office") == [("ingest:ut_gas", "revoked")]
    assert (await step(desk, grant, "revoke")).status_code == 409


async def test_a_grant_that_runs_out_is_ended_by_the_clock_unless_another_one_goes_on(desk: Desk) -> None:
    later = datetime.now(UTC) + timedelta(days=31)
    short = (await ask(desk, "snow-office")).json()["grant_id"]
    long = (await ask(desk, "snow-office", dataset="pw_usage", valid_to=(later + timedelta(days=9)).isoformat())).json()
    water = (await ask(desk, "snow-office", dataset="ut_water")).json()["grant_id"]
    for grant in (short, long["grant_id"], water):
        await step(desk, grant, "approve")
    assert await end_those_run_out(desk.runtime.db, later) >= 2
    assert await end_those_run_out(desk.runtime.db, later) == 0
    # The water company's own grant, given at registration, goes on: its scope is not lost.
    assert await ended(desk, "snow-office") == [("ingest:ut_gas", "expired")]
    listed = (await read(desk, "?agency=snow-office&state=expired")).json()["grants"]
    assert [each["grant_id"] for each in listed] == [water, short]
    assert {each["ended_by"] for each in listed} == {"SYSTEM"}


async def test_what_an_operator_gives_at_the_machine_is_on_record_and_can_be_taken_back_by_people(desk: Desk) -> None:
    (given,) = (await read(desk, "?agency=wind-office")).json()["grants"]
    assert (given["origin"], given["scopes"], given["state"]) == ("operator", ["ingest:ut_water"], "approved")
    await step(desk, given["grant_id"], "revoke")
    assert await scopes(desk, "wind-office") == {"credit:check"}
    await desk.add_client("wind-office", ["ingest:pw_usage"])
    assert await scopes(desk, "wind-office") == {"ingest:pw_usage"}
    await desk.add_client("wind-office", ["ingest:ut_gas"])
    assert await scopes(desk, "wind-office") == {"ingest:ut_gas"}
    assert await ended(desk, "wind-office") == [("ingest:ut_water", "revoked"), ("ingest:pw_usage", "revoked")]


async def test_a_revoked_agency_comes_back_without_what_was_approved_before(desk: Desk) -> None:
    await step(desk, (await ask(desk, "fog-office")).json()["grant_id"], "approve")
    async with desk.runtime.db.transaction() as session:
        await usecases.revoke_client(session, "fog-office", datetime.now(UTC))
    assert (await ask(desk, "fog-office")).status_code == 422
    await desk.add_client("fog-office", ["ingest:ut_water"], thumbprints=[thumbprint(TAX)])
    assert await scopes(desk, "fog-office") == {"ingest:ut_water"}


async def test_an_agency_reads_its_own_grants_and_grants_itself_nothing(desk: Desk) -> None:
    who = agency_headers("grain-office", "grants:request grants:decide grants:read")
    assert {each["agency"] for each in (await read(desk, "?agency=rain-office", who)).json()["grants"]} == {
        "grain-office"
    }
    (other,) = (await read(desk, "?agency=rain-office&dataset=ut_water")).json()["grants"]
    assert (await read(desk, f"/{other['grant_id']}", who)).status_code == 404
    refused = await _post(desk, "", {}, who)
    assert (refused.status_code, refused.json()["check"]) == (403, "role")
    outsider = await read(desk, "", headers(a_person(scope="alerts:read"), xfcc=""))
    assert (outsider.status_code, outsider.json()["check"]) == (403, "scope_missing")


@pytest.mark.parametrize(
    "changes",
    [{"agency": "nobody"}, {"agency": "anxin-cli"}, {"dataset": "nothing"}, {"valid_to": "2020-01-01T00:00:00Z"},
     {"valid_to": "2099-01-01T00:00:00Z"}, {"purpose": " "}, {"direction": "both"}],
)  # fmt: skip
async def test_a_request_that_makes_no_sense_is_refused(desk: Desk, changes: Json) -> None:
    assert (await ask(desk, **({"agency": "grain-office"} | changes))).status_code == 422


async def test_every_step_is_in_the_chained_log(desk: Desk) -> None:
    grant = (await ask(desk, "grain-office", dataset="samr_entity", direction="use")).json()
    assert (grant["sharing"], grant["scopes"]) == ("U", ["use:samr_entity"])
    await step(desk, grant["grant_id"], "refuse")
    async with desk.runtime.db.transaction() as session:
        found = select(AuditEntry).where(col(AuditEntry.subject) == grant["grant_id"]).order_by(col(AuditEntry.seq))
        told = [(entry.action, entry.actor) for entry in (await session.exec(found)).all()]
        assert await broken_at(session) is None
    assert told == [("grant.requested", "person:asker"), ("grant.refused", "person:head")]
