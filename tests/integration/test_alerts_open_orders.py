"""An alert is not done while an order to pay that came out of it is unpaid."""

from typing import Any

from shared.ids import new_id
from tests.alerts_world import World

RECEIPT = {"kind": "bank_receipt", "reference": "工行回单"}
RESOLVED = {"reason": "工资已全部发放", "paid_amount": "36000", "documents": [RECEIPT]}


async def ordered(world: World) -> tuple[str, str]:
    """The paths of a confirmed alert and of its order, which asks for CNY 36,000."""
    path = await world.confirmed()
    order: dict[str, Any] = {
        "order_no": f"余人社监令字〔2026〕{new_id().hex[-8:]}号",
        "workers": [{"amount": "12000.00", "months": 4, "is_rural": True} for _ in range(3)],
        "service": {"service_method": "direct"},
    }
    return path, f"/v1/orders/{(await world.must('bureau', f'{path}/orders', order))['id']}"


async def test_an_alert_is_not_resolved_while_its_order_is_unpaid(world: World) -> None:
    path, order = await ordered(world)
    refused = await world.post("inspector1", f"{path}/resolve", RESOLVED)
    assert (refused.status_code, refused.json()["guard"]) == (409, "orders_are_paid")
    await world.must("squad", f"{order}/payments", {"proof": RECEIPT, "lines": [{"worker": 1, "amount": "12000"}]})
    assert (await world.post("inspector1", f"{path}/resolve", RESOLVED)).status_code == 409
    await world.must("squad", f"{order}/payments", {"proof": RECEIPT})
    assert (await world.must("inspector1", f"{path}/resolve", RESOLVED))["state"] == "RESOLVED"


async def test_a_revoked_order_asks_for_nothing(world: World) -> None:
    path, order = await ordered(world)
    await world.must("bureau", f"{order}/revoke", {"reason": "认定有误"})
    assert (await world.must("inspector1", f"{path}/resolve", RESOLVED))["state"] == "RESOLVED"


async def test_with_an_unpaid_order_an_alert_is_closed_only_if_a_case_goes_on_with_it(world: World) -> None:
    path, _ = await ordered(world)
    case = {"link": {"kind": "case", "number": "余人社监立字〔2026〕7号"}}
    await world.must("squad", f"{path}/link-case", case)
    await world.must("analyst", f"{path}/review", {"sampled_workers": 2, "unpaid_amount": "36000"})
    assert (await world.must("analyst", f"{path}/close"))["state"] == "CLOSED"
