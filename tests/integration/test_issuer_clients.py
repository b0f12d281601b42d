"""Agencies' tokens: who is asking, for what, and bound to which certificate."""

import base64
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from gateway.issuer import usecases
from shared.auth import thumbprint_of
from tests.conftest import SettingsOf
from tests.issuer_desk import AGENCIES, TAX, WATER, Desk, open_desk

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = ECKey.generate_key("P-256", {"kid": "k1"})


@pytest.fixture(scope="module")
async def desk(settings_of: SettingsOf) -> AsyncIterator[Desk]:
    async with open_desk(settings_of("issuer")) as desk:
        await desk.add_client("tax-bureau", ["ingest:tax_arrears", "ingest:tax_status"])
        await desk.add_client("water-company", ["ingest:ut_water"])
        await desk.add_client("bank", ["ingest:bk_account_flow"], jwks=dict(KeySet([KEY]).as_dict(private=False)))
        yield desk


def an_assertion(key: ECKey = KEY, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": "bank", "sub": "bank", "aud": AGENCIES, "exp": now + 60, "iat": now, "jti": f"j-{time.time_ns()}"}
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims | changes, key)


async def ask(desk: Desk, name: str = "tax-bureau", thumbprint: str = TAX, **form: str) -> Any:
    async with desk.agency(name, thumbprint) as agency:
        return await agency.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": name} | form)


async def test_a_certificate_gets_a_token_that_only_this_certificate_can_use(desk: Desk) -> None:
    answer = await ask(desk)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    claims = await desk.claims(answer.json()["access_token"])
    assert claims["cnf"]["x5t#S256"] == thumbprint_of(f"Hash={TAX}")
    assert claims["cnf"]["x5t#S256"] == base64.urlsafe_b64encode(bytes.fromhex(TAX)).decode().rstrip("=")
    assert (claims["iss"], claims["aud"], claims["sub"], claims["client_id"]) == (
        AGENCIES, "anxin", "tax-bureau", "tax-bureau",
    )  # fmt: skip
    assert claims["scope"] == "ingest:tax_arrears ingest:tax_status"
    assert claims["exp"] - claims["iat"] <= 600


async def test_an_access_token_says_that_it_is_one(desk: Desk) -> None:
    header = (await ask(desk)).json()["access_token"].split(".")[0]
    assert b'"typ":"at+jwt"' in base64.urlsafe_b64decode(header + "==")


async def test_a_narrower_scope_is_given_and_a_wider_one_refused_whole(desk: Desk) -> None:
    narrow = await ask(desk, scope="ingest:tax_status")
    assert narrow.json()["scope"] == "ingest:tax_status"
    wide = await ask(desk, scope="ingest:tax_status ingest:ut_water")
    assert (wide.status_code, wide.json()["error"]) == (400, "invalid_scope")


async def test_an_agency_cannot_ask_in_anothers_name(desk: Desk) -> None:
    async with desk.agency("water-company", WATER) as water:
        answer = await water.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "tax-bureau"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_client_nobody_knows_learns_nothing(desk: Desk) -> None:
    unknown = await ask(desk, "nobody")
    async with desk.agency("water-company", WATER) as water:
        wrong = await water.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "tax-bureau"})
    assert unknown.json() == wrong.json()


async def test_no_certificate_no_token(desk: Desk) -> None:
    async with desk.agency() as agency:
        del agency.headers["x-forwarded-client-cert"]
        answer = await agency.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "tax-bureau"})
    assert answer.status_code == 401


