"""Records come twice, late, at once, corrected or crooked, and the state is the same."""

import asyncio
import random
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import polars as pl
import pytest

from services.scoring.consumers import consumer
from shared.clock import now
from shared.db import Database, sql
from shared.errors import Poison
from shared.events import RecordsAccepted
from shared.events.records import RECEIPT, packed
from shared.ids import new_id
from tests.scoring_events import accepted, announced, history, numbers, registration, social_fee, subject
from tests.scoring_facts import a_uscc, recent_month


async def test_an_event_that_comes_twice_changes_and_announces_nothing_twice(db: Database) -> None:
    uscc = a_uscc()
    event = social_fee(uscc, 3)
    for _ in range(3):
        await consumer.deliver(event, db)
    assert len(await announced(db, uscc)) == 1
    assert await history(db, uscc) == ["orange"]


async def test_the_state_is_the_same_in_whatever_order_and_however_often_records_come(db: Database) -> None:
    dice = random.Random(724)  # noqa: S311 - the same order in every run
    states = set()
    stories = [a_uscc() for _ in range(5)]
    start = now() - timedelta(days=10)
    for uscc in stories:
        events = _a_story(uscc, start)
        events += dice.sample(events, 3)
        dice.shuffle(events)
        for event in events:
            await consumer.deliver(event, db)
        found = await subject(db, uscc)
        states.add((found["level"], found["state"], found["division"], found["next_review_on"]))
    assert len(states) == 1
    assert next(iter(states))[0] == "orange"


def _a_story(uscc: str, start: datetime) -> list[RecordsAccepted]:
    period = recent_month(1)

    def fee(day: int, arrears: str) -> RecordsAccepted:
        moment = start + timedelta(days=day)
        return accepted(
            "tax_social_fee",
            [uscc],
            {"period": [period], "arrears": [arrears]},
            keys=[f"{uscc}|{period}"],
            source_times=[moment],
            reported_at=start + timedelta(days=9),
            receipt_id=UUID(int=(day << 64) + int.from_bytes(uscc[-6:].encode())),
        )

    day = (start + timedelta(days=1)).date().isoformat()
    dishonest = accepted("court_dishonest", [uscc], {"published_at": [day], "case_no": ["1"]}, reported_at=start)
    return [fee(1, "100.00"), fee(2, "0.00"), fee(3, "250.00"), dishonest, registration(uscc)]


async def test_a_batch_scores_each_of_its_subjects_once(db: Database) -> None:
    usccs = [a_uscc() for _ in range(200)]
    rows = [(uscc, recent_month(back)) for uscc in usccs for back in (1, 2, 3)]
    event = accepted(
        "tax_social_fee",
        [uscc for uscc, _ in rows],
        {"period": [period for _, period in rows], "arrears": ["10.00"] * len(rows)},
        keys=[f"{uscc}|{period}" for uscc, period in rows],
    )
    await consumer.deliver(event, db)
    async with db.transaction() as session:
        count = await sql(session, "select count(*) from scoring.score where subject_id = any(:ids)", ids=usccs)
        assert count.scalar_one() == 200


async def test_two_feeds_about_one_employer_at_the_same_moment_are_both_in_its_last_score(db: Database) -> None:
    for _ in range(5):
        uscc = a_uscc()
        day = now().date().isoformat()
        dishonest = accepted("court_dishonest", [uscc], {"published_at": [day]})
        await asyncio.gather(consumer.deliver(social_fee(uscc, 2), db), consumer.deliver(dishonest, db))
        last = (await announced(db, uscc))[-1]
        assert {reason["indicator"] for reason in last["reasons"]} == {"E01", "E14"}


async def test_a_record_corrected_to_another_employer_leaves_the_first_in_either_order(db: Database) -> None:
    day = now().date().isoformat()
    for is_reversed in (False, True):
        wrong, right = a_uscc(), a_uscc()
        key = f"case-{next(numbers)}"
        first = accepted(
            "court_dishonest", [wrong], {"published_at": [day]}, keys=[key], source_times=[now() - timedelta(days=2)]
        )
        corrected = accepted("court_dishonest", [right], {"published_at": [day]}, keys=[key], left=[wrong])
        for event in (corrected, first) if is_reversed else (first, corrected):
            await consumer.deliver(event, db)
        assert (await subject(db, wrong))["level"] == "none"
        assert (await subject(db, right))["level"] == "orange"


async def test_rows_that_no_one_could_match_are_not_scored(db: Database) -> None:
    uscc = a_uscc()
    await consumer.deliver(accepted("court_dishonest", [None, uscc], {"published_at": [None, None]}), db)
    assert (await subject(db, uscc))["level"] == "orange"


async def test_an_event_whose_records_cannot_be_read_can_never_succeed(db: Database) -> None:
    event = accepted("ut_water", [a_uscc()], {"arrears": ["1.00"]})
    for table in (b"", b"no arrow", event.table[: len(event.table) // 2], packed(event.frame().drop("#key"))):
        with pytest.raises(Poison):
            await consumer.deliver(msgspec.structs.replace(event, table=table), db)


async def test_a_dataset_that_the_rules_do_not_know_is_kept_all_the_same(db: Database) -> None:
    uscc = a_uscc()
    await consumer.deliver(accepted("hrss_credit_grade", [uscc], {"grade": ["C"]}), db)
    assert (await subject(db, uscc))["level"] == "none"


async def test_what_was_accepted_a_moment_ahead_of_our_clock_counts_at_once(db: Database) -> None:
    uscc = a_uscc()
    ahead = accepted("court_dishonest", [uscc], {"published_at": [None]}, reported_at=now() + timedelta(seconds=30))
    await consumer.deliver(ahead, db)
    assert (await subject(db, uscc))["level"] == "orange"


async def test_a_fact_that_came_with_others_leads_to_its_own_receipt(db: Database) -> None:
    usccs, receipts = [a_uscc(), a_uscc()], [new_id(), new_id()]
    events = [social_fee(uscc, 3) for uscc in usccs]
    own = zip(events, receipts, strict=True)
    table = pl.concat([event.frame().with_columns(pl.lit(str(receipt)).alias(RECEIPT)) for event, receipt in own])
    together = msgspec.structs.replace(events[0], receipt_id=receipts[0], table=packed(table))
    await consumer.deliver(together, db)
    async with db.transaction() as session:
        wanted = "select subject_id, receipt_id from scoring.fact where subject_id = any(:ids)"
        rows = await sql(session, wanted, ids=usccs)
        assert {tuple(row) for row in rows} == set(zip(usccs, receipts, strict=True))
    reasons = (await announced(db, usccs[1]))[0]["reasons"]
    assert {row["receipt_id"] for reason in reasons for row in reason["receipts"]} == {str(receipts[1])}
