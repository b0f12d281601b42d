"""A person stands on an order once, and a payment that is told again is recorded once."""

from typing import Any

from shared.events import OrderPaid
from shared.ids import new_id
from tests.alerts_world import World

ID_NO = "11010519491231002X"
RECEIPT = {"kind": "bank_receipt", "reference": "工行回单"}


def an_order(**more: Any) -> dict[str, Any]:
    return {
        "order_no": f"余人社监令字〔2026〕{new_id().hex[-8:]}号",
        "workers": [{"amount": "18000.00", "months": 4, "is_rural": True}],
        "service": {"service_method": "direct"},
    } | more


async def test_a_person_who_stands_on_an_order_twice_is_refused_without_repeating_the_number(world: World) -> None:
    path = f"{await world.confirmed()}/orders"
    worker = {"amount": "1", "months": 3, "is_rural": True, "id_no": ID_NO}
    refused = await world.post("bureau", path, an_order(workers=[worker, worker]))
    assert refused.status_code == 422
    assert "each person once" in refused.text
    assert ID_NO not in refused.text
    nameless = {"amount": "1", "months": 3, "is_rural": True}
    await world.must("bureau", path, an_order(workers=[worker, nameless, nameless]))


async def test_a_part_payment_told_again_is_recorded_once_and_answered_the_same(world: World) -> None:
    order = await world.must("bureau", f"{await world.confirmed()}/orders", an_order())
    path = f"/v1/orders/{order['id']}/payments"
    part = {"proof": RECEIPT, "lines": [{"worker": 1, "amount": "5000"}]}
    first, second = await world.must("squad", path, part), await world.must("squad", path, part)
    assert first == second
    assert (second["balance"], len(second["payments"])) == ("13000.00", 1)
    other = {"proof": {"kind": "bank_receipt", "reference": "第二张回单"}, "lines": part["lines"]}
    assert (await world.must("squad", path, other))["balance"] == "8000.00"


async def test_a_full_payment_told_again_is_answered_the_same_and_announced_once(world: World) -> None:
    order = await world.must("bureau", f"{await world.confirmed()}/orders", an_order())
    path = f"/v1/orders/{order['id']}/payments"
    first, second = (
        await world.must("squad", path, {"proof": RECEIPT}),
        await world.must("squad", path, {"proof": RECEIPT}),
    )
    assert first == second
    assert second["state"] == "PAID"
    assert len([event for event in await world.said(order["id"]) if isinstance(event, OrderPaid)]) == 1
