"""Who orders an employer to pay, and whom the order names."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.ids import new_id
from tests.alerts_world import World, a_world
from tests.conftest import SettingsOf


@pytest.fixture
async def world(settings_of: SettingsOf, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(settings_of, tmp_path) as one:
        yield one


def an_order(**more: Any) -> dict[str, Any]:
    number = f"余人社监令字〔2026〕{new_id().hex[-8:]}号"
    return {"order_no": number, "workers": [{"amount": "18000.00", "months": 4, "is_rural": True}]} | more


async def test_a_squad_leader_alone_issues_no_order_to_pay(world: World) -> None:
    path = f"{await world.confirmed()}/orders"
    refused = await world.post("squad", path, an_order())
    assert (refused.status_code, refused.json()["check"]) == (403, "role")
    assert (await world.must("bureau", path, an_order()))["state"] == "ISSUED"


async def test_nobody_chooses_the_authority_that_decides(world: World) -> None:
    path = f"{await world.confirmed()}/orders"
    elsewhere = await world.post("bureau", path, an_order(deciding_org="杭州市西湖区人力资源和社会保障局"))
    assert elsewhere.status_code == 422
    assert (await world.must("bureau", path, an_order()))["deciding_org"] == "杭州市余杭区人力资源和社会保障局"
