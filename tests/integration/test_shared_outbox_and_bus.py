"""A fact and its event are one; a message is handled once, however often it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext

from shared import dead_letters, topology
from shared.bus import Consumers, connect, consume
from shared.db import Database, Session, sql
from shared.errors import Poison
from shared.events import AlertFound, EmployerScored
from shared.ids import new_id
from shared.outbox import announce, announce_all, relay_once
from tests.conftest import SettingsOf


@pytest.fixture
async def scoring(settings_of: SettingsOf) -> AsyncIterator[tuple[Database, Client]]:
    settings = settings_of("scoring")
    db, nats = Database(settings), await connect(settings, "scoring")
    yield db, nats
    await nats.close()
    await db.close()


@pytest.fixture
async def alerts(settings_of: SettingsOf) -> AsyncIterator[tuple[Database, Client]]:
    settings = settings_of("alerts")
    db, nats = Database(settings), await connect(settings, "alerts")
    yield db, nats
    await nats.close()
    await db.close()


@pytest.fixture
async def operator(settings_of: SettingsOf) -> AsyncIterator[Client]:
    nats = await connect(settings_of("scoring").model_copy(update=_operator(settings_of)), topology.OPERATOR)
    yield nats
    await nats.close()


def _operator(settings_of: SettingsOf) -> dict[str, object]:
    folder = settings_of("scoring").tls_cert.parent  # type: ignore[union-attr]
    return {"tls_cert": folder / "operator.crt", "tls_key": folder / "operator.key"}


def a_score(name: str) -> EmployerScored:
    return EmployerScored(
        score_id=new_id(),
        uscc="91330100799655058B",
        name=name,
        division="330110005",
        level="orange",
        previous_level="none",
        points=61,
        families=["tax_si"],
        reasons=[],
        scored_at=datetime.now(UTC),
        rules_version="1",
    )


async def _relay_all(db: Database, nats: Client) -> None:
    while await relay_once(db, nats.jetstream()):
        pass


async def test_an_event_leaves_only_when_its_transaction_commits(scoring: tuple[Database, Client]) -> None:
    db, _ = scoring

    async def announce_and_fail() -> None:
        async with db.transaction() as session:
            announce(session, lost)
            await session.flush()
            raise RuntimeError("undone")

    lost = a_score("undone")
    with pytest.raises(RuntimeError, match="undone"):
        await announce_and_fail()
    async with db.transaction() as session:
        kept = announce(session, a_score("kept"))
    async with db.transaction() as session:
        bodies = (await sql(session, "select event_id || convert_from(body, 'utf8') from outbox")).scalars().all()
    assert [body for body in bodies if str(kept) in body]
    assert not [body for body in bodies if str(lost.score_id) in body]


async def test_events_that_are_announced_together_are_heard_as_they_are_one_by_one_and_how_many_wait_behind(
    scoring: tuple[Database, Client], alerts: tuple[Database, Client]
) -> None:
    heard: dict[str | None, tuple[EmployerScored, int]] = {}
    consumers = Consumers("alerts")

    @consumers.on(EmployerScored)
    async def on_scored(event: EmployerScored, session: Session) -> None:
        heard[event.name] = (event, consumers.behind[EmployerScored])

    told = [a_score(f'{new_id()} "甲", \\ \n{place}') for place in range(5)]
    async with scoring[0].transaction() as session:
        await announce_all(session, told)
        await announce_all(session, [])
    await _relay_all(*scoring)
    task = asyncio.create_task(consume(consumers, EmployerScored, alerts[0], alerts[1].jetstream()))
    await _until(lambda: {each.name for each in told} <= set(heard))
    await _stop(task)
    assert [heard[each.name][0] for each in told] == told
    assert sorted(heard[each.name][1] for each in told) == [0, 1, 2, 3, 4]


async def test_two_events_of_a_kind_are_handled_at_the_same_time_where_that_was_asked_for(
    scoring: tuple[Database, Client], alerts: tuple[Database, Client]
) -> None:
    consumers, both_are_here, met = Consumers("alerts"), asyncio.Barrier(2), []
    wanted = {f"together {new_id()}" for _ in range(2)}

    @consumers.on(EmployerScored, at_once=2)
    async def on_scored(event: EmployerScored, session: Session) -> None:
        if event.name in wanted:
            await both_are_here.wait()
            met.append(event.name)

    async with scoring[0].transaction() as session:
        await announce_all(session, [a_score(name) for name in wanted])
    await _relay_all(*scoring)
    task = asyncio.create_task(consume(consumers, EmployerScored, alerts[0], alerts[1].jetstream()))
    await _until(lambda: set(met) == wanted)
    await _stop(task)


async def test_a_relayed_event_reaches_its_listener_once_though_it_is_published_twice(
    scoring: tuple[Database, Client], alerts: tuple[Database, Client]
) -> None:
    heard: list[str | None] = []
    consumers = Consumers("alerts")

    @consumers.on(EmployerScored)
    async def on_scored(event: EmployerScored, session: Session) -> None:
        heard.append(event.name)

    name = f"once {new_id()}"
    async with scoring[0].transaction() as session:
        announce(session, a_score(name))
    await _relay_all(*scoring)
    async with scoring[0].transaction() as session:  # as if the relay had died before it could mark the row
        await sql(session, "update outbox set published_at = null")
    await _relay_all(*scoring)
    task = asyncio.create_task(consume(consumers, EmployerScored, alerts[0], alerts[1].jetstream()))
    await _until(lambda: name in heard)
    await asyncio.sleep(0.3)
    await _stop(task)
    assert heard.count(name) == 1


async def test_a_failing_handler_is_tried_again_and_then_succeeds(
    scoring: tuple[Database, Client], alerts: tuple[Database, Client]
) -> None:
    tries: list[UUID] = []
    consumers = Consumers("alerts")
    wanted = a_score("flaky")

    @consumers.on(EmployerScored)
    async def on_scored(event: EmployerScored, session: Session) -> None:
        if event.score_id == wanted.score_id:
            tries.append(event.score_id)
            if len(tries) < 3:
                raise ConnectionError("not yet")

    async with scoring[0].transaction() as session:
        announce(session, wanted)
    await _relay_all(*scoring)
    task = asyncio.create_task(consume(consumers, EmployerScored, alerts[0], alerts[1].jetstream()))
    await _until(lambda: len(tries) == 3)
    await _stop(task)


async def test_poison_becomes_a_dead_letter_that_can_be_replayed(
    scoring: tuple[Database, Client], alerts: tuple[Database, Client], operator: Client
) -> None:
    consumers = Consumers("alerts")
    healed: list[bool] = []
    wanted = a_score("poison")

    @consumers.on(EmployerScored)
    async def on_scored(event: EmployerScored, session: Session) -> None:
        if event.score_id != wanted.score_id:
            return
        if not healed:
            raise Poison("no such town")
        healed.append(True)

    async with scoring[0].transaction() as session:
        announce(session, wanted)
    await _relay_all(*scoring)
    task = asyncio.create_task(consume(consumers, EmployerScored, alerts[0], alerts[1].jetstream()))
    js = operator.jetstream()
    found = [letter async for letter in _letters_with(js, "no such town")]
    assert found[0].consumer == "alerts-scores-employer"
    healed.append(True)
    assert await dead_letters.replay(js, found[0].sequence) == "scores.employer"
    await _until(lambda: len(healed) == 2)
    await _stop(task)
    assert not [letter for letter in await dead_letters.letters(js) if letter.sequence == found[0].sequence]


async def _letters_with(js: JetStreamContext, reason: str) -> AsyncIterator[dead_letters.DeadLetter]:
    for _ in range(100):
        found = [letter for letter in await dead_letters.letters(js) if reason in letter.reason]
        if found:
            for letter in found:
                yield letter
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no dead letter came")


async def test_a_service_may_not_publish_a_neighbours_event(
    alerts: tuple[Database, Client], scoring: tuple[Database, Client]
) -> None:
    with pytest.raises(TimeoutError):
        await alerts[1].jetstream().publish("scores.employer", b"forged", timeout=1)


def test_a_service_cannot_register_for_an_event_the_topology_does_not_give_it() -> None:
    with pytest.raises(ValueError, match="no listener"):
        Consumers("credit").on(AlertFound)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _until(condition: Callable[[], bool], patience_s: float = 15) -> None:
    for _ in range(int(patience_s / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen in time")
