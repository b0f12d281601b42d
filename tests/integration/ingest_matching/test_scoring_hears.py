"""A petition names its employer in words: it reaches the score when the name is resolved, and leaves it when undone."""

from typing import Any

import msgspec

from local.story.records import credit_code
from services.scoring import revisions, usecases
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import Database, sql
from shared.events import Event, RecordsAccepted, RecordsUnlinked, RecordsWithdrawn
from shared.ids import new_id
from tests.conftest import SettingsOf
from tests.ingest_desk import ALSO_GOOD, GOOD, Door
from tests.ingest_matching import ALSO_NAMED, a_petition, an_entity, clerk, entities, petitions, settle, told

NAMED = credit_code(646_001)
IN_WORDS = "杭州市余杭区宏远机电有限公司"


async def level(scoring: Database, code: str = GOOD) -> str:
    async with scoring.transaction() as session:
        found = await sql(session, "select level from scoring.subject where subject_id = :id", id=code)
        return str(found.scalar_one_or_none())


async def hear(scoring: Database, door: Door, kind: type[Any], take: Any, heard: int = 0) -> int:
    """Let scoring hear the events of a kind that it has not heard; returns how many there are."""
    events = await told(door, kind.subject)
    for data in events[heard:]:
        event: Event = msgspec.convert(data, kind)
        async with scoring.transaction() as session:
            await take(session, event, Moment(now(), shipped(), new_id))
    return len(events)


async def test_a_petition_in_words_reaches_the_score_when_its_employer_is_known(
    door: Door, settings_of: SettingsOf
) -> None:
    scoring = Database(settings_of("scoring"))
    today = now().date().isoformat()
    await petitions(door, a_petition(71, received_at=today))
    heard = await hear(scoring, door, RecordsAccepted, usecases.take_in)
    assert await level(scoring) == "None"
    await entities(door, an_entity())
    await settle(door)
    await hear(scoring, door, RecordsAccepted, usecases.take_in, heard)
    assert await level(scoring) == "orange"  # E29: twelve people
    await scoring.close()


async def test_an_undone_link_leaves_the_score_and_comes_back_when_it_was_right(
    door: Door, settings_of: SettingsOf
) -> None:
    scoring = Database(settings_of("scoring"))
    await entities(door, an_entity(entity_id="E000000000000002", uscc=ALSO_GOOD, ent_name=ALSO_NAMED, reg_no=None))
    await petitions(door, a_petition(81, ALSO_NAMED, received_at=now().date().isoformat()))
    heard = await hear(scoring, door, RecordsAccepted, usecases.take_in)
    assert await level(scoring, ALSO_GOOD) == "orange"
    ((link,),) = await door.rows("select link_id::text from ingest.link where method = 'name'")
    await judge(door, f"links/{link}/undo", reason="同名企业")
    await hear(scoring, door, RecordsUnlinked, revisions.take_away)
    assert await level(scoring, ALSO_GOOD) != "orange"
    ((question,),) = await door.rows("select question_id::text from ingest.question")
    await judge(door, f"queue/{question}/link", subject_id=ALSO_GOOD, reason="查实就是该企业")
    await hear(scoring, door, RecordsAccepted, usecases.take_in, heard)
    await hear(scoring, door, RecordsWithdrawn, revisions.take_back)
    assert await level(scoring, ALSO_GOOD) == "orange"
    await scoring.close()


async def test_an_undone_name_takes_its_records_of_every_dataset_away(door: Door, settings_of: SettingsOf) -> None:
    scoring = Database(settings_of("scoring"))
    await entities(door, an_entity(entity_id="E000000000000003", uscc=NAMED, ent_name=IN_WORDS, reg_no=None))
    today = now().date().isoformat()
    await petitions(door, a_petition(91, IN_WORDS, received_at=today))
    unpaid = {"ent_name": IN_WORDS, "case_no": "(2026)浙0110执91号", "cause": "追索劳动报酬纠纷", "unpaid": "50000.00"}
    ruling = unpaid | {"amount": "50000.00", "due_at": today, "exposed_at": today}
    assert (await door.send("court_unperformed", [ruling], agency="court")).json()["accepted"] == 1
    await hear(scoring, door, RecordsAccepted, usecases.take_in)
    assert await indicators(scoring, NAMED) == {"E16", "E29"}
    ((link,),) = await door.rows("select link_id::text from ingest.link where method = 'name'")
    await judge(door, f"links/{link}/undo", reason="同名企业")
    assert await hear(scoring, door, RecordsUnlinked, revisions.take_away) == 2
    assert await indicators(scoring, NAMED) == set()
    await scoring.close()


async def indicators(scoring: Database, code: str) -> set[str]:
    """The reasons of his last score."""
    async with scoring.transaction() as session:
        told = "select reasons from scoring.score where subject_id = :id order by score_id desc limit 1"
        return {reason["indicator"] for reason in (await sql(session, told, id=code)).scalar_one()}


async def judge(door: Door, path: str, **body: str) -> None:
    answer = await door.client.post(f"/v1/matching/{path}", json=body, headers=clerk())
    assert answer.status_code == 200, answer.text
    await settle(door)
