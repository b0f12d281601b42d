"""Who reads a list of employers and sums is on record with what he asked for."""

from typing import Any

from shared.db import sql
from tests.alerts_world import World, a_uscc


async def entries(world: World, action: str) -> list[tuple[str, dict[str, Any]]]:
    async with world.db.transaction() as session:
        query = "select actor, details from audit where action = :action order by seq"
        return [(row.actor, row.details) for row in (await sql(session, query, action=action)).all()]


async def test_each_reading_of_the_alerts_is_one_entry_with_its_filter(world: World) -> None:
    before = len(await entries(world, "alert.list"))
    await world.see("auditor", "/v1/alerts", level="red", limit=7)
    assert (await entries(world, "alert.list"))[before:] == [("auditor", {"level": "red", "limit": 7})]


async def test_each_reading_of_the_orders_is_one_entry_with_its_filter(world: World) -> None:
    before, uscc = len(await entries(world, "order.list")), a_uscc()
    await world.see("inspector1", "/v1/orders", uscc=uscc)
    assert (await entries(world, "order.list"))[before:] == [("inspector1", {"uscc": uscc, "limit": 50})]
