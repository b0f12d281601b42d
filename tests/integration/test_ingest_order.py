"""What must hold for every order of arrival: guarded by generated submissions on a real PostgreSQL."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import SettingsOf
from tests.ingest_desk import GOOD, Door, a_tax_record, clear, counts, open_door


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


async def _heads(door: Door) -> list[tuple[Any, ...]]:
    return await door.rows("select key, row_hash, source_time from ingest.head order by key")


# A state of one of three taxpayers on one of five days: the content follows from both, as at a source.
states = st.tuples(st.integers(1, 3), st.integers(1, 5))
deliveries = st.lists(st.lists(states, max_size=5), min_size=1, max_size=4)


def _records(states: list[tuple[int, int]]) -> list[dict[str, Any]]:
    return [a_tax_record(who, balance=f"{who}.{day:02d}", stat_at=f"2026-11-{day:02d}") for who, day in states]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_deliveries=deliveries, order=st.randoms(use_true_random=False))
async def test_the_order_of_arrival_does_not_matter(door: Door, given_deliveries: Any, order: Any) -> None:
    await clear(door)
    for delivery in given_deliveries:
        await door.send("tax_arrears", _records(delivery))
    one = await _heads(door)
    await clear(door)
    shuffled = list(given_deliveries)
    order.shuffle(shuffled)
    for delivery in shuffled:
        order.shuffle(delivery)
        await door.send("tax_arrears", _records(delivery))
        await door.send("tax_arrears", _records(delivery))
    assert await _heads(door) == one


rows = st.lists(
    st.one_of(
        st.builds(a_tax_record, st.integers(1, 4), balance=st.sampled_from(["1", "2", "-1", "x"])),
        st.builds(a_tax_record, st.integers(1, 4), uscc=st.sampled_from([None, "", "91330110MA2CEABC1X", GOOD])),
        st.just({}),
        st.just("nonsense"),
    ),
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=rows)
async def test_every_row_is_counted_once(door: Door, sent: list[Any]) -> None:
    receipt = (await door.send("tax_arrears", sent)).json()
    received, *parts = counts(receipt)
    assert received == len(sent) == sum(parts)
    announced = [row for event in await door.announced(receipt["receipt_id"]) for row in event["rows"]]
    assert len(announced) == len(set(announced))
    # An older state that nobody knew of is told, too: it may stand again. It counts as unchanged.
    assert receipt["accepted"] <= len(announced) <= receipt["accepted"] + receipt["unchanged"]
