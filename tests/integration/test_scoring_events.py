"""Facts in, scores out, on a real PostgreSQL: once each, whatever the order. Neighbours are played by events."""

import asyncio
import itertools
import json
import random
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import Database, sql
from shared.errors import Poison
from shared.events import AlertFound, EmployerListed, EmployerRemoved, RecordsAccepted
from shared.ids import new_id
from tests.conftest import SettingsOf
from tests.scoring_facts import a_uscc, recent_month

_numbers = itertools.count(1)


@pytest.fixture
async def db(settings_of: SettingsOf) -> AsyncIterator[Database]:
    database = Database(settings_of("scoring"))
    yield database
    await database.close()


def accepted(dataset: str, ids: list[str | None], columns: dict[str, list[Any]], **given: Any) -> RecordsAccepted:
    reported_at = given.get("reported_at", now())
    return RecordsAccepted(
        receipt_id=given.get("receipt_id", new_id()),
        agency=given.get("agency", "an-agency"),
        dataset=dataset,
        subject_kind=given.get("subject_kind", "employer"),
        subject_ids=ids,
        keys=given.get("keys") or [f"{dataset}-{next(_numbers)}" for _ in ids],
        rows=list(range(1, len(ids) + 1)),
        source_times=given.get("source_times") or [reported_at] * len(ids),
        reported_at=reported_at,
        columns=columns,
    )


def social_fee(uscc: str, months: int, arrears: str = "14043.33") -> RecordsAccepted:
    periods = [recent_month(back) for back in range(1, months + 1)]
    return accepted(
        "tax_social_fee",
        [uscc] * months,
        {"uscc": [uscc] * months, "period": periods, "arrears": [arrears] * months},
        keys=[f"{uscc}|{period}" for period in periods],
        agency="tax-bureau",
    )


def registration(uscc: str, town: str | None = "330110005") -> RecordsAccepted:
    columns: dict[str, list[Any]] = {
        "uscc": [uscc],
        "ent_name": ["余杭某某服饰有限公司"],
        "street": [town],
        "state": ["active"],
    }
    return accepted("samr_entity", [uscc], columns, keys=[f"entity-{uscc}"], agency="market-bureau")


async def subject(db: Database, code: str) -> dict[str, Any]:
    async with db.transaction() as session:
        rows = await sql(session, "select * from scoring.subject where subject_id = :id", id=code)
        return dict(rows.mappings().one())


async def announced(db: Database, code: str) -> list[dict[str, Any]]:
    async with db.transaction() as session:
        bodies = (
            (await sql(session, "select body from outbox where subject like 'scores.%' order by id")).scalars().all()
        )
    events = [json.loads(bytes(body))["data"] for body in bodies]
    return [event for event in events if code in (event.get("uscc"), event.get("project_code"))]


async def history(db: Database, code: str) -> list[str]:
    async with db.transaction() as session:
        rows = await sql(session, "select level from scoring.score where subject_id = :id order by score_id", id=code)
        return list(rows.scalars())


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


async def test_a_paid_debt_brings_the_level_down_and_is_announced(db: Database) -> None:
    uscc = a_uscc()
    await consumer.deliver(social_fee(uscc, 3), db)
    await consumer.deliver(social_fee(uscc, 3, "0.00"), db)
    assert [event["level"] for event in await announced(db, uscc)] == ["orange", "none"]
    assert (await announced(db, uscc))[-1]["previous_level"] == "orange"


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
        key = f"case-{next(_numbers)}"
        first = accepted(
            "court_dishonest", [wrong], {"published_at": [day]}, keys=[key], source_times=[now() - timedelta(days=2)]
        )
        corrected = accepted("court_dishonest", [right], {"published_at": [day]}, keys=[key])
        for event in (corrected, first) if is_reversed else (first, corrected):
            await consumer.deliver(event, db)
        assert (await subject(db, wrong))["level"] == "none"
        assert (await subject(db, right))["level"] == "orange"


async def test_rows_that_no_one_could_match_are_not_scored(db: Database) -> None:
    uscc = a_uscc()
    await consumer.deliver(accepted("court_dishonest", [None, uscc], {"published_at": [None, None]}), db)
    assert (await subject(db, uscc))["level"] == "orange"


async def test_an_event_whose_columns_differ_in_length_can_never_succeed(db: Database) -> None:
    with pytest.raises(Poison):
        await consumer.deliver(accepted("ut_water", [a_uscc()], {"arrears": []}), db)


