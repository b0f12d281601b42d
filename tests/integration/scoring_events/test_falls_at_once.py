"""Of many whose records were wrong all fall at once: also those who had to wait for their turn, whatever it is."""

from typing import Any

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.review import catch_up_once, review_once
from services.scoring.revisions import take_back
from services.scoring.rulebook import shipped
from services.scoring.usecases import PROJECTS_AT_ONCE, Moment
from shared.clock import now
from shared.db import Database
from shared.events import RecordsAccepted, RecordsWithdrawn
from shared.ids import new_id
from tests.scoring_events import accepted, announced, numbers, registration, subject
from tests.scoring_facts import a_uscc, recent_month


def taken_back(event: RecordsAccepted) -> RecordsWithdrawn:
    return RecordsWithdrawn(
        withdrawal_id=new_id(),
        receipt_id=event.receipt_id,
        agency=event.agency,
        dataset=event.dataset,
        first_rows=[1],
        last_rows=[2_000],
        withdrawn_at=now(),
    )


def dishonest(usccs: list[str]) -> RecordsAccepted:
    return accepted("court_dishonest", list(usccs), {"published_at": [now().date().isoformat()] * len(usccs)})


def unsigned(projects: list[str]) -> RecordsAccepted:
    many = len(projects)
    sheets: dict[str, list[Any]] = {
        "payroll_no": [f"sheet {project}" for project in projects],
        "project_code": list(projects),
        "pay_month": [recent_month(1)] * many,
        "worker_cnt": [10] * many,
        "signed_cnt": [0] * many,
    }
    return accepted("hc_payroll", list(projects), sheets, subject_kind="project")


async def stand(db: Database, codes: list[str]) -> list[tuple[str, str, bool]]:
    found = [await subject(db, code) for code in codes]
    return [(each["level"], each["level_source"], each["falls_at_once"]) for each in found]


async def reviewed(db: Database) -> None:
    while await review_once(db, 500):
        pass


async def three_taken_back(db: Database) -> list[str]:
    """Three employers called dishonest by a file that was wrong; the first was scored again when it was taken back."""
    usccs = sorted(a_uscc() for _ in range(3))
    event = dishonest(usccs)
    await consumer.deliver(event, db)
    async with db.transaction() as session:
        await take_back(session, taken_back(event), Moment(now(), shipped(), new_id), at_once=1)
    waits = ("orange", "indicators", True)
    assert await stand(db, usccs) == [("none", "indicators", False), waits, waits]
    return usccs


async def test_of_a_large_file_taken_back_no_employer_keeps_a_level_that_was_never_true(db: Database) -> None:
    usccs = await three_taken_back(db)
    await reviewed(db)
    assert await stand(db, usccs) == [("none", "indicators", False)] * 3
    assert [[each["level"] for each in await announced(db, uscc)] for uscc in usccs] == [["orange", "none"]] * 3


async def test_whoever_is_scored_before_his_turn_comes_falls_then_and_is_held_as_ever_afterwards(db: Database) -> None:
    waiting = (await three_taken_back(db))[1]
    await consumer.deliver(registration(waiting), db)
    assert await stand(db, [waiting]) == [("none", "indicators", False)]
    again = dishonest([waiting])
    await consumer.deliver(again, db)
    over = accepted(
        "court_dishonest", [waiting], {"published_at": ["2001-01-01"]}, keys=again.frame()["#key"].to_list()
    )
    await consumer.deliver(over, db)
    assert await stand(db, [waiting]) == [("orange", "cool_down", False)]


async def test_of_many_projects_of_a_file_taken_back_none_keeps_its_level(db: Database) -> None:
    projects = sorted(f"P{next(numbers):06}" for _ in range(PROJECTS_AT_ONCE + 2))
    event = unsigned(projects)
    await consumer.deliver(event, db)
    await reviewed(db)
    assert await stand(db, projects) == [("orange", "indicators", False)] * len(projects)
    await consumer.deliver(taken_back(event), db)
    assert [falls for _, _, falls in await stand(db, projects)] == [False] * PROJECTS_AT_ONCE + [True] * 2
    await reviewed(db)
    assert await stand(db, projects) == [("none", "indicators", False)] * len(projects)


async def test_whose_record_was_anothers_all_along_falls_at_once_though_it_was_told_in_a_flood(db: Database) -> None:
    one, other = a_uscc(), a_uscc()
    first = dishonest([one])
    await consumer.deliver(first, db)
    columns: dict[str, list[Any]] = {"published_at": [now().date().isoformat()]}
    moved = accepted("court_dishonest", [other], columns, keys=first.frame()["#key"].to_list(), left=[one])
    async with db.transaction() as session:
        await usecases.take_in(session, moved, Moment(now(), shipped(), new_id), lambda _subjects: False)
    while await catch_up_once(db):
        pass
    assert await stand(db, [one, other]) == [("none", "indicators", False), ("orange", "indicators", False)]