async def test_a_signed_assertion_is_good_once(desk: Desk) -> None:
    form = {"client_assertion_type": ASSERTION, "client_assertion": an_assertion()}
    first = await ask(desk, "bank", **form)
    assert first.status_code == 200, first.text
    second = await ask(desk, "bank", **form)
    assert (second.status_code, second.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "assertion",
    [
        pytest.param(lambda: an_assertion(aud=f"{AGENCIES}/oauth/token"), id="for the token endpoint, not the issuer"),
        pytest.param(lambda: an_assertion(aud=[AGENCIES]), id="for a list of audiences"),
        pytest.param(lambda: an_assertion(aud="https://elsewhere"), id="for somebody else"),
        pytest.param(lambda: an_assertion(exp=int(time.time()) - 60), id="expired"),
        pytest.param(lambda: an_assertion(exp=int(time.time()) + 86400), id="valid for a day"),
        pytest.param(lambda: an_assertion(sub="tax-bureau"), id="about another client"),
        pytest.param(lambda: an_assertion(jti=None), id="without a jti"),
        pytest.param(lambda: an_assertion(jti="a\x00b"), id="with a jti that no database keeps"),
        pytest.param(lambda: an_assertion(ECKey.generate_key("P-256", {"kid": "k1"})), id="of another key"),
        pytest.param(lambda: "not.a.jwt", id="not a JWT"),
        pytest.param(lambda: "", id="missing"),
    ],
)
async def test_an_assertion_is_refused(desk: Desk, assertion: Any) -> None:
    answer = await ask(desk, "bank", client_assertion_type=ASSERTION, client_assertion=assertion())
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_an_assertion_about_nobody_that_can_exist_is_refused(desk: Desk) -> None:
    body = base64.urlsafe_b64encode(b'{"sub":"\\ud800"}').decode().rstrip("=")
    async with desk.agency() as agency:
        form = {"grant_type": "client_credentials", "client_assertion": f"e30.{body}.x"}
        answer = await agency.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_repeated_parameter_is_an_error(desk: Desk) -> None:
    async with desk.agency() as agency:
        answer = await agency.post(
            "/oauth/token",
            content="grant_type=client_credentials&client_id=tax-bureau&client_id=bank",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_json_is_not_a_form(desk: Desk) -> None:
    async with desk.agency() as agency:
        answer = await agency.post("/oauth/token", json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_agencies_have_no_other_grant(desk: Desk) -> None:
    answer = await ask(desk, grant_type="password")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_a_revoked_token_is_announced_to_every_service(desk: Desk) -> None:
    token = (await ask(desk)).json()["access_token"]
    jti = (await desk.claims(token))["jti"]
    async with desk.agency() as agency:
        answer = await agency.post("/oauth/revoke", data={"client_id": "tax-bureau", "token": token})
    assert answer.status_code == 200
    assert ("token", jti) in await desk.revocations()


async def test_nobody_revokes_anothers_token(desk: Desk) -> None:
    token = (await ask(desk)).json()["access_token"]
    jti = (await desk.claims(token))["jti"]
    async with desk.agency("water-company", WATER) as water:
        answer = await water.post("/oauth/revoke", data={"client_id": "water-company", "token": token})
    assert answer.status_code == 200
    assert ("token", jti) not in await desk.revocations()


async def test_a_revoked_client_gets_no_token_and_is_announced(desk: Desk) -> None:
    await desk.add_client("notary", ["ingest:court_cases"])
    async with desk.runtime.db.transaction() as session:
        await usecases.revoke_client(session, "notary", datetime.now(UTC))
    assert (await ask(desk, "notary")).status_code == 401
    assert ("client", "notary") in await desk.revocations()


async def test_the_metadata_is_valid_and_promises_bound_tokens(desk: Desk) -> None:
    async with desk.agency() as agency:
        found = (await agency.get("/.well-known/oauth-authorization-server")).json()
    AuthorizationServerMetadata(found).validate()
    assert found["issuer"] == AGENCIES
    assert found["tls_client_certificate_bound_access_tokens"] is True
    assert set(found["token_endpoint_auth_methods_supported"]) == {"tls_client_auth", "private_key_jwt"}


async def test_the_published_keys_hold_no_private_part(desk: Desk) -> None:
    async with desk.agency() as agency:
        keys = (await agency.get("/oauth/jwks")).json()["keys"]
    assert keys
    assert all("d" not in key and key["alg"] == "ES256" and key["use"] == "sig" for key in keys)
