"""People answer whose records these are; answers are remembered, and wrong links are undone with all that followed."""

from typing import Any

from tests.ingest_desk import ALSO_GOOD, GOOD, Door, agency_headers, counts, person_headers
from tests.ingest_matching import ALSO_NAMED, NAME, a_petition, an_entity, clerk, entities, petitions, settle, told

LIKE = "杭州市余杭区恒达建筑有限公司"


async def queue(door: Door, **who: str) -> list[dict[str, Any]]:
    answer = await door.client.get("/v1/matching/queue", headers=who or clerk())
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def post(door: Door, path: str, status: int = 200, **body: str) -> dict[str, Any]:
    answer = await door.client.post(f"/v1/matching/{path}", json=body, headers=clerk())
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def an_open_question(door: Door) -> dict[str, Any]:
    """Two petitions against a name that only looks like a known one."""
    await entities(door, an_entity())
    assert counts(await petitions(door, a_petition(1, LIKE), a_petition(2, LIKE))) == (2, 0, 0, 0, 2)
    await settle(door)
    (question,) = await queue(door)
    return question


async def subjects(door: Door) -> list[str]:
    """To whom petitions were announced, in order."""
    events = [event for event in await told(door) if event["dataset"] == "gov_petition"]
    return [subject for event in events for subject in event["subject_ids"]]


async def test_a_name_that_only_looks_alike_is_never_linked_but_asked_about_with_its_score(door: Door) -> None:
    question = await an_open_question(door)
    assert (question["told"], question["records"], question["dataset"]) == (LIKE, 2, "gov_petition")
    (candidate,) = question["candidates"]
    assert (candidate["subject_id"], candidate["name"]) == (GOOD, NAME)
    assert 70 <= candidate["score"] == question["best_score"] < 100
    assert question["examples"][0]["record"]["people_cnt"] == 12
    assert await subjects(door) == []


async def test_an_answer_moves_what_waits_and_is_remembered_for_what_comes(door: Door) -> None:
    question = await an_open_question(door)
    link = await post(door, f"queue/{question['question_id']}/link", subject_id=GOOD, reason="笔误：建筑应为建设")
    assert (link["method"], link["subject_id"], link["made_by"]) == ("manual", GOOD, "li")
    await settle(door)
    assert await subjects(door) == [GOOD, GOOD]
    assert counts(await petitions(door, a_petition(3, LIKE))) == (1, 1, 0, 0, 0)
    assert await queue(door) == []
    again = await post(door, f"queue/{question['question_id']}/link", 409, subject_id=GOOD, reason="再来")
    assert again["type"].endswith("question-answered")


async def test_nobody_we_know_is_an_answer_too_and_is_not_asked_again(door: Door) -> None:
    question = await an_open_question(door)
    link = await post(door, f"queue/{question['question_id']}/none", reason="外地企业")
    assert link["subject_id"] is None
    assert counts(await petitions(door, a_petition(4, LIKE))) == (1, 0, 0, 0, 1)
    await settle(door)
    assert await queue(door) == [] or (await queue(door))[0]["question_id"] != question["question_id"]
    assert await subjects(door) == []


async def test_an_undone_answer_takes_its_records_back_and_asks_again(door: Door) -> None:
    question = await an_open_question(door)
    link = await post(door, f"queue/{question['question_id']}/link", subject_id=GOOD, reason="应为建设")
    await settle(door)
    undone = await post(door, f"links/{link['link_id']}/undo", reason="认错了企业")
    assert undone["undo_reason"] == "认错了企业"
    await settle(door)
    (event,) = await told(door, "records.unlinked")
    assert (event["subject_ids"], event["rows"], event["keys"]) == ([GOOD, GOOD], [1, 2], ["XF1", "XF2"])
    (asked,) = await queue(door)
    assert (asked["question_id"], asked["records"]) == (question["question_id"], 2)
    await post(door, f"queue/{question['question_id']}/link", subject_id=ALSO_GOOD, reason="查实")
    await settle(door)
    assert await subjects(door) == [GOOD, GOOD, ALSO_GOOD, ALSO_GOOD]
    assert (await post(door, f"links/{link['link_id']}/undo", 409, reason="再撤"))["type"].endswith("link-undone")


async def test_a_link_of_our_own_that_was_undone_is_never_made_again(door: Door) -> None:
    await entities(door, an_entity())
    assert counts(await petitions(door, a_petition(5))) == (1, 1, 0, 0, 0)
    links = (await door.client.get("/v1/matching/links", headers=clerk())).json()["items"]
    (link,) = [each for each in links if each["method"] == "name"]
    assert (link["subject_id"], link["records"], link["made_by"]) == (GOOD, 1, "system")
    await post(door, f"links/{link['link_id']}/undo", reason="同名企业")
    await settle(door)
    assert counts(await petitions(door, a_petition(6))) == (1, 0, 0, 0, 1)
    (question,) = await queue(door)
    assert question["records"] == 2


