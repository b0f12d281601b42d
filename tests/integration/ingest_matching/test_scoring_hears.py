"""A petition names its employer in words: it reaches the score when the name is resolved, and leaves it when undone."""

from typing import Any

import msgspec

from services.scoring import usecases
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import Database, sql
from shared.events import Event, RecordsAccepted
from shared.ids import new_id
from tests.conftest import SettingsOf
from tests.ingest_desk import GOOD, Door
from tests.ingest_matching import a_petition, an_entity, entities, petitions, settle, told


async def level(scoring: Database) -> str:
    async with scoring.transaction() as session:
        found = await sql(session, "select level from scoring.subject where subject_id = :id", id=GOOD)
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
