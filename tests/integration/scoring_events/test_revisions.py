"""What was taken back counts no more, whenever that is told; who asks about an earlier time still sees it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.scoring.consumers import consumer
from services.scoring.revisions import take_back
from services.scoring.rulebook import shipped
from services.scoring.store import facts as fact_store
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import Database
from shared.events import RecordsAccepted, RecordsClosed, RecordsWithdrawn
from shared.ids import new_id
from tests.scoring_events import accepted, announced, social_fee, subject
from tests.scoring_facts import a_uscc, recent_month


def taken_back(event: RecordsAccepted, first: int = 1, last: int = 2_000, **given: Any) -> RecordsWithdrawn:
    return RecordsWithdrawn(
        withdrawal_id=new_id(),
        receipt_id=event.receipt_id,
        agency=event.agency,
        dataset=event.dataset,
        first_rows=[first],
        last_rows=[last],
        withdrawn_at=given.get("at", now()),
    )


async def known(db: Database, uscc: str, at: datetime | None = None) -> list[tuple[UUID, int]]:
    """Receipt and row of the newest versions about an employer."""
    async with db.transaction() as session:
        found = await fact_store.newest(session, "employer", [uscc], shipped().of_subject("employer"), at or now())
    return [(UUID(receipt), row) for receipt, row in found.select("receipt_id", "row_no").rows()]


async def test_who_was_red_by_a_wrong_file_is_calm_again_when_it_is_taken_back(db: Database) -> None:
    uscc = a_uscc()
    event = social_fee(uscc, 3)
    await consumer.deliver(event, db)
    assert (await subject(db, uscc))["level"] == "orange"
    for _ in range(2):
        await consumer.deliver(taken_back(event), db)
    assert (await subject(db, uscc))["level"] == "none"
    assert [score["level"] for score in await announced(db, uscc)] == ["orange", "none"]


async def test_a_withdrawal_that_comes_before_the_records_counts_too(db: Database) -> None:
    uscc = a_uscc()
    event = social_fee(uscc, 3)
    await consumer.deliver(taken_back(event), db)
    await consumer.deliver(event, db)
    assert await known(db, uscc) == []
    assert await announced(db, uscc) == []


async def test_a_withdrawal_at_the_same_moment_as_the_records_counts_too(db: Database) -> None:
    for _ in range(5):
        uscc = a_uscc()
        event = social_fee(uscc, 3)
        await asyncio.gather(consumer.deliver(event, db), consumer.deliver(taken_back(event), db))
        assert (await subject(db, uscc))["level"] == "none"


async def test_the_version_before_stands_again(db: Database) -> None:
    uscc, period = a_uscc(), recent_month(1)
    start = now() - timedelta(days=3)

    def fee(day: int, arrears: str) -> RecordsAccepted:
        columns = {"period": [period], "arrears": [arrears]}
        moment = start + timedelta(days=day)
        return accepted("tax_social_fee", [uscc], columns, keys=[f"{uscc}|{period}"], source_times=[moment])

    before, wrong = fee(1, "0.00"), fee(2, "99.00")
    for event in (wrong, before, taken_back(wrong, 1, 1)):
        await consumer.deliver(event, db)
    assert await known(db, uscc) == [(before.receipt_id, 1)]


async def test_who_asks_about_a_time_before_the_withdrawal_sees_what_was_known_then(db: Database) -> None:
    uscc = a_uscc()
    then = now() - timedelta(days=2)
    event = accepted("court_dishonest", [uscc], {"case_no": ["1"]}, reported_at=then)
    await consumer.deliver(event, db)
    await consumer.deliver(taken_back(event, at=then + timedelta(days=1)), db)
    assert await known(db, uscc) == []
    assert await known(db, uscc, then + timedelta(hours=23)) == [(event.receipt_id, 1)]


async def test_a_record_whose_move_was_taken_back_is_with_its_first_subject_again(db: Database) -> None:
    one, other = a_uscc(), a_uscc()
    first = accepted("samr_change", [one], {"item_name": ["地址"]}, keys=[f"move-{one}"])
    moved = accepted("samr_change", [other], {"item_name": ["地址"]}, keys=[f"move-{one}"], left=[one])
    for event in (first, moved):
        await consumer.deliver(event, db)
    assert (await known(db, one), await known(db, other)) == ([], [(moved.receipt_id, 1)])
    await consumer.deliver(taken_back(moved), db)
    assert (await known(db, one), await known(db, other)) == ([(first.receipt_id, 1)], [])


async def test_of_a_large_file_taken_back_the_many_are_scored_in_the_next_turns(db: Database) -> None:
    usccs = [a_uscc() for _ in range(3)]
    event = accepted("court_dishonest", list(usccs), {"published_at": [now().date().isoformat()] * 3})
    await consumer.deliver(event, db)
    async with db.transaction() as session:
        await take_back(session, taken_back(event), Moment(now(), shipped(), new_id), at_once=1)
    due = [(await subject(db, uscc))["next_review_on"] for uscc in sorted(usccs)]
    assert due[0] is None
    assert None not in due[1:]


def closed(event: RecordsAccepted, rows: list[int], at: datetime) -> RecordsClosed:
    """A full list as of that moment does not name these rows any more."""
    return RecordsClosed(
        snapshot_id=new_id(),
        agency=event.agency,
        dataset=event.dataset,
        closed_at=at,
        reported_at=at,
        receipt_ids=[event.receipt_id] * len(rows),
        rows=rows,
    )


@pytest.mark.parametrize("order", [(0, 1, 1), (1, 0, 0), (1, 1, 0)])
async def test_what_a_full_list_does_not_name_has_ended_whichever_is_told_first(
    db: Database, order: tuple[int, ...]
) -> None:
    uscc = a_uscc()
    owed = social_fee(uscc, 3)
    events = (owed, closed(owed, [1, 2, 3], now()))
    for each in order:
        await consumer.deliver(events[each], db)
    assert (await subject(db, uscc))["level"] == "none"
    assert {row for _, row in await known(db, uscc)} == {0}


async def test_an_end_that_was_taken_back_never_was(db: Database) -> None:
    uscc = a_uscc()
    owed = social_fee(uscc, 3)
    end = closed(owed, [1, 2, 3], now())
    undone = msgspec.structs.replace(taken_back(owed, 0, 0), receipt_id=end.snapshot_id)
    for event in (end, undone, owed):
        await consumer.deliver(event, db)
    assert (await subject(db, uscc))["level"] == "orange"


async def test_a_record_that_moved_and_ended_is_with_nobody_any_more(db: Database) -> None:
    one, other = a_uscc(), a_uscc()
    first = accepted("samr_change", [one], {"item_name": ["地址"]}, keys=[f"move-{one}"])
    moved = accepted("samr_change", [other], {"item_name": ["地址"]}, keys=[f"move-{one}"], left=[one])
    for event in (closed(moved, [1], now()), moved, first):
        await consumer.deliver(event, db)
    assert (await known(db, one), [row for _, row in await known(db, other)]) == ([], [0])
    await consumer.deliver(taken_back(moved), db)
    assert await known(db, one) == []


async def test_the_end_and_its_records_at_the_same_moment_are_both_known(db: Database) -> None:
    for _ in range(5):
        uscc = a_uscc()
        owed = social_fee(uscc, 3)
        end = closed(owed, [1, 2, 3], now())
        await asyncio.gather(consumer.deliver(owed, db), consumer.deliver(end, db))
        assert (await subject(db, uscc))["level"] == "none"
