"""A row that names no place is seen from where the register has its employer, and from no other town."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.ingest.catalogue import Catalogue, shipped
from tests.conftest import SettingsOf
from tests.ingest_desk import (
    ALSO_GOOD,
    GOOD,
    WRONG_CHECK,
    Door,
    a_tax_record,
    a_worker,
    agency_headers,
    open_door,
    person_headers,
)

CANGQIAN, WUCHANG, DISTRICT = "330110012", "330110005", "330110"


def an_entity(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A firm on the register of the market's regulator."""
    calm = {
        "entity_id": f"{number:016d}",
        "uscc": GOOD,
        "ent_name": "杭州苍前古道营造有限公司",
        "est_date": "2010-01-01",
        "approved_at": "2026-01-01",
        "street": CANGQIAN,
    }
    return calm | changes


async def registered(door: Door, *entities: dict[str, Any]) -> str:
    answer = await door.send("samr_entity", list(entities), agency="market-regulation")
    assert (answer.status_code, answer.json()["rejected"]) == (202, 0), answer.text
    return str(answer.json()["receipt_id"])


async def arrears(door: Door, **changes: Any) -> str:
    """Tax arrears, which name no place."""
    return str((await door.send("tax_arrears", [a_tax_record(**changes)])).json()["receipt_id"])


async def seen(door: Door, receipt: str, *divisions: str) -> list[bool]:
    found = []
    for division in divisions:
        answer = await door.client.get(
            f"/v1/receipts/{receipt}/rows/1", headers=person_headers("receipts:read", division=division)
        )
        assert answer.status_code in (200, 403), answer.text
        found.append(answer.status_code == 200)
    return found


async def test_the_town_where_the_register_has_an_employer_sees_his_rows_and_no_other_town_does(door: Door) -> None:
    receipt = await arrears(door)
    assert await seen(door, receipt, CANGQIAN, WUCHANG, DISTRICT) == [False, False, True]
    await registered(door, an_entity())
    assert await seen(door, receipt, CANGQIAN, WUCHANG, DISTRICT, "330106") == [True, False, True, False]


async def test_whoever_has_moved_is_seen_from_where_he_is_now(door: Door) -> None:
    receipt = await arrears(door)
    await registered(door, an_entity())
    await registered(door, an_entity(street=WUCHANG, approved_at="2026-06-01"))
    assert await seen(door, receipt, CANGQIAN, WUCHANG) == [False, True]
    await registered(door, an_entity(approved_at="2026-03-01", address="迟到的旧信息"))
    assert await seen(door, receipt, CANGQIAN, WUCHANG) == [False, True]
    await registered(door, an_entity(approved_at="2026-09-01"))
    assert await seen(door, receipt, CANGQIAN, WUCHANG) == [True, False]


async def test_a_register_that_takes_a_row_back_is_believed_as_it_stands_then(door: Door) -> None:
    receipt = await arrears(door)
    first = await registered(door, an_entity())
    moved = await registered(door, an_entity(street=WUCHANG, approved_at="2026-06-01"))
    for taken_back, expected in ((moved, [True, False]), (first, [False, False])):
        path = f"/v1/receipts/{taken_back}/rows?reason=wrong"
        headers = agency_headers("market-regulation", "ingest:samr_entity")
        assert (await door.client.delete(path, headers=headers)).status_code == 200
        assert await seen(door, receipt, CANGQIAN, WUCHANG) == expected


async def test_a_register_that_was_known_before_is_learned_when_it_comes_again_unchanged(
    settings_of: SettingsOf, door: Door
) -> None:
    known = shipped().datasets["samr_entity"]
    blind = msgspec.structs.replace(known, traces=msgspec.structs.replace(known.traces, place=None))
    owner = msgspec.structs.replace(shipped().owners["samr_entity"], datasets=(blind,))
    entity = an_entity(address=f"{uuid4()}")
    async with open_door(settings_of("ingest"), Catalogue((owner,))) as before:
        await registered(before, entity)
    receipt = await arrears(door)
    assert await seen(door, receipt, CANGQIAN) == [False]
    await registered(door, entity)
    assert await seen(door, receipt, CANGQIAN) == [True]


@pytest.mark.parametrize("street", [None, "330110"])
async def test_where_no_town_is_known_no_town_sees(door: Door, street: str | None) -> None:
    receipt = await arrears(door)
    await door.send("samr_entity", [an_entity(street=street)], agency="market-regulation")
    assert await seen(door, receipt, CANGQIAN, DISTRICT) == [False, True]


async def test_another_employers_place_opens_nothing_and_neither_does_a_row_whose_employer_nobody_knows(
    door: Door,
) -> None:
    await registered(door, an_entity(uscc=ALSO_GOOD, ent_name="温州苍前古道营造有限公司"))
    assert await seen(door, await arrears(door), CANGQIAN) == [False]
    nobody = {"uscc": WRONG_CHECK, "taxpayer": "无人知晓", "taxpayer_no": f"{uuid4()}"}
    assert await seen(door, await arrears(door, **nobody), CANGQIAN) == [False]


async def test_what_names_a_project_is_seen_from_the_projects_place(door: Door) -> None:
    sent = await door.send("hc_worker", [a_worker(has_contract=True)], agency="housing-bureau")
    assert sent.json()["rejected"] == 0
    receipt = str(sent.json()["receipt_id"])
    assert await seen(door, receipt, CANGQIAN) == [False]
    project: dict[str, Any] = {
        "project_code": "3301102026000001",
        "name": "某某项目",
        "division": CANGQIAN,
        "owner_uscc": GOOD,
    }
    project |= {"gc_uscc": GOOD, "gc_name": "某某", "gov_invest": False, "pay_guarantee": True}
    answer = await door.send("hc_project", [project], agency="housing-bureau")
    assert answer.json()["rejected"] == 0, answer.text
    assert await seen(door, receipt, CANGQIAN, WUCHANG) == [True, False]