async def test_who_may_not_judge_is_refused_and_who_judged_is_on_record(door: Door) -> None:
    question = await an_open_question(door)
    reader = person_headers("matching:read", roles=["operator"])
    path = f"/v1/matching/queue/{question['question_id']}/link"
    body = {"subject_id": GOOD, "reason": "应为建设"}
    assert (await door.client.post(path, json=body, headers=reader)).status_code == 403
    assert (await door.get("/v1/matching/queue")).status_code == 403
    wrong = await post(door, f"queue/{question['question_id']}/link", 422, subject_id="123", reason="应为建设")
    assert wrong["type"].endswith("no-credit-code")
    link = await post(door, f"queue/{question['question_id']}/link", subject_id=GOOD, reason="应为建设")
    rows = await door.rows("select actor, action from ingest.audit where subject = :link", link=link["link_id"])
    assert rows == [("person:li", "matching.linked")]


async def test_a_name_in_another_district_is_not_this_persons_to_judge(door: Door) -> None:
    ticket = {"ticket_no": "T1", "received_at": "2026-11-01T08:00:00+08:00", "division": "330113001"}
    await door.send("gov_ticket", [ticket | {"employer": LIKE}], agency="hotline")
    await settle(door)
    assert await queue(door) == []
    neighbour = person_headers("matching:read matching:decide", roles=["analyst"], division="330113")
    (question,) = await queue(door, **neighbour)
    body = {"subject_id": GOOD, "reason": "应为建设"}
    path = f"/v1/matching/queue/{question['question_id']}/link"
    assert (await door.client.post(path, json=body, headers=clerk())).status_code == 404
    assert (await door.client.post(path, json=body, headers=neighbour)).status_code == 200


async def test_thousands_of_records_of_one_name_go_in_pieces(door: Door) -> None:
    await entities(door, an_entity())
    await petitions(door, *(a_petition(number, LIKE) for number in range(100, 2100)))
    await settle(door)
    (question,) = await queue(door)
    assert question["records"] == 2000
    await post(door, f"queue/{question['question_id']}/link", subject_id=GOOD, reason="应为建设")
    await settle(door)
    assert await subjects(door) == [GOOD] * 2000
    assert max(len(event["keys"]) for event in await told(door)) <= 500


async def test_an_older_state_that_a_link_led_astray_never_stands_again_there(door: Door) -> None:
    await entities(door, an_entity())
    older = await petitions(door, a_petition(7))
    newer = await petitions(door, a_petition(7, ALSO_NAMED, received_at="2026-11-03"))
    await entities(door, an_entity(entity_id="E000000000000002", uscc=ALSO_GOOD, ent_name=ALSO_NAMED, reg_no=None))
    await settle(door)
    assert await door.rows("select subject_id from ingest.linked_state order by source_time") == [(GOOD,), (ALSO_GOOD,)]
    links = (await door.client.get("/v1/matching/links", headers=clerk())).json()["items"]
    (first,) = [each for each in links if each["subject_id"] == GOOD]
    await post(door, f"links/{first['link_id']}/undo", reason="同名企业")
    await settle(door)
    heads = "select subject from ingest.head join ingest.linked using (key) where linked.dataset = 'gov_petition'"
    assert await door.rows(heads) == [(ALSO_GOOD,)]
    (event,) = await told(door, "records.unlinked")
    assert (event["keys"], event["subject_ids"]) == (["XF7"], [GOOD])
    headers = agency_headers("petition-office", "ingest:gov_petition")
    path = f"/v1/receipts/{newer['receipt_id']}/rows"
    assert (await door.client.delete(path, params={"reason": "错"}, headers=headers)).status_code == 200
    assert await door.rows("select subject from ingest.head where dataset = 'gov_petition'") == []
    waiting = "select receipt_id::text, question_id is not null from ingest.unmatched"
    assert await door.rows(waiting) == [(older["receipt_id"], True)]


async def test_a_row_keeps_its_subject_when_a_newer_state_has_come(door: Door) -> None:
    await entities(door, an_entity())
    older = await petitions(door, a_petition(8))
    await petitions(door, a_petition(8, people_cnt=13, received_at="2026-11-03"))
    path = f"/v1/receipts/{older['receipt_id']}/rows/1"
    row = await door.client.get(path, headers=agency_headers("petition-office", "ingest:gov_petition"))
    assert row.json()["subject"]["id"] == GOOD, row.text


async def test_a_state_that_came_late_leaves_with_the_link_that_led_it_astray(door: Door) -> None:
    await entities(door, an_entity(entity_id="E000000000000002", uscc=ALSO_GOOD, ent_name=ALSO_NAMED, reg_no=None))
    newer = await petitions(door, a_petition(9, ALSO_NAMED, received_at="2026-11-03"))
    await entities(door, an_entity())
    await petitions(door, a_petition(9))
    (link,) = await door.rows("select link_id::text from ingest.link where subject_id = :good", good=GOOD)
    await post(door, f"links/{link[0]}/undo", reason="同名企业")
    await settle(door)
    assert [(each["keys"], each["subject_ids"]) for each in await told(door, "records.unlinked")] == [(["XF9"], [GOOD])]
    headers = agency_headers("petition-office", "ingest:gov_petition")
    path = f"/v1/receipts/{newer['receipt_id']}/rows"
    assert (await door.client.delete(path, params={"reason": "错"}, headers=headers)).status_code == 200
    assert await door.rows("select subject from ingest.head where dataset = 'gov_petition'") == []
