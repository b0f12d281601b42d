"""Who is revoked or gets another password is logged in nowhere any more, whatever he still holds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateway.issuer import store, usecases
from shared.db import sql
from tests.conftest import SettingsOf
from tests.issuer_desk import PASSWORD, Desk, answer_of, log_in, open_desk, redeem

Act = Callable[[Desk, str], Awaitable[None]]


@pytest.fixture(scope="module")
async def desk(settings_of: SettingsOf) -> AsyncIterator[Desk]:
    async with open_desk(settings_of("issuer")) as desk:
        yield desk


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.browser() as browser:
        yield browser


async def resets_the_password(desk: Desk, login: str) -> None:
    await desk.add_person(login, password="another long password")


async def changes_the_roles(desk: Desk, login: str) -> None:
    await desk.add_person(login, ["auditor"])


async def revokes(desk: Desk, login: str) -> None:
    async with desk.runtime.db.transaction() as session:
        await usecases.revoke_person(session, login, datetime.now(UTC))


async def _refresh(browser: httpx.AsyncClient, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "client_id": "anxin-cli", "refresh_token": token}
    return await browser.post("/oauth/token", data=form)


@pytest.mark.parametrize("act", [resets_the_password, changes_the_roles, revokes])
async def test_what_an_operator_changes_ends_every_login_and_its_tokens(
    desk: Desk, browser: httpx.AsyncClient, act: Act
) -> None:
    login = act.__name__.replace("_", ".")
    await desk.add_person(login)
    held = [(await redeem(browser, answer_of(await log_in(browser, login))["code"])).json() for _ in range(2)]
    unused = answer_of(await log_in(browser, login))["code"]
    await act(desk, login)
    assert [(await _refresh(browser, each["refresh_token"])).status_code for each in held] == [400, 400]
    assert (await redeem(browser, unused)).status_code == 400
    ids = {("token", (await desk.claims(each["access_token"]))["jti"]) for each in held}
    assert ids <= set(await desk.revocations())


async def test_a_refresh_that_meets_a_reset_waits_for_it_and_gets_nothing(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await desk.add_person("meets.reset")
    held = (await redeem(browser, answer_of(await log_in(browser, "meets.reset"))["code"])).json()
    async with desk.runtime.db.transaction() as session:
        given = {"name": "x", "password": PASSWORD, "roles": ["inspector"], "division": "330110005"}
        await usecases.add_person(session, login="meets.reset", now=datetime.now(UTC), **given)  # type: ignore[arg-type]
        late = asyncio.create_task(_refresh(browser, held["refresh_token"]))
        done, _ = await asyncio.wait({late}, timeout=0.5)
        assert not done
    assert (await late).status_code == 400


async def test_a_login_is_remembered_as_long_as_its_last_access_token_lives(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await desk.add_person("long.day")
    held = (await redeem(browser, answer_of(await log_in(browser, "long.day"))["code"])).json()
    async with desk.runtime.db.transaction() as session:
        await sql(
            session, "update issuer.refresh_token set expires_at = now() - interval '1 s' where login = 'long.day'"
        )
        await store.forget(session, datetime.now(UTC))
    await revokes(desk, "long.day")
    assert ("token", (await desk.claims(held["access_token"]))["jti"]) in await desk.revocations()
    async with desk.runtime.db.transaction() as session:
        await store.forget(session, datetime.now(UTC) + timedelta(minutes=11))
        left = await sql(session, "select 1 from issuer.refresh_token where login = 'long.day'")
        assert left.first() is None
