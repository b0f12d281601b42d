"""Guessing at logins: it takes as long for nobody as for somebody, it is counted, and it holds nobody else up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest

from gateway.issuer import passwords, store, usecases
from gateway.issuer.models import LoginFailure
from gateway.issuer.rules import logins
from shared.db import sql
from tests.conftest import SettingsOf
from tests.issuer_desk import PASSWORD, Desk, authorization, csrf_of, log_in, open_desk


@pytest.fixture(scope="module")
async def desk(settings_of: SettingsOf) -> AsyncIterator[Desk]:
    async with open_desk(settings_of("issuer"), database_pool=2) as desk:
        await desk.add_client("busy-agency", ["ingest:tax_arrears"])
        yield desk


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.browser() as browser:
        yield browser


async def _failure(desk: Desk, login: str) -> LoginFailure | None:
    async with desk.runtime.db.transaction() as session:
        return await store.login_failure(session, login)


@asynccontextmanager
async def _nobody_looks() -> AsyncIterator[None]:
    """While this lasts, every password that is to be looked at has to wait for it."""
    async with passwords.ROOM, passwords.ROOM:
        yield


async def _until_counted(desk: Desk, login: str) -> None:
    for _ in range(1000):
        if await _failure(desk, login):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"no attempt at {login} was counted")


@pytest.mark.parametrize("login", ["no.such.login", "gone.long.ago", "feng.lan"])
async def test_a_password_is_looked_at_whoever_it_is_for_and_the_answer_is_the_same(
    desk: Desk, browser: httpx.AsyncClient, login: str
) -> None:
    await desk.add_person("feng.lan")
    await desk.add_person("gone.long.ago")
    async with desk.runtime.db.transaction() as session:
        await usecases.revoke_person(session, "gone.long.ago", datetime.now(UTC))
    async with _nobody_looks():
        answer = asyncio.create_task(log_in(browser, login, "not the password"))
        await _until_counted(desk, login)
        done, _ = await asyncio.wait({answer}, timeout=0.5)
        assert not done
    assert (await answer).status_code == 401


async def test_passwords_sent_at_once_are_never_more_than_the_free_ones(desk: Desk, browser: httpx.AsyncClient) -> None:
    await desk.add_person("deng.hao")
    form = {"csrf": csrf_of((await browser.get("/oauth/authorize", params=authorization())).text), "login": "deng.hao"}
    guesses = [form | {"password": f"guess number {number}"} for number in range(16)]
    send = partial(browser.post, "/oauth/authorize", params=authorization())
    answers = await asyncio.gather(*(send(data=guess) for guess in guesses))
    looked_at = await _failure(desk, "deng.hao")
    assert looked_at is not None
    assert looked_at.failures == logins.FREE_ATTEMPTS
    assert {answer.status_code for answer in answers} == {401, 429}


async def test_two_right_logins_at_the_same_moment_both_come_in(desk: Desk, browser: httpx.AsyncClient) -> None:
    await desk.add_person("tang.yu")
    answers = await asyncio.gather(*(log_in(browser, "tang.yu") for _ in range(3)))
    assert [answer.status_code for answer in answers] == [303] * 3
    assert await _failure(desk, "tang.yu") is None


async def test_many_logins_hold_no_connection_while_their_passwords_are_looked_at(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    async with _nobody_looks():
        crowd = [asyncio.create_task(log_in(browser, f"crowd.{number}", "a guess")) for number in range(8)]
        for number in range(8):
            await _until_counted(desk, f"crowd.{number}")
        async with desk.agency("busy-agency") as agency:
            form = {"grant_type": "client_credentials", "client_id": "busy-agency"}
            answer = await agency.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        assert not any(login.done() for login in crowd)
    await asyncio.gather(*crowd)


async def test_a_password_that_was_replaced_while_it_was_looked_at_opens_nothing(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await desk.add_person("lu.qing")
    async with _nobody_looks():
        late = asyncio.create_task(log_in(browser, "lu.qing", PASSWORD))
        await _until_counted(desk, "lu.qing")
        async with desk.runtime.db.transaction() as session:
            await sql(session, "update issuer.person set password_hash = 'another' where login = 'lu.qing'")
    assert (await late).status_code == 401


async def test_old_wrong_passwords_are_forgotten_and_fresh_ones_kept(desk: Desk) -> None:
    now = datetime.now(UTC)
    async with desk.runtime.db.transaction() as session:
        await store.count_failure(session, "long.ago", 3, now - logins.FORGOTTEN_AFTER - timedelta(minutes=1))
        await store.count_failure(session, "just.now", 3, now)
        await store.forget(session, now)
    assert await _failure(desk, "long.ago") is None
    assert await _failure(desk, "just.now") is not None