async def test_a_dataset_that_the_rules_do_not_know_is_kept_all_the_same(db: Database) -> None:
    uscc = a_uscc()
    await consumer.deliver(accepted("hrss_credit_grade", [uscc], {"grade": ["C"]}), db)
    assert (await subject(db, uscc))["level"] == "none"


async def test_a_finding_is_kept_once_as_a_label(db: Database) -> None:
    uscc = a_uscc()
    found = AlertFound(
        alert_id=new_id(),
        subject_kind="employer",
        subject_id=uscc,
        uscc=uscc,
        finding="confirmed",
        found_on=date(2026, 11, 20),
        score_id=new_id(),
        workers=11,
        months=2,
        amount=Decimal("127000.00"),
    )
    await consumer.deliver(found, db)
    await consumer.deliver(found, db)
    async with db.transaction() as session:
        rows = (await sql(session, "select * from scoring.label where subject_id = :id", id=uscc)).mappings().all()
    assert [(row["finding"], row["workers"], row["amount"]) for row in rows] == [
        ("confirmed", 11, Decimal("127000.00"))
    ]


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
    assert await _review(db, moment + timedelta(days=31), uscc) == "yellow"
    assert await _review(db, moment + timedelta(days=61), uscc) == "none"
    assert [event["level"] for event in await announced(db, uscc)] == ["orange", "yellow", "none"]


async def _review(db: Database, at: datetime, code: str) -> str:
    async with db.transaction() as session:
        while await usecases.review(session, Moment(at, shipped(), new_id), 1000):
            pass
    level: str = (await subject(db, code))["level"]
    return level


async def test_what_was_accepted_a_moment_ahead_of_our_clock_counts_at_once(db: Database) -> None:
    uscc = a_uscc()
    ahead = accepted("court_dishonest", [uscc], {"published_at": [None]}, reported_at=now() + timedelta(seconds=30))
    await consumer.deliver(ahead, db)
    assert (await subject(db, uscc))["level"] == "orange"


def an_account(project: str, account: str) -> RecordsAccepted:
    opened = (now() - timedelta(days=200)).date().isoformat()
    columns: dict[str, list[Any]] = {
        "project_code": [project],
        "account_no": [account],
        "opened_at": [opened],
        "closed_at": [None],
    }
    return accepted(
        "bk_special_account", [account], columns, subject_kind="account", agency="bank-a", keys=[f"account {account}"]
    )


def a_project(project: str) -> RecordsAccepted:
    columns: dict[str, list[Any]] = {
        "project_code": [project],
        "name": ["某某安置房工程"],
        "state": ["在建"],
        "division": ["330110012"],
        "gc_uscc": ["91330100799655058B"],
        "gc_name": ["某某建设集团"],
    }
    return accepted("hc_project", [project], columns, subject_kind="project", keys=[project], agency="housing")


def a_fee(account: str, days_ago: int) -> RecordsAccepted:
    columns: dict[str, list[Any]] = {
        "account_no": [account],
        "txn_at": [(now() - timedelta(days=days_ago)).isoformat()],
        "direction": ["in"],
        "purpose": ["labour fee in"],
        "amount": ["100000.00"],
    }
    return accepted("bk_account_flow", [account], columns, subject_kind="account", agency="bank-a")


async def test_an_accounts_flows_find_their_project_in_every_order(db: Database) -> None:
    for order in itertools.permutations(range(3)):
        project, account = f"P{next(_numbers):06}", f"{random.getrandbits(64):016x}"
        events = [a_project(project), an_account(project, account), a_fee(account, 75)]
        for place in order:
            await consumer.deliver(events[place], db)
        last = (await announced(db, project))[-1]
        assert (last["level"], last["name"], last["gc_name"]) == ("orange", "某某安置房工程", "某某建设集团")
        assert last["division"] == "330110012"
        (reason,) = last["reasons"]
        assert (reason["indicator"], reason["text_zh"]) == ("P04", "人工费用已2个周期未到专户")


async def test_a_new_labour_fee_calms_the_project(db: Database) -> None:
    project, account = f"P{next(_numbers):06}", f"{random.getrandbits(64):016x}"
    for event in (a_project(project), an_account(project, account), a_fee(account, 100), a_fee(account, 2)):
        await consumer.deliver(event, db)
    assert [event["level"] for event in await announced(db, project)] == ["red", "none"]
