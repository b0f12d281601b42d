"""Whatever agencies send, repeat, correct, take back and list, in whatever order that reaches scoring: one truth."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scoring.consumers import consumer
from services.scoring.rulebook import shipped
from services.scoring.store import facts as fact_store
from shared.bus import decode
from shared.clock import now
from shared.db import Database
from shared.events import RecordsAccepted, RecordsClosed, RecordsWithdrawn
from shared.ids import new_id
from tests.conftest import SettingsOf
from tests.ingest_desk import GOOD, Door, Record, a_tax_record, open_door
from tests.ingest_truth import ask, forget, full, sent
from tests.truth_model import Model, Row

_HEARD = {event.subject: event for event in (RecordsAccepted, RecordsClosed, RecordsWithdrawn)}
rows = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 2)), min_size=1, max_size=4)
which = st.integers(0, 5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), rows),
        st.tuples(st.just("repeat"), which),
        st.tuples(st.just("correct"), which, rows),
        st.tuples(st.just("withdraw"), which, st.sets(st.integers(1, 4))),
        st.tuples(st.just("full"), st.integers(1, 8), rows),
        st.tuples(st.just("lift"), which),
    ),
    min_size=1,
    max_size=10,
)


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door
        await forget(door)


@pytest.fixture(scope="module")
async def scoring(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("scoring"))
    yield database
    await database.close()


@dataclass
class Story:
    """What one agency does, and what a plain model makes of it. `name` keeps this story's taxpayers apart."""

    door: Door
    name: str
    model: Model = field(default_factory=Model)
    receipts: list[tuple[str, list[Row]]] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)

    def records(self, told: list[Row]) -> list[Record]:
        return [
            a_tax_record(taxpayer_no=f"{self.name}{who}", balance=f"{what}.00", stat_at=f"2026-11-{day:02}")
            for who, day, what in told
        ]

    async def send(self, told: list[Row], corrects: str | None = None) -> None:
        said = {"corrects": corrects} if corrects else {}
        receipt = await sent(self.door, self.records(told), **said)
        self.model.send(receipt, told, corrects=corrects)
        self.receipts.append((receipt, told))

    async def repeat(self, one: int) -> None:
        if self.receipts:
            await self.send(self.receipts[one % len(self.receipts)][1])

    async def correct(self, one: int, told: list[Row]) -> None:
        if self.receipts:
            await self.send(told, self.receipts[one % len(self.receipts)][0])

    async def withdraw(self, one: int, chosen: set[int]) -> None:
        if not self.receipts:
            return
        receipt, told = self.receipts[one % len(self.receipts)]
        numbers = {each for each in chosen if each <= len(told)} or set(range(1, len(told) + 1))
        wish = {"rows": ",".join(map(str, sorted(numbers))), "reason": "wrong"}
        answer = await ask(self.door, "DELETE", f"/v1/receipts/{receipt}/rows", params=wish)
        assert answer.status_code == 200
        self.model.withdraw(receipt, numbers)

    async def full(self, day: int, told: list[Row]) -> None:
        answer = await full(self.door, day, self.records(told))
        receipt, snapshot = answer.json()["receipt_id"], answer.headers["anxin-snapshot"].split(";")[0]
        self.model.full(receipt, snapshot, day, told)
        self.receipts.append((receipt, told))
        self.lists.append(snapshot)

    async def lift(self, one: int) -> None:
        if self.lists:
            snapshot = self.lists[one % len(self.lists)]
            await ask(self.door, "DELETE", f"/v1/snapshots/{snapshot}", params={"reason": "wrong"})
            self.model.withdraw(snapshot, {0})


async def _last(door: Door) -> int:
    return int((await door.rows("select coalesce(max(id), 0) from ingest.outbox"))[0][0])


async def _since(door: Door, last: int) -> list[Any]:
    waiting = await door.rows("select subject, body from ingest.outbox where id > :last order by id", last=last)
    return [decode(bytes(body), _HEARD[subject]) for subject, body in waiting if subject in _HEARD]


async def _known(scoring: Database, name: str) -> dict[int, tuple[str, int]]:
    dataset = {"tax_arrears": shipped().datasets["tax_arrears"]}
    async with scoring.transaction() as session:
        found = await fact_store.newest(session, "employer", [GOOD], dataset, now())
    told = found.select("key", "receipt_id", "row_no").rows()
    return {int(key.split("|")[0][len(name) :]): (by, row) for key, by, row in told if key.startswith(name)}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=steps, seed=st.integers(0, 2**32))
async def test_ingest_and_scoring_end_where_a_plain_model_does(
    door: Door, scoring: Database, story: list[tuple[Any, ...]], seed: int
) -> None:
    await forget(door)
    last, told = await _last(door), Story(door, new_id().hex[-18:] + "-")
    for verb, *how in story:
        await getattr(told, verb)(*how)
    heads = await door.rows("select receipt_id, row_no from ingest.head")
    assert sorted((str(receipt), row) for receipt, row in heads) == sorted(told.model.heads().values())
    events = await _since(door, last)
    dice = random.Random(seed)  # noqa: S311 - the same order for the same example
    heard = events + dice.choices(events, k=len(events) // 2) if events else []
    dice.shuffle(heard)
    for event in heard:
        await consumer.deliver(event, scoring)
    assert await _known(scoring, told.name) == told.model.heads()
