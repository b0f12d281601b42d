"""People's logins: the page, the code, the tokens, and what is refused on the way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from gateway.issuer import store, usecases
from shared.db import sql
from tests.conftest import SettingsOf
from tests.issuer_desk import CALLBACK, PASSWORD, PEOPLE, Desk, answer_of, authorization, log_in, open_desk, redeem


@pytest.fixture(scope="module")
async def desk(settings_of: SettingsOf) -> AsyncIterator[Desk]:
    async with open_desk(settings_of("issuer")) as desk:
        await desk.add_person("wang.fang", ["inspector"], sig_jkt="a-thumbprint")
        await desk.add_person("li.na", ["grid_worker"])
        yield desk


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.browser() as browser:
        yield browser


async def a_code(browser: httpx.AsyncClient, login: str = "wang.fang", **query: str) -> str:
    return answer_of(await log_in(browser, login, **query))["code"]


async def test_a_login_gives_a_token_with_roles_and_jurisdiction(desk: Desk, browser: httpx.AsyncClient) -> None:
    answer = await redeem(browser, await a_code(browser, scope="openid", nonce="n-1"))
    assert answer.status_code == 200, answer.text
    claims = await desk.claims(answer.json()["access_token"])
    assert (claims["iss"], claims["sub"], claims["name"]) == (PEOPLE, "wang.fang", "王芳")
    assert (claims["roles"], claims["division"], claims["sig_jkt"]) == (["inspector"], "330110005", "a-thumbprint")
    assert "alerts:verify" in claims["scope"].split()
    assert "credit:decide" not in claims["scope"].split()
    identity = await desk.claims(answer.json()["id_token"])
    assert (identity["aud"], identity["nonce"]) == ("anxin-cli", "n-1")


async def test_the_answer_names_its_issuer_and_returns_the_state(browser: httpx.AsyncClient) -> None:
    answer = answer_of(await log_in(browser, "wang.fang", state="my-state"))
    assert (answer["state"], answer["iss"]) == ("my-state", PEOPLE)


async def test_a_wrong_password_shows_the_page_again(browser: httpx.AsyncClient) -> None:
    answer = await log_in(browser, "li.na", "not the password")
    assert answer.status_code == 401
    assert "账号或密码不正确" in answer.text


async def test_a_login_nobody_has_looks_just_the_same(browser: httpx.AsyncClient) -> None:
    answer = await log_in(browser, "no.body", "not the password")
    assert answer.status_code == 401
    assert "账号或密码不正确" in answer.text


async def _has_guessed(desk: Desk, login: str, failures: int) -> None:
    """So many wrong passwords just now: with these numbers the pause is longer than any slow machine."""
    async with desk.runtime.db.transaction() as session:
        await store.count_failure(session, login, failures, datetime.now(UTC))


async def test_who_keeps_guessing_has_to_wait_even_with_the_right_password(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await desk.add_person("zhao.lei")
    await _has_guessed(desk, "zhao.lei", 12)
    answer = await log_in(browser, "zhao.lei", PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "秒后重试" in answer.text


async def test_of_guesses_at_the_same_moment_only_one_is_looked_at(desk: Desk, browser: httpx.AsyncClient) -> None:
    await desk.add_person("sun.yi")
    await _has_guessed(desk, "sun.yi", 11)
    async with desk.runtime.db.transaction() as session:
        await sql(session, "update issuer.login_failure set last_at = now() - interval '30 minutes'")
    answers = await asyncio.gather(*(log_in(browser, "sun.yi", "wrong password") for _ in range(6)))
    assert [answer.status_code for answer in answers] == [429] * 6
    async with desk.runtime.db.transaction() as session:
        failure = await store.login_failure(session, "sun.yi")
    assert failure is not None
    assert failure.failures == 12


async def test_a_code_works_once_and_a_second_use_ends_what_it_led_to(desk: Desk, browser: httpx.AsyncClient) -> None:
    code = await a_code(browser)
    first = await redeem(browser, code)
    jti = (await desk.claims(first.json()["access_token"]))["jti"]
    second = await redeem(browser, code)
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    assert ("token", jti) in await desk.revocations()
    refresh = await browser.post(
        "/oauth/token",
        data={
            "grant_type": "refresh_token",
            "client_id": "anxin-cli",
            "refresh_token": first.json()["refresh_token"],
        },
    )
    assert refresh.status_code == 400


async def test_of_two_that_redeem_a_code_at_once_one_wins(browser: httpx.AsyncClient) -> None:
    code = await a_code(browser)
    answers = await asyncio.gather(*(redeem(browser, code) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "another-verifier-of-at-least-forty-three-characters-0"},
        {"redirect_uri": "http://127.0.0.1:8888/callback"},
        {"client_id": "tax-bureau"},
        {"code": "guessed"},
    ],
)
async def test_a_stolen_code_is_worth_nothing(browser: httpx.AsyncClient, change: dict[str, str]) -> None:
    code = await a_code(browser)
    answer = await redeem(browser, **({"code": code} | change))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_lasts_a_minute_at_most(settings_of: SettingsOf) -> None:
    async with open_desk(settings_of("issuer"), code_lifetime_s=5) as quick, quick.browser() as browser:
        await quick.add_person("qian.li")
        code = await a_code(browser, "qian.li")
        await _age_codes(quick)
        assert (await redeem(browser, code)).status_code == 400


async def _age_codes(desk: Desk) -> None:
    async with desk.runtime.db.transaction() as session:
        await sql(session, "update issuer.code set expires_at = now() - interval '1 second'")


async def test_a_refresh_token_is_renewed_each_time_and_a_copy_ends_the_login(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    first = (await redeem(browser, await a_code(browser))).json()
    form = {"grant_type": "refresh_token", "client_id": "anxin-cli"}
    second = await browser.post("/oauth/token", data=form | {"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    copy = await browser.post("/oauth/token", data=form | {"refresh_token": first["refresh_token"]})
    assert copy.status_code == 400
    owner = await browser.post("/oauth/token", data=form | {"refresh_token": second.json()["refresh_token"]})
    assert owner.status_code == 400
    jti = (await desk.claims(second.json()["access_token"]))["jti"]
    assert ("token", jti) in await desk.revocations()


async def test_a_revoked_person_can_neither_log_in_nor_refresh(desk: Desk, browser: httpx.AsyncClient) -> None:
    await desk.add_person("wu.di")
    tokens = (await redeem(browser, await a_code(browser, "wu.di"))).json()
    async with desk.runtime.db.transaction() as session:
        await usecases.revoke_person(session, "wu.di", datetime.now(UTC))
    assert (await log_in(browser, "wu.di")).status_code == 401
    form = {"grant_type": "refresh_token", "client_id": "anxin-cli", "refresh_token": tokens["refresh_token"]}
    assert (await browser.post("/oauth/token", data=form)).status_code == 400
    assert ("person", "wu.di") in await desk.revocations()


async def test_logging_out_ends_the_access_token_too(desk: Desk, browser: httpx.AsyncClient) -> None:
    tokens = (await redeem(browser, await a_code(browser))).json()
    await browser.post("/oauth/revoke", data={"client_id": "anxin-cli", "token": tokens["refresh_token"]})
    jti = (await desk.claims(tokens["access_token"]))["jti"]
    assert ("token", jti) in await desk.revocations()


@pytest.mark.parametrize(
    "uri",
    ["https://evil.example/callback", "http://127.0.0.1:7777/other", "http://127.0.0.1.evil.example/callback",
     "http://user@127.0.0.1:7777/callback", "http://127.0.0.1:7777/callback?x=1", "javascript:alert(1)"],
)  # fmt: skip
async def test_nobody_is_sent_to_an_address_that_was_not_registered(browser: httpx.AsyncClient, uri: str) -> None:
    answer = await browser.get("/oauth/authorize", params=authorization(redirect_uri=uri))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
async def test_a_bad_request_goes_back_to_the_program(
    browser: httpx.AsyncClient, change: dict[str, str], error: str
) -> None:
    answer = await browser.get("/oauth/authorize", params=authorization(**change))
    assert answer_of(answer)["error"] == error


async def test_a_scope_beyond_the_roles_is_refused(browser: httpx.AsyncClient) -> None:
    answer = await log_in(browser, "li.na", scope="credit:decide")
    assert answer_of(answer)["error"] == "invalid_scope"


async def test_a_form_from_elsewhere_is_refused(browser: httpx.AsyncClient) -> None:
    await browser.get("/oauth/authorize", params=authorization())
    form = {"csrf": "0" * 32, "login": "wang.fang", "password": PASSWORD}
    answer = await browser.post("/oauth/authorize", params=authorization(), data=form)
    assert (answer.status_code, answer.json()["check"]) == (403, "csrf")


async def test_the_page_loads_nothing_and_runs_nothing(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/oauth/authorize", params=authorization())
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text
    assert "src=" not in page.text
    cookie = page.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("__host-", "secure", "httponly", "samesite=lax"))


async def test_what_was_typed_is_shown_as_text(browser: httpx.AsyncClient) -> None:
    answer = await log_in(browser, '"><b>bold</b>', "x")
    assert "<b>bold" not in answer.text


async def test_the_login_page_is_not_on_the_agencies_side(desk: Desk) -> None:
    async with desk.agency() as agency:
        assert (await agency.get("/oauth/authorize", params=authorization())).status_code == 404


async def test_the_metadata_is_valid_for_oauth_and_openid(browser: httpx.AsyncClient) -> None:
    for address in ("oauth-authorization-server", "openid-configuration"):
        found = (await browser.get(f"/.well-known/{address}")).json()
        AuthorizationServerMetadata(found).validate()
        assert found["code_challenge_methods_supported"] == ["S256"]


async def test_the_redirect_goes_to_the_port_that_the_command_line_chose(browser: httpx.AsyncClient) -> None:
    other = CALLBACK.replace("7777", "50123")
    answer = await log_in(browser, "wang.fang", redirect_uri=other)
    assert answer.headers["location"].startswith(f"{other}?")
