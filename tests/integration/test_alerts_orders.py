"""An order to pay: issued, served, paid or overdue at 24:00; sums for the list, names for nobody."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared import calendar
from shared.clock import now, today
from shared.db import sql
from shared.events import Event, OrderIssued, OrderOverdue, OrderPaid, OrderRevoked
from shared.ids import new_id
from tests.alerts_world import RENHE, World

ID_NO = "11010519491231002X"
RECEIPT = {"kind": "bank_receipt", "reference": "工行回单"}


def an_order(**more: Any) -> dict[str, Any]:
    """Three workers: two migrants owed 4 and 2 months, one townsman owed 6."""
    return {
        "order_no": f"余人社监令字〔2026〕{new_id().hex[-8:]}号",
        "workers": [
            {"amount": "18000.00", "months": 4, "is_rural": True, "name": "张三丰", "id_no": ID_NO},
            {"amount": "9000.00", "months": 2, "is_rural": True, "name": "李四"},
            {"amount": "30000.00", "months": 6, "is_rural": False},
        ],
        "parties": [{"role": "legal_rep", "name": "王五", "id_no": ID_NO}],
        "service": {"service_method": "direct", "documents": [{"kind": "receipt", "reference": "送达回证"}]},
    } | more


async def issued(world: World, **more: Any) -> dict[str, Any]:
    path = await world.confirmed()
    return await world.must("bureau", f"{path}/orders", an_order(**more))


async def said(world: World, order: dict[str, Any]) -> list[Event]:
    return [event for event in await world.said(order["id"]) if type(event).__name__.startswith("Order")]


async def test_an_order_is_issued_and_served_with_a_term_of_five_working_days(world: World) -> None:
    order = await issued(world)
    term_ends_on = calendar.add_working_days(today(), 5)
    assert (order["state"], order["term_ends_on"]) == ("SERVED", str(term_ends_on))
    assert order["is_term_verified"] is False  # the length of the term is a default to be confirmed
    assert [entry["event"] for entry in order["history"]] == ["issue", "serve"]
    alert = await world.see("analyst", f"/v1/alerts/{order['alert_id']}")
    assert (alert["state"], alert["measures"][0]["measure"]) == ("DISPOSING", "order_to_pay")


async def test_the_list_learns_the_sums_of_migrant_workers_only(world: World) -> None:
    event = (await said(world, await issued(world)))[0]
    assert isinstance(event, OrderIssued)
    assert (event.amount, event.workers) == (Decimal("57000.00"), 3)
    assert (event.migrant_amount, event.migrant_workers) == (Decimal("27000.00"), 2)
    assert (event.longest_months, event.largest_single) == (4, Decimal("18000.00"))
    assert event.deciding_org == "杭州市余杭区人力资源和社会保障局"
    assert (event.parties[0].name, event.parties[0].id_no_masked) == ("王五", "110105********002X")


async def test_names_and_numbers_of_workers_are_sealed_masked_and_never_leave(world: World) -> None:
    order = await issued(world)
    shown = order["worker_lines"][0]
    assert (shown["name"], shown["id_no"]) == ("张**", "110105********002X")
    async with world.db.transaction() as session:
        tables = ("order_workers", "orders", "order_history", "outbox", "audit", "alert_history", "alerts")
        dumps = [
            str((await sql(session, f"select * from alerts.{table}")).all())  # noqa: S608
            for table in tables
        ]
    assert not [dump for dump in dumps if "张三丰" in dump or ID_NO in dump]
    path = f"/v1/orders/{order['id']}/workers/1/unmask"
    clear = await world.must("squad", path, {"purpose": "通知领取工资"})
    assert clear == {"number": 1, "name": "张三丰", "id_no": ID_NO}
    async with world.db.transaction() as session:
        query = "select details->>'purpose' from audit where action = 'worker.unmask' and subject = :s"
        purposes = (await sql(session, query, s=f"order:{order['id']}")).scalars().all()
    assert purposes == ["通知领取工资"]


async def test_an_unpaid_order_is_overdue_at_midnight_and_not_a_second_earlier(world: World) -> None:
    order = await issued(world)
    end = calendar.end_of_day(date.fromisoformat(order["term_ends_on"]))
    await world.tick(end - timedelta(seconds=1))
    assert (await world.see("squad", f"/v1/orders/{order['id']}"))["state"] == "SERVED"
    await world.tick(end + timedelta(hours=5))
    await world.tick(end + timedelta(hours=6))
    late = await world.see("squad", f"/v1/orders/{order['id']}")
    assert late["state"] == "OVERDUE"
    overdue = [event for event in await said(world, order) if isinstance(event, OrderOverdue)]
    assert [event.overdue_at for event in overdue] == [end]


async def test_an_order_is_paid_when_every_worker_has_everything(world: World) -> None:
    order = await issued(world)
    path = f"/v1/orders/{order['id']}"
    part = {"proof": RECEIPT, "lines": [{"worker": 1, "amount": "18000"}, {"worker": 2, "amount": "1000"}]}
    after = await world.must("squad", f"{path}/payments", part)
    assert (after["state"], after["balance"]) == ("SERVED", "38000.00")
    paid = await world.must("squad", f"{path}/payments", {"proof": RECEIPT})
    assert (paid["state"], paid["balance"], paid["paid_on"]) == ("PAID", "0.00", str(today()))
    events = [event for event in await said(world, order) if isinstance(event, OrderPaid)]
    assert [event.paid_on for event in events] == [today()]
    await world.tick(now() + timedelta(days=30))
    assert (await world.see("squad", path))["state"] == "PAID"
    more = {"kind": "bank_receipt", "reference": "另一回单"}
    assert (await world.post("squad", f"{path}/payments", {"proof": more})).status_code == 409


async def test_an_overdue_order_can_still_be_paid(world: World) -> None:
    order = await issued(world)
    await world.tick(now() + timedelta(days=30))
    paid = await world.must("squad", f"/v1/orders/{order['id']}/payments", {"proof": RECEIPT})
    assert (paid["state"], paid["overdue_at"] is not None) == ("PAID", True)


@pytest.mark.parametrize(
    "lines",
    [[{"worker": 2, "amount": "9000.01"}], [{"worker": 9, "amount": "1"}]],
    ids=["more than is owed", "a worker who is not on the order"],
)
async def test_a_payment_that_does_not_fit_is_refused(world: World, lines: list[dict[str, Any]]) -> None:
    order = await issued(world)
    answer = await world.post("squad", f"/v1/orders/{order['id']}/payments", {"proof": RECEIPT, "lines": lines})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:anxin:problem:wrong-amount")


async def test_service_by_posting_needs_a_photo(world: World) -> None:
    order = await issued(world, service=None)
    assert order["state"] == "ISSUED"
    path = f"/v1/orders/{order['id']}/serve"
    refused = await world.post("squad", path, {"service_method": "posting"})
    assert (refused.status_code, refused.json()["guard"]) == (409, "posting_is_recorded")
    posted = {"service_method": "posting", "documents": [{"kind": "photo", "reference": "IMG-1"}]}
    assert (await world.must("squad", path, posted))["state"] == "SERVED"


async def test_an_order_cannot_be_served_in_the_future_or_before_its_issue(world: World) -> None:
    order = await issued(world, service=None)
    for day in ("9999-12-31", "0001-01-01"):
        body = {"service_method": "direct", "served_on": day}
        assert (await world.post("squad", f"/v1/orders/{order['id']}/serve", body)).status_code == 422


async def test_only_the_bureau_revokes_an_order_and_the_list_is_told(world: World) -> None:
    order = await issued(world)
    path = f"/v1/orders/{order['id']}/revoke"
    assert (await world.post("squad", path, {"reason": "认定有误"})).json()["check"] == "role"
    assert (await world.must("bureau", path, {"reason": "认定有误"}))["state"] == "REVOKED"
    assert [event.cause for event in await said(world, order) if isinstance(event, OrderRevoked)] == ["认定有误"]


async def test_an_order_number_is_given_once(world: World) -> None:
    first = await issued(world)
    path = await world.confirmed()
    answer = await world.post("bureau", f"{path}/orders", an_order(order_no=first["order_no"]))
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:anxin:problem:order-number-taken")


async def test_no_order_without_a_finding(world: World) -> None:
    alert = await world.raised()
    answer = await world.post("bureau", f"/v1/alerts/{alert['id']}/orders", an_order())
    assert (answer.status_code, answer.json()["state"]) == (409, "DISPATCHED")


async def test_orders_are_hidden_from_another_town_and_listed_for_ones_own(world: World) -> None:
    order = await issued(world)
    assert (await world.get("stranger", f"/v1/orders/{order['id']}")).status_code == 404
    listed = await world.see("inspector1", "/v1/orders", uscc=order["uscc"], state="SERVED")
    assert [item["id"] for item in listed["items"]] == [order["id"]]
    async with world.db.transaction(RENHE) as session:
        tables = ("orders", "order_workers", "order_history", "order_payments")
        counts = [(await sql(session, f"select count(*) from alerts.{table}")).scalar_one() for table in tables]  # noqa: S608
    assert counts == [0, 0, 0, 0]


async def test_a_false_citizen_number_is_refused_without_repeating_it(world: World) -> None:
    path = await world.confirmed()
    workers = [{"amount": "1", "months": 1, "is_rural": True, "id_no": "110105194912310021"}]
    answer = await world.post("bureau", f"{path}/orders", an_order(workers=workers))
    assert answer.status_code == 422
    assert "110105194912310021" not in answer.text
