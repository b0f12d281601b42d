"""A level rises with facts, findings and listings, falls with payment and time, and only news is announced."""

from datetime import datetime, timedelta
from typing import Any

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.clock import local_date, now
from shared.db import Database, sql
from shared.events import EmployerListed, EmployerRemoved
from shared.ids import new_id
from tests.scoring_events import accepted, announced, history, registration, social_fee, subject
from tests.scoring_facts import a_uscc


async def test_three_months_of_social_insurance_arrears_are_orange_with_a_sentence_and_receipts(
    db: Database,
) -> None:
    uscc = a_uscc()
    event = social_fee(uscc, 3, "14043.34")
    await consumer.deliver(registration(uscc), db)
    await consumer.deliver(event, db)
    (scored,) = await announced(db, uscc)
    assert (scored["level"], scored["previous_level"], scored["points"]) == ("orange", "none", 25)
    assert (scored["name"], scored["division"], scored["families"]) == ("余杭某某服饰有限公司", "330110005", ["tax_si"])
    (reason,) = scored["reasons"]
    assert reason["text_zh"] == "社保欠缴3个月,共 42,130.02 元"
    assert {row["row"] for row in reason["receipts"]} == {1, 2, 3}
    assert {row["receipt_id"] for row in reason["receipts"]} == {str(event.receipt_id)}


async def test_a_paid_debt_brings_the_level_down_and_is_announced(db: Database) -> None:
    uscc = a_uscc()
    moment = now()
    await consumer.deliver(social_fee(uscc, 3), db)
    await consumer.deliver(social_fee(uscc, 3, "0.00"), db)
    paid = await subject(db, uscc)
    assert (paid["computed_level"], paid["level"], paid["level_source"]) == ("none", "orange", "cool_down")
    assert paid["next_review_on"] == paid["level_until"] + timedelta(days=1) == local_date(moment) + timedelta(days=14)
    assert await _review(db, moment + timedelta(days=13), uscc) == "orange"
    assert [event["level"] for event in await announced(db, uscc)] == ["orange"]
    assert await _review(db, moment + timedelta(days=14), uscc) == "none"
    assert [event["level"] for event in await announced(db, uscc)] == ["orange", "none"]
    assert (await announced(db, uscc))[-1]["previous_level"] == "orange"


async def test_a_debt_that_comes_back_within_the_cool_down_is_no_news(db: Database) -> None:
    uscc = a_uscc()
    for arrears in ("100.00", "0.00", "100.00", "0.00", "100.00"):
        await consumer.deliver(social_fee(uscc, 3, arrears), db)
    assert [event["level"] for event in await announced(db, uscc)] == ["orange"]
    assert await history(db, uscc) == ["orange"] * 5
    assert (await subject(db, uscc))["level_source"] == "indicators"
    # A step that nobody knows of yet is told, at the level that is held.
    await consumer.deliver(social_fee(uscc, 3, "0.00"), db)
    await consumer.deliver(accepted("samr_abnormal", [uscc], {"in_date": [now().date().isoformat()]}), db)
    last = (await announced(db, uscc))[-1]
    assert (last["level"], last["computed_level"], last["level_source"]) == ("orange", "none", "cool_down")


async def test_other_figures_make_a_line_of_history_but_no_news(db: Database) -> None:
    uscc = a_uscc()
    await consumer.deliver(social_fee(uscc, 3, "100.00"), db)
    await consumer.deliver(social_fee(uscc, 3, "200.00"), db)
    assert len(await announced(db, uscc)) == 1
    assert await history(db, uscc) == ["orange", "orange"]


async def test_a_town_that_becomes_known_later_is_news_for_who_has_a_level(db: Database) -> None:
    uscc, calm = a_uscc(), a_uscc()
    await consumer.deliver(social_fee(uscc, 3), db)
    await consumer.deliver(registration(uscc), db)
    await consumer.deliver(registration(calm), db)
    assert [event["division"] for event in await announced(db, uscc)] == [None, "330110005"]
    assert await announced(db, calm) == []


async def test_a_listing_makes_a_repeat_offender_until_the_removal(db: Database) -> None:
    uscc, listing = a_uscc(), new_id()
    today = now().date()
    listed = EmployerListed(
        listing_id=listing,
        sequence=1,
        uscc=uscc,
        subject_name="某某公司",
        parties=[],
        decision_no="1",
        deciding_org="余杭区人力社保局",
        cause="拖欠",
        basis="第45号令第五条",
        listed_on=today,
        expected_exit=today + timedelta(days=1095),
        order_no="1",
        signature="x",
    )
    removed = EmployerRemoved(
        listing_id=listing, sequence=2, uscc=uscc, decision_no="2", remove_type="early", removed_on=today
    )
    await consumer.deliver(listed, db)
    await consumer.deliver(listed, db)
    assert [event["reasons"][0]["indicator"] for event in await announced(db, uscc)] == ["E26"]
    await consumer.deliver(removed, db)
    await consumer.deliver(listed, db)
    assert (await subject(db, uscc))["level"] == "none"
    async with db.transaction() as session:
        told = await sql(session, "select count(*) from scoring.fact where subject_id = :id", id=uscc)
        assert told.scalar_one() == 2


async def test_time_alone_ends_a_signal_and_says_so_when_the_day_comes(db: Database) -> None:
    uscc = a_uscc()
    moment = now()
    clue: dict[str, list[Any]] = {
        "registered_at": [moment.isoformat()],
        "arrears_people": [12],
        "arrears_money": ["9000.00"],
    }
    await consumer.deliver(accepted("hrss_clue", [uscc], clue), db)
    assert (await subject(db, uscc))["level"] == "orange"
    assert await _review(db, moment + timedelta(days=29), uscc) == "orange"
    assert (await subject(db, uscc))["computed_level"] == "orange"
    assert await _review(db, moment + timedelta(days=31), uscc) == "orange"
    assert (await subject(db, uscc))["computed_level"] == "yellow"
    assert await _review(db, moment + timedelta(days=45), uscc) == "yellow"
    assert await _review(db, moment + timedelta(days=61), uscc) == "yellow"
    assert (await subject(db, uscc))["computed_level"] == "none"
    assert await _review(db, moment + timedelta(days=68), uscc) == "none"
    assert [event["level"] for event in await announced(db, uscc)] == ["orange", "yellow", "none"]


async def _review(db: Database, at: datetime, code: str) -> str:
    async with db.transaction() as session:
        while await usecases.review(session, Moment(at, shipped(), new_id), 1000):
            pass
    level: str = (await subject(db, code))["level"]
    return level
