"""Records that name their employer by anything but his code, and what becomes of them."""

import json
from typing import Any

from services.ingest.reconsider import reconsider_once
from tests.ingest_desk import ALSO_GOOD, GOOD, Door, person_headers, with_lists

NAME, ALSO_NAMED = "杭州市余杭区恒达建设有限公司", "杭州市余杭区永盛服饰有限公司"
TABLES = (
    "outbox",
    "snapshot_key",
    "snapshot",
    "head",
    "past_state",
    "unmatched",
    "unlinked",
    "past_unmatched",
    "known_employer",
    "known_account",
    "linked",
    "past_linked",
    "link",
    "question_clue",
    "question",
)


def an_entity(**changes: Any) -> dict[str, Any]:
    """An entry of the register."""
    calm = {
        "entity_id": "E000000000000001",
        "uscc": GOOD,
        "reg_no": "330184000012345",
        "ent_name": NAME,
        "est_date": "2015-03-01",
        "approved_at": "2020-05-06",
        "street": "330110012",
        "state": "active",
    }
    return calm | changes


def a_petition(number: int = 1, employer: str = NAME, **changes: Any) -> dict[str, Any]:
    """A collective petition, which names its employer in words only."""
    calm = {"petition_no": f"XF{number}", "received_at": "2026-11-02", "people_cnt": 12, "employer": employer}
    return calm | changes


async def entities(door: Door, *records: dict[str, Any]) -> None:
    """Hand in entries of the register."""
    answer = await door.send("samr_entity", list(records), agency="market-bureau")
    assert answer.json()["accepted"] == len(records), answer.text


async def petitions(door: Door, *records: dict[str, Any]) -> dict[str, Any]:
    """Hand in petitions."""
    answer = await door.send("gov_petition", list(records), agency="petition-office")
    assert answer.status_code == 202, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def settle(door: Door) -> None:
    """Look again until nothing is due."""
    while await reconsider_once(door.db):
        pass


async def told(door: Door, subject: str = "records.accepted") -> list[dict[str, Any]]:
    """The data of every event of that subject, in order."""
    rows = await door.rows(
        "select convert_from(body, 'UTF8') from ingest.outbox where subject = :subject order by id", subject=subject
    )
    return [with_lists(json.loads(text)["data"]) for (text,) in rows]


async def forget(door: Door) -> None:
    """A desk on which nothing is known."""
    async with door.db.transaction() as session:
        connection = await session.connection()
        for table in TABLES:
            await connection.exec_driver_sql(f"delete from ingest.{table}")  # noqa: S608 - names of our own


def clerk() -> dict[str, str]:
    """The headers of a person who may answer questions of matching."""
    return person_headers("matching:read matching:decide", roles=["analyst"], division="330110")


__all__ = ["ALSO_GOOD", "ALSO_NAMED", "GOOD", "NAME"]
