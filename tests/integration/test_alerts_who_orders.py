"""Who orders an employer to pay, and whom the order names."""

from typing import Any

from services.alerts import parameters
from shared.clock import today
from shared.events import OrderIssued, ProjectScored
from shared.ids import new_id
from tests.alerts_world import INSPECTORS, World, a_score, a_uscc


def an_order(**more: Any) -> dict[str, Any]:
    number = f"余人社监令字〔2026〕{new_id().hex[-8:]}号"
    return {"order_no": number, "workers": [{"amount": "18000.00", "months": 4, "is_rural": True}]} | more


async def a_project_with_arrears(world: World, **more: Any) -> dict[str, Any]:
    """An alert about a project, confirmed; `gc_uscc` and `gc_name` as scoring knows them."""
    code, score = f"P{new_id().hex[:12]}", a_score(a_uscc(), "yellow", name="余杭某安置房项目")
    values = {name: getattr(score, name) for name in score.__struct_fields__ if name != "uscc"}
    await world.hear(ProjectScored(project_code=code, **values, **more))
    alert = await world.alert_of(code)
    path = f"/v1/alerts/{alert['id']}"
    await world.must("dispatcher", f"{path}/accept")
    await world.must("inspector1", f"{path}/verify", {"visited_on": str(today()), "inspectors": INSPECTORS})
    await world.must("inspector1", f"{path}/confirm", {"workers": 3, "months": 4, "amount": "36000"})
    return alert


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


async def test_an_order_from_a_project_names_the_contractor_and_not_the_project(world: World) -> None:
    contractor = a_uscc()
    alert = await a_project_with_arrears(world, gc_uscc=contractor, gc_name="杭州某建设集团")
    assert (alert["name"], alert["employer_name"]) == ("余杭某安置房项目", "杭州某建设集团")
    service = {"service_method": "direct"}
    order = await world.must("bureau", f"/v1/alerts/{alert['id']}/orders", an_order(service=service))
    assert (order["uscc"], order["employer_name"]) == (contractor, "杭州某建设集团")
    [issued] = [event for event in await world.said(order["id"]) if isinstance(event, OrderIssued)]
    assert issued.employer_name == "杭州某建设集团"


async def test_no_order_goes_to_an_employer_whose_name_is_not_known(world: World) -> None:
    alert = await a_project_with_arrears(world, gc_uscc=a_uscc())
    path = f"/v1/alerts/{alert['id']}/orders"
    refused = await world.post("bureau", path, an_order())
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:anxin:problem:employer-unknown")
    named = await world.must("bureau", path, an_order(employer_name="杭州某建设集团"))
    assert (named["uscc"], named["employer_name"]) == (alert["uscc"], "杭州某建设集团")


async def test_no_order_names_one_unit_under_the_code_of_another(world: World) -> None:
    alert = await a_project_with_arrears(world, gc_uscc=a_uscc(), gc_name="杭州某建设集团")
    other = an_order(uscc=a_uscc(), employer_name="杭州某劳务公司")
    refused = await world.post("bureau", f"/v1/alerts/{alert['id']}/orders", other)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:anxin:problem:wrong-employer")


async def test_the_longest_term_is_a_parameter(world: World) -> None:
    longest = parameters.value("order.term_max_wd", today(), "330110")
    path = f"{await world.confirmed()}/orders"
    refused = await world.post("bureau", path, an_order(term_wd=longest + 1))
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:anxin:problem:term-too-long")
    order = await world.must("bureau", path, an_order(term_wd=longest))
    assert (order["term_wd"], order["is_term_verified"]) == (longest, True)
