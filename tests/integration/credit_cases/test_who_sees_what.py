"""Towns see their own cases, agencies no secret; what is not there or not right is refused."""

from shared.db import sql
from shared.ids import new_id
from tests.credit_office import Office, a_credit_code, overdue


async def test_a_town_sees_its_own_cases_only(office: Office) -> None:
    order = overdue(division="330110005")
    await office.hear(order)
    case_id = (await office.case_of(order))["id"]
    path = f"/v1/credit/cases/{case_id}"
    assert (await office.person(division="330110005").get(path)).status_code == 200
    assert (await office.person(division="330110006").get(path)).status_code == 404
    assert (await office.person(division="330106").post(f"{path}/screen", json={"meets": True})).status_code == 404
    listed = (await office.person(division="330110006").get("/v1/credit/cases", params={"limit": 200})).json()
    assert case_id not in [case["id"] for case in listed["cases"]]


async def test_no_worker_no_wage_and_no_full_name_leaves(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    after = {"after": listing["sequence"] - 1, "limit": 1}
    event = (await office.agency().get("/v1/credit/events", params=after)).text
    payload = (await office.document_signed(listing)).decode()
    for secret in ("王小明", "3301**", "14321", "96000", "120000"):
        assert secret not in event + payload


async def test_every_question_is_kept_and_a_typing_error_is_not_an_answer(office: Office) -> None:
    uscc = a_credit_code()
    assert (await office.agency("tax-bureau").get(f"/v1/credit/check/{uscc}")).json()["listed"] is False
    wrong = uscc[:17] + ("0" if uscc[17] != "0" else "1")
    assert (await office.agency().get(f"/v1/credit/check/{wrong}")).status_code == 422
    async with office.db.transaction() as session:
        rows = (await sql(session, "select caller, listed from credit.query_log where uscc = :u", u=uscc)).all()
    assert [tuple(row) for row in rows] == [("agency:tax-bureau", False)]


async def test_unknown_cases_and_wrong_bodies_are_refusals_not_errors(office: Office) -> None:
    everything = office.person("everything")
    path = f"/v1/credit/cases/{new_id()}"
    assert (await everything.get(path)).status_code == 404
    assert (await everything.post(f"{path}/screen", json={"meets": True})).status_code == 404
    assert (await everything.post(f"{path}/screen", json={"meets": "?", "x": 1})).status_code == 422
    assert (await everything.post(f"{path}/decide", json={"signature": "a b"})).status_code == 422
    assert (await everything.get("/v1/credit/events", params={"after": -1})).status_code == 422
