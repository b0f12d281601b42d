"""What operators and auditors ask of a running platform: dead letters on the bus, audit chains in the database."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from nats.js import JetStreamContext

from gateway.issuer.admin import own_login
from gateway.issuer.usecases.dead_letters import LetterSettled, Step, Wish
from gateway.issuer.usecases.dead_letters import settle as settled
from local import postgres, state
from local.layout import Home, Ports
from local.refusals import Refusal
from shared import audit, bus, topology
from shared import dead_letters as letters
from shared.db import Database
from shared.errors import NotFound
from shared.settings import Settings

T = TypeVar("T")


def dead_letters(home: Home, limit: int) -> list[letters.DeadLetter]:
    """The oldest dead letters, at most `limit`. Raises NotRunning."""
    return _on_the_bus(home, lambda js: letters.letters(js, limit))


def dead_letter(home: Home, number: int) -> letters.DeadLetter:
    """One dead letter. Raises NotRunning, or Refusal when there is none of that number."""
    found = _on_the_bus(home, lambda js: letters.letter(js, number))
    if found is None:
        raise _no_letter(number)
    return found


def settle(home: Home, number: int, step: Step, reason: str) -> str:
    """Send a dead letter again, or put it away; who and why is in the issuer's audit log. Returns its subject.

    Raises Refusal when there is no such letter, or something else was done with it.
    """
    wish = Wish(step, reason, f"operator:{own_login()}")
    settings = settings_of(home, "issuer")

    async def done(js: JetStreamContext) -> str:
        database = Database(settings)
        try:
            return (await settled(database, js, number, wish, datetime.now(UTC))).subject
        finally:
            await database.close()

    try:
        return _on_the_bus(home, done)
    except NotFound as error:
        raise _no_letter(number) from error
    except LetterSettled as error:
        raise Refusal(f"第 {number} 号死信已作其他处理。", error.detail) from error


def _no_letter(number: int) -> Refusal:
    return Refusal(f"没有第 {number} 号死信。", f"There is no dead letter {number}.")


def audit_broken_at(home: Home, schema: str) -> int | None:
    """The first entry of a service's audit log that does not fit its chain; None when all do. Raises NotRunning."""
    settings = settings_of(home, schema)

    async def check() -> int | None:
        database = Database(settings)
        try:
            async with database.transaction() as session:
                return await audit.broken_at(session)
        finally:
            await database.close()

    return asyncio.run(check())


def _on_the_bus(home: Home, ask: Callable[[JetStreamContext], Awaitable[T]]) -> T:
    settings = settings_of(home, "ingest")

    async def connected() -> T:
        connection = await bus.connect(settings, topology.OPERATOR)
        try:
            return await ask(connection.jetstream())
        finally:
            await connection.close()

    return asyncio.run(connected())


def settings_of(home: Home, role: str) -> Settings:
    """The operator's certificate on the bus; in the database the role whose schema is looked at."""
    ports = Ports(state.running(home).port_base)
    cluster = postgres.Cluster(home.path / "postgres", home.secrets, ports.postgres)
    return Settings(
        database_url=cluster.url(role),
        database_password=cluster.password(role),
        nats_url=ports.nats_url,
        tls_cert=home.pki.certificate("operator"),
        tls_key=home.pki.key("operator"),
        tls_ca=home.pki.certificate("mesh-ca"),
    )
