"""What a record taught goes with it: taken back or corrected, it leads nobody's records astray any longer."""

from typing import Any

from tests.ingest_desk import ALSO_GOOD, GOOD, Door, agency_headers, counts
from tests.ingest_matching import NAME, a_petition, an_entity, clerk, entities, petitions, settle, told

POWER = "power"


def usage(period: str, uscc: str | None = None, **changes: Any) -> dict[str, Any]:
    return {"account_no": "M1", "period": period, "uscc": uscc, "kwh": "10.00", "arrears": "5.00"} | changes


async def sent(door: Door, *records: dict[str, Any]) -> dict[str, Any]:
    answer = await door.send("pw_usage", list(records), agency=POWER)
    assert answer.status_code == 202, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def take_back(door: Door, receipt: str, agency: str, dataset: str, rows: str | None = None) -> None:
    query = {"reason": "代码列错位"} | ({"rows": rows} if rows else {})
    headers = agency_headers(agency, f"ingest:{dataset}")
    answer = await door.client.delete(f"/v1/receipts/{receipt}/rows", params=query, headers=headers)
    assert answer.status_code == 200, answer.text


async def whose(door: Door) -> dict[str, str | None]:
    """Subject of each known record of the meter, by month; None: it waits."""
    heads = "select linked.natural_key, head.subject from ingest.linked join ingest.head using (key, row_hash)"
    waiting = "select natural_key, null from ingest.unmatched"
    return {key.split("|")[-1]: subject for key, subject in await door.rows(f"{heads} union all {waiting}")}


async def test_what_a_withdrawn_record_taught_is_forgotten_and_what_it_led_astray_waits_again(door: Door) -> None:
    wrong = await sent(door, usage("2026-01", ALSO_GOOD))
    assert counts(await sent(door, usage("2026-02"))) == (1, 1, 0, 0, 0)
    assert await whose(door) == {"2026-02": ALSO_GOOD}
    await take_back(door, wrong["receipt_id"], POWER, "pw_usage")
    await settle(door)
    assert await whose(door) == {"2026-02": None}
    (event,) = await told(door, "records.unlinked")
    assert (event["keys"], event["subject_ids"]) == (["M1|2026-02"], [ALSO_GOOD])
    assert counts(await sent(door, usage("2026-03"))) == (1, 0, 0, 0, 1)
    await sent(door, usage("2026-01", GOOD))
    await settle(door)
    assert await whose(door) == {"2026-02": GOOD, "2026-03": GOOD}


async def test_a_corrected_code_corrects_whose_the_records_are_that_it_led_astray(door: Door) -> None:
    await sent(door, usage("2026-01", ALSO_GOOD))
    await sent(door, usage("2026-02"))
    await sent(door, usage("2026-01", GOOD))
    await settle(door)
    assert await whose(door) == {"2026-02": GOOD}
    assert counts(await sent(door, usage("2026-03"))) == (1, 1, 0, 0, 0)
    assert await whose(door) == {"2026-02": GOOD, "2026-03": GOOD}


async def test_what_two_records_say_stands_until_the_second_is_taken_back_too(door: Door) -> None:
    first = await sent(door, usage("2026-01", GOOD))
    second = await sent(door, usage("2026-02", GOOD), usage("2026-03"))
    await settle(door)
    await take_back(door, first["receipt_id"], POWER, "pw_usage")
    await settle(door)
    assert await whose(door) == {"2026-03": GOOD}
    await take_back(door, second["receipt_id"], POWER, "pw_usage", rows="1")
    await settle(door)
    assert await whose(door) == {"2026-03": None}


async def test_of_two_rows_of_a_file_that_say_the_same_one_is_enough(door: Door) -> None:
    receipt = await sent(door, usage("2026-01", GOOD), usage("2026-02", GOOD))
    await sent(door, usage("2026-03"))
    await take_back(door, receipt["receipt_id"], POWER, "pw_usage", rows="1")
    await settle(door)
    assert await whose(door) == {"2026-03": GOOD}


async def test_who_confirmed_and_was_taken_back_makes_room_for_another(door: Door) -> None:
    first = await sent(door, usage("2026-01", GOOD))
    second = await sent(door, usage("2026-02", GOOD))
    await take_back(door, second["receipt_id"], POWER, "pw_usage")
    await sent(door, usage("2026-03", GOOD))
    await sent(door, usage("2026-04"))
    await take_back(door, first["receipt_id"], POWER, "pw_usage")
    await settle(door)
    assert await whose(door) == {"2026-04": GOOD}


async def test_a_state_of_the_same_employer_that_stands_again_still_says_so(door: Door) -> None:
    await sent(door, usage("2026-01", GOOD))
    newer = await sent(door, usage("2026-01", GOOD, kwh="11.00"))
    await sent(door, usage("2026-02"))
    await take_back(door, newer["receipt_id"], POWER, "pw_usage")
    await settle(door)
    assert await whose(door) == {"2026-02": GOOD}


async def test_a_name_is_forgotten_with_the_entry_that_gave_it(door: Door) -> None:
    await entities(door, an_entity())
    (receipt,) = await door.rows("select receipt_id::text from ingest.head")
    await petitions(door, a_petition(1))
    assert [each["subject_ids"] for each in await told(door) if each["dataset"] == "gov_petition"] == [[GOOD]]
    await take_back(door, receipt[0], "market-bureau", "samr_entity")
    await settle(door)
    assert await door.rows("select name from ingest.unmatched") == [(NAME,)]
    assert await door.rows("select count(*) from ingest.known_employer") == [(0,)]


async def test_a_merger_that_was_taken_back_leads_nobody_to_the_successor(door: Door) -> None:
    await entities(door, an_entity())
    merger = {"entity_id": "E000000000000001", "uscc": GOOD, "seq": 9, "item_name": "吸收合并"}
    merger |= {"changed_at": "2026-06-01", "before": "存续", "after": f"并入 {ALSO_GOOD}"}
    receipt = (await door.send("samr_change", [merger], agency="market-bureau")).json()
    await petitions(door, a_petition(1, received_at="2026-07-01"))
    await take_back(door, receipt["receipt_id"], "market-bureau", "samr_change")
    await settle(door)
    heads = "select head.subject from ingest.head join ingest.linked using (key) where linked.dataset = 'gov_petition'"
    assert await door.rows(heads) == [(GOOD,)]
    again = (await door.send("samr_change", [merger | {"seq": 10}], agency="market-bureau")).json()
    assert counts(again) == (1, 1, 0, 0, 0)
    await petitions(door, a_petition(2, received_at="2026-07-02"))
    assert sorted(await door.rows(heads)) == sorted([(GOOD,), (ALSO_GOOD,)])


async def test_an_answer_about_an_account_ends_where_a_record_names_a_later_holder(door: Door) -> None:
    await sent(door, usage("2026-02"))
    await settle(door)
    (question,) = (await door.client.get("/v1/matching/queue", headers=clerk())).json()["items"]
    path = f"/v1/matching/queue/{question['question_id']}/link"
    await door.client.post(path, json={"subject_id": GOOD, "reason": "租户"}, headers=clerk())
    await settle(door)
    await sent(door, usage("2026-05", ALSO_GOOD))
    await sent(door, usage("2026-04"), usage("2026-06"))
    assert await whose(door) == {"2026-02": GOOD, "2026-04": GOOD, "2026-06": ALSO_GOOD}
