"""What the employer may say against a listing, and who is spared it."""

import json
from datetime import timedelta

from shared.calendar import add_working_days
from shared.clock import today
from tests.credit_office import Office, overdue, paid


async def test_an_objection_is_answered_and_then_the_head_may_decide(office: Office) -> None:
    case_id = await office.noticed(overdue())
    path = f"/v1/credit/cases/{case_id}"
    officer = office.person("credit_officer")
    objection = {"received_on": today().isoformat(), "objector": "王小明", "text": "已经支付"}
    objected = await officer.post(f"{path}/objection", json=objection)
    assert objected.json()["answer_due_on"] == add_working_days(today(), 5).isoformat()
    assert (await office.person().get(f"{path}/decision-document")).status_code == 409
    answer = {"sustained": False, "text": "经核实未支付"}
    assert (await office.person().post(f"{path}/objection/answer", json=answer)).status_code == 200
    assert (await office.person().get(f"{path}/decision-document")).status_code == 200


async def test_an_objection_after_its_term_is_refused_and_a_sustained_one_ends_the_case(office: Office) -> None:
    case_id = await office.noticed(overdue())
    path = f"/v1/credit/cases/{case_id}"
    first_day = today()
    office.go_to(add_working_days(first_day, 5) + timedelta(days=1))
    late = {"received_on": today().isoformat(), "objector": "王小明", "text": "异议"}
    assert (await office.person("credit_officer").post(f"{path}/objection", json=late)).status_code == 409
    in_time = late | {"received_on": first_day.isoformat()}
    assert (await office.person("credit_officer").post(f"{path}/objection", json=in_time)).status_code == 200
    ended = await office.person().post(f"{path}/objection/answer", json={"sustained": True, "text": "异议成立"})
    assert ended.json()["state"] == "not_met"


async def test_a_disputed_entry_says_so_until_it_is_settled(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    path = f"/v1/credit/cases/{listing['case_id']}"
    officer, check = office.person("credit_officer"), f"/v1/credit/check/{order.uscc}"
    answer = {"sustained": False, "text": "经核实信息无误"}
    assert (await office.person().post(f"{path}/objection/answer", json=answer)).status_code == 409
    dispute = {"received_on": today().isoformat(), "objector": "王小明", "text": "名称有误"}
    assert (await officer.post(f"{path}/objection", json=dispute)).status_code == 200
    assert (await officer.post(f"{path}/objection", json=dispute)).status_code == 409
    assert (await office.agency().get(check)).json()["objection_flag"] is True
    assert (await office.person().post(f"{path}/objection/answer", json=answer)).status_code == 200
    assert (await office.agency().get(check)).json()["objection_flag"] is False


async def test_who_pays_and_promises_before_the_decision_may_be_spared(office: Office) -> None:
    order = overdue()
    case_id = await office.noticed(order)
    path = f"/v1/credit/cases/{case_id}"
    spare = {"granted": True, "promised_on": today().isoformat(), "reason": "已全部支付并书面承诺"}
    assert (await office.person().post(f"{path}/spare", json=spare)).status_code == 409
    await office.hear(paid(order, today()))
    assert (await office.person().post(f"{path}/spare", json=spare | {"promised_on": None})).status_code == 409
    assert (await office.person().post(f"{path}/spare", json=spare)).json()["state"] == "spared"


async def test_who_pays_before_the_decision_is_listed_only_after_sparing_was_weighed(office: Office) -> None:
    order = overdue()
    case_id = await office.decidable(order)
    await office.hear(paid(order, today()))
    path = f"/v1/credit/cases/{case_id}"
    assert (await office.person().get(f"{path}/decision-document")).status_code == 409
    refusal = {"granted": False, "reason": "拒绝作出书面承诺"}
    assert (await office.person().post(f"{path}/spare", json=refusal)).json()["state"] == "prior_notice"
    document = json.loads(await office.document(case_id))
    assert "不适用第七条" in document["blocks"]["cause"]["zh"]
