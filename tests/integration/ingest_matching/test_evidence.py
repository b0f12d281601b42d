"""Whose record it is, by everything but a good code: what links at once, and what waits until something is learned."""

from datetime import UTC, datetime
from typing import Any

from tests.ingest_desk import ALSO_GOOD, GOOD, Door, counts
from tests.ingest_matching import ALSO_NAMED, NAME, a_petition, an_entity, entities, petitions, settle, told


async def subjects_of(door: Door, dataset: str) -> list[tuple[str, str]]:
    events = [event for event in await told(door) if event["dataset"] == dataset]
    return [pair for event in events for pair in zip(event["keys"], event["subject_ids"], strict=True)]


def usage(period: str, uscc: str | None = None, **changes: Any) -> dict[str, Any]:
    return {"account_no": "M1", "period": period, "uscc": uscc, "kwh": "10.00", "arrears": "5.00"} | changes


async def test_a_petition_finds_its_employer_by_a_name_written_otherwise(door: Door) -> None:
    await entities(
        door, an_entity(), an_entity(entity_id="E000000000000002", uscc=ALSO_GOOD, ent_name=ALSO_NAMED, reg_no=None)
    )
    receipt = await petitions(door, a_petition(11, "余杭区　恒達建設有限责任公司"), a_petition(12, ALSO_NAMED))
    assert counts(receipt) == (2, 2, 0, 0, 0)
    assert receipt["errors"] == []
    assert await subjects_of(door, "gov_petition") == [("XF11", GOOD), ("XF12", ALSO_GOOD)]
    assert await door.rows("select method, subject_id from ingest.linked order by natural_key") == [
        ("name", GOOD),
        ("name", ALSO_GOOD),
    ]


async def test_a_petition_that_came_before_its_employer_is_released_when_he_is_known(door: Door) -> None:
    receipt = await petitions(door, a_petition(21), a_petition(22))
    assert counts(receipt) == (2, 0, 0, 0, 2)
    await settle(door)
    await entities(door, an_entity())
    await settle(door)
    event = next(event for event in await told(door) if event["receipt_id"] == receipt["receipt_id"])
    assert (event["subject_ids"], event["rows"], event["keys"]) == ([GOOD, GOOD], [1, 2], ["XF21", "XF22"])
    assert event["columns"]["people_cnt"] == [12, 12]
    assert event["source_times"] == [datetime(2026, 11, 1, 16, tzinfo=UTC)] * 2
    assert await door.rows("select count(*) from ingest.unmatched") == [(0,)]


async def test_a_name_that_two_employers_bear_is_asked_about(door: Door) -> None:
    await entities(door, an_entity(), an_entity(entity_id="E000000000000002", uscc=ALSO_GOOD))
    assert counts(await petitions(door, a_petition(31))) == (1, 0, 0, 0, 1)
    await settle(door)
    ((candidates, best),) = await door.rows("select candidates, best_score from ingest.question")
    assert {each["subject_id"] for each in candidates} == {GOOD, ALSO_GOOD}
    assert best == 100


async def test_an_old_registration_number_and_an_organisation_code_lead_to_the_employer(door: Door) -> None:
    await entities(door, an_entity())
    records = [
        {"rec_id": f"A{number}", "uscc": written, "listed_at": "2026-10-01", "cause": "x"}
        for number, written in enumerate(["330184000012345", "79965505-8", "9I330100799655O58B", GOOD[:5] + GOOD[6:]])
    ]
    answer = await door.send("samr_abnormal", records, agency="market-bureau")
    assert answer.json()["accepted"] == 4, answer.text
    assert {subject for _, subject in await subjects_of(door, "samr_abnormal")} == {GOOD}
    rows = await door.rows("select natural_key, method from ingest.linked order by natural_key")
    assert rows == [("A0", "regno"), ("A1", "organisation"), ("A3", "code")]


async def test_a_meter_belongs_to_whom_its_last_record_with_a_code_named(door: Door) -> None:
    first = [usage("2026-01", GOOD), usage("2026-02"), usage("2025-12")]
    answer = await door.send("pw_usage", first, agency="power")
    assert counts(answer.json()) == (3, 1, 0, 0, 2)
    # What the file itself taught is known when its records are looked at again.
    await settle(door)
    assert await door.rows("select natural_key from ingest.unmatched") == [("M1|2025-12",)]
    second = [usage("2026-05", ALSO_GOOD), usage("2026-04")]
    assert counts((await door.send("pw_usage", second, agency="power")).json()) == (2, 2, 0, 0, 0)
    assert counts((await door.send("pw_usage", [usage("2026-06")], agency="power")).json()) == (1, 1, 0, 0, 0)
    found = dict(await subjects_of(door, "pw_usage"))
    assert found == {
        "M1|2026-01": GOOD,
        "M1|2026-02": GOOD,
        "M1|2026-04": GOOD,
        "M1|2026-05": ALSO_GOOD,
        "M1|2026-06": ALSO_GOOD,
    }


async def test_a_renamed_firm_is_found_by_its_old_name_in_old_records_only(door: Door) -> None:
    await entities(door, an_entity(ent_name="杭州市余杭区新恒达建设有限公司", approved_at="2024-06-01"))
    change = {"entity_id": "E000000000000001", "seq": 1, "item_name": "名称变更", "changed_at": "2024-06-01"}
    change |= {"before": NAME, "after": "杭州市余杭区新恒达建设有限公司"}
    answer = await door.send("samr_change", [change], agency="market-bureau")
    assert answer.json()["accepted"] == 1, answer.text  # by its entity number: the register names no code here
    receipt = await petitions(door, a_petition(41, received_at="2023-05-05"), a_petition(42, received_at="2026-10-10"))
    assert counts(receipt) == (2, 1, 0, 0, 1)
    assert await subjects_of(door, "gov_petition") == [("XF41", GOOD)]


async def test_a_person_is_never_looked_up_nor_asked_about(door: Door) -> None:
    debtor = {"rec_id": "S1", "name": "王小明", "case_no": "1", "published_at": "2026-01-01"}
    answer = await door.send("court_dishonest", [debtor], agency="court")
    assert counts(answer.json()) == (1, 0, 0, 0, 1)
    assert await door.rows("select count(*) from ingest.question") == [(0,)]


async def test_a_merged_firm_leads_to_its_successor_from_that_day_on(door: Door) -> None:
    await entities(door, an_entity())
    merger = {"entity_id": "E000000000000001", "uscc": GOOD, "seq": 9, "item_name": "吸收合并"}
    merger |= {"changed_at": "2026-06-01", "before": "存续", "after": f"并入 {ALSO_GOOD}"}
    answer = await door.send("samr_change", [merger], agency="market-bureau")
    assert answer.json()["accepted"] == 1, answer.text
    await petitions(door, a_petition(51, received_at="2026-05-01"), a_petition(52, received_at="2026-07-01"))
    assert await subjects_of(door, "gov_petition") == [("XF51", GOOD), ("XF52", ALSO_GOOD)]
