"""A platform behind TLS that asks for our certificate, and workers that are killed while they pull."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

from services.ingest.connectors.remote import open_client
from shared.db import sql
from shared.settings import Settings
from tests.conftest import SettingsOf
from tests.ingest_desk import DATA_KEY, Door, open_door
from tests.ingest_pulls import a_puller, begin, due, heads, state, taken, until
from tests.remote_platform import ALL, PAGES, Remote, calm, remote_platform

LEASE_S = 1.0


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    with remote_platform(tmp_path) as one:
        yield one


async def test_a_platform_is_asked_with_our_certificate_over_tls(settings_of: SettingsOf, remote: Remote) -> None:
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        async with open_client(remote.place()) as client:
            assert await a_puller(door, client).round(0.5)
        assert (await heads(door), (await state(door))["failures"]) == (ALL, 0)
        assert set(remote.clients) == {"anxin"}


@pytest.mark.parametrize("wrong", ["no certificate", "a stranger's certificate", "another authority"])
async def test_a_platform_that_does_not_trust_us_or_that_we_do_not_trust_is_told_as_a_fault(
    settings_of: SettingsOf, remote: Remote, wrong: str
) -> None:
    folder = remote.folder
    changes: dict[str, dict[str, Path | None]] = {
        "no certificate": {"certificate": None, "key": None},
        "a stranger's certificate": {"certificate": folder / "stranger.crt", "key": folder / "stranger.key"},
        "another authority": {"ca": folder / "stranger.crt"},
    }
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        async with open_client(remote.place(**changes[wrong])) as client:
            assert await a_puller(door, client).round(0.5)
        told = await state(door)
        fault = next(each["fault"] for each in told["feeds"] if each["dataset"] == "hc_payroll")
        assert fault in {"unreachable", "half_page"}
        assert (told["failures"], remote.asked, await heads(door)) == (1, [], 0)


async def test_a_server_that_errs_over_the_wire_is_asked_again_from_the_same_page(
    settings_of: SettingsOf, remote: Remote
) -> None:
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        for status in (500, 502):
            remote.answer = partial(_erring, status)
            await due(door)
            async with open_client(remote.place()) as client:
                await a_puller(door, client).round(0.5)
        remote.answer = calm
        await due(door)
        async with open_client(remote.place()) as client:
            await a_puller(door, client).round(0.5)
        assert remote.asked == [None, "1", "1", "1", "2", "3"]
        assert await heads(door) == ALL


async def test_a_worker_killed_while_a_platform_answers_leaves_every_record_once(
    settings_of: SettingsOf, remote: Remote
) -> None:
    asked, gone_on = Event(), Event()

    def hanging(cursor: str | None) -> tuple[int, bytes]:
        if cursor == "1":
            asked.set()
            gone_on.wait(30)
        return calm(cursor)

    remote.answer = hanging
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        async with _worker(settings_of("ingest"), remote) as kill:
            await asyncio.to_thread(asked.wait, 60)
            assert await taken(door) == 1
            await kill()
        remote.answer = calm
        gone_on.set()
        await _goes_on(door, remote)
        assert (await heads(door), await taken(door)) == (ALL, PAGES + 1)


async def test_a_worker_killed_inside_the_transaction_of_a_page_leaves_every_record_once(
    settings_of: SettingsOf, remote: Remote
) -> None:
    """The page is in, its receipt is in, and the cursor is about to be written when the worker dies."""
    asked, may_answer = Event(), Event()

    def noting(cursor: str | None) -> tuple[int, bytes]:
        if cursor == "1":
            asked.set()
            may_answer.wait(30)
        return calm(cursor)

    remote.answer = noting
    async with open_door(settings_of("ingest")) as door:
        await begin(door)
        async with _worker(settings_of("ingest"), remote) as kill:
            await asyncio.to_thread(asked.wait, 60)
            async with door.db.transaction() as session:
                await sql(session, "select 1 from ingest.connector_cursor for update")
                may_answer.set()
                await until(lambda: _is_waiting(door), 60)
                await kill()
        remote.answer = calm
        await _goes_on(door, remote)
        assert (await heads(door), await taken(door)) == (ALL, PAGES + 1)


async def _goes_on(door: Door, remote: Remote) -> None:
    """Another worker, as soon as the dead one's lease has run out."""
    async with open_client(remote.place()) as client:
        await until(lambda: a_puller(door, client).round(0.5), 30 * LEASE_S)


async def _is_waiting(door: Door) -> bool:
    blocked = (
        "select 1 from pg_stat_activity where usename = 'ingest' and wait_event_type = 'Lock' and query like :said"
    )
    return bool(await door.rows(blocked, said="%insert into ingest.connector_cursor%"))


def _erring(status: int, cursor: str | None) -> tuple[int, bytes]:
    return (status, b"") if cursor == "1" else calm(cursor)


@asynccontextmanager
async def _worker(settings: Settings, remote: Remote) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A worker in a process of its own; what is given kills it, as `kill -9` does."""
    assert settings.database_password
    known = {
        "ANXIN_DATABASE_URL": settings.database_url,
        "ANXIN_DATABASE_PASSWORD": settings.database_password.get_secret_value(),
        "ANXIN_DATA_KEY": DATA_KEY,
    }
    arguments = [remote.url, str(remote.folder), f"hrss-{uuid4().hex}", str(LEASE_S)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.pulling_worker", *arguments, env={**os.environ, **known}
    )

    async def kill() -> None:
        process.kill()
        await process.wait()

    try:
        yield kill
    finally:
        if process.returncode is None:
            await kill()
