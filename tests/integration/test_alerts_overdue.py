"""What the list is told when a term has ended: what is still open then, worker by worker."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared import calendar
from shared.events import OrderOverdue
from shared.ids import new_id
from tests.alerts_world import World

RECEIPT = {"kind": "bank_receipt", "reference": "工行回单"}


async def ten_migrants_owed_100_000(world: World) -> dict[str, Any]:
    body = {
        "order_no": f"余人社监令字〔2026〕{new_id().hex[-8:]}号",
        "workers": [{"amount": "10000.00", "months": 3, "is_rural": True} for _ in range(10)],
        "service": {"service_method": "direct"},
    }
    return await world.must("bureau", f"{await world.confirmed()}/orders", body)


async def paid_but_5_000(world: World, order: dict[str, Any], **more: Any) -> None:
    lines = [*({"worker": number, "amount": "10000"} for number in range(1, 10)), {"worker": 10, "amount": "5000"}]
    await world.must("squad", f"/v1/orders/{order['id']}/payments", {"proof": RECEIPT, "lines": lines} | more)


async def told(world: World, order: dict[str, Any]) -> OrderOverdue:
    [event] = [event for event in await world.said(order["id"]) if isinstance(event, OrderOverdue)]
    return event


def end_of_term(order: dict[str, Any]) -> Any:
    return calendar.end_of_day(date.fromisoformat(order["term_ends_on"]))


async def test_what_was_paid_within_the_term_does_not_count_towards_the_list(world: World) -> None:
    order = await ten_migrants_owed_100_000(world)
    await paid_but_5_000(world, order)
    await world.tick(end_of_term(order))
    event = await told(world, order)
    assert (event.amount, event.workers) == (Decimal("5000.00"), 1)
    assert (event.migrant_amount, event.migrant_workers) == (Decimal("5000.00"), 1)
    assert (event.longest_months, event.largest_single) == (3, Decimal("5000.00"))


async def test_an_order_of_which_nothing_was_paid_is_overdue_with_all_of_it(world: World) -> None:
    order = await ten_migrants_owed_100_000(world)
    await world.tick(end_of_term(order))
    event = await told(world, order)
    assert (event.migrant_amount, event.migrant_workers) == (Decimal("100000.00"), 10)


async def test_what_was_paid_after_the_term_was_still_open_when_it_ended(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    order = await ten_migrants_owed_100_000(world)
    clock = tmp_path / "clock"
    # A day after the term, before anybody has noticed that it ended.
    clock.write_text(str(timedelta(days=20).total_seconds()))
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(clock))
    await paid_but_5_000(world, order)
    await world.tick(end_of_term(order))
    assert (await told(world, order)).migrant_amount == Decimal("100000.00")
