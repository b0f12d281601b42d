"""A feed that goes late, falls silent, breaks or recovers is announced once, whoever looks and however often."""

import asyncio
from datetime import timedelta

from services.ingest.catalogue import shipped
from services.ingest.feeds.rhythm import rhythm
from services.ingest.watch import watch_once
from shared.db import Database
from tests.conftest import SettingsOf
from tests.ingest_watch import TUESDAY, Watched, tax_records

TAX = shipped().datasets["tax_arrears"]


async def test_a_feed_that_stops_is_late_then_silent_and_recovers_each_announced_once(watched: Watched) -> None:
    await watched.send(tax_records(3))
    await watched.tick()
    assert await watched.alarms() == []
    moments = rhythm(TUESDAY, TAX)
    for at in (moments.late_at, moments.late_at, moments.silent_at, moments.silent_at):
        watched.move_to(at)
        watched.move(minutes=5)
        await watched.tick()
    await watched.send(tax_records(3))
    await watched.tick()
    await watched.tick()
    told = await watched.alarms()
    assert [(event["state"], event["previous"], event["change"]) for event in told] == [
        ("late", "on_time", 1),
        ("silent", "late", 2),
        ("on_time", "silent", 3),
    ]
    late = told[0]
    # The clock has run on a little since the hour struck.
    assert late["since"][:16] == moments.late_at.isoformat()[:16]
    assert (late["dataset"], late["department"]) == ("tax_arrears", "TAX")
    assert late["problems"][0]["text_zh"] == "企业(个体)欠税信息未按时报送，已超过宽限期。请联系税务局。"


async def test_nothing_is_announced_before_patience_has_ended(watched: Watched) -> None:
    await watched.send(tax_records(1))
    watched.move_to(rhythm(TUESDAY, TAX).late_at)
    watched.move(minutes=-5)
    await watched.tick()
    assert await watched.alarms() == []
    assert (await watched.feed())["state"] == "due"


async def test_two_workers_and_a_new_one_announce_a_late_feed_once(watched: Watched, settings_of: SettingsOf) -> None:
    await watched.send(tax_records(1))
    await watched.tick()
    late = rhythm(TUESDAY, TAX).late_at + timedelta(minutes=5)
    workers = [Database(settings_of("ingest")) for _ in range(3)]
    for _ in range(3):
        await asyncio.gather(*(watch_once(worker, shipped(), late) for worker in workers))
    for worker in workers:
        await worker.close()
    assert [event["state"] for event in await watched.alarms()] == ["late"]


async def test_a_receipt_that_is_not_counted_yet_is_a_sign_of_life(watched: Watched) -> None:
    await watched.send(tax_records(1))
    await watched.tick()
    watched.move_to(rhythm(TUESDAY, TAX).late_at + timedelta(minutes=5))
    # Some other transaction is still under way: the count waits for it.
    async with watched.door.db.transaction() as session:
        await (await session.connection()).exec_driver_sql("select pg_current_xact_id()")
        await watched.send(tax_records(1, begin=50))
        await watched.tick()
    assert await watched.alarms() == []


async def test_a_file_whose_rows_are_refused_breaks_the_feed_and_the_next_good_one_mends_it(watched: Watched) -> None:
    await watched.send(tax_records(40))
    await watched.tick()
    watched.move(days=1)
    await watched.send([*tax_records(20, begin=100, balance="-1"), *tax_records(20, begin=200)])
    await watched.tick()
    broken = await watched.feed()
    assert (broken["state"], [each["code"] for each in broken["problems"]]) == ("broken", ["errors"])
    assert broken["problems"][0]["measured"] == 0.5
    watched.move(days=1)
    await watched.send(tax_records(40, begin=300))
    await watched.tick()
    assert [event["state"] for event in await watched.alarms()] == ["broken", "on_time"]


async def test_a_column_that_was_always_there_and_is_missing_breaks_the_feed(watched: Watched) -> None:
    await watched.send(tax_records(50, authority="余杭区税务局"))
    await watched.tick()
    watched.move(days=30)
    without = [{name: told for name, told in record.items() if name != "authority"} for record in tax_records(50, 60)]
    await watched.send(without)
    await watched.tick()
    (problem,) = (await watched.feed())["problems"]
    assert (problem["code"], problem["item"], problem["usual"]) == ("item_gone", "authority", 1.0)
    assert "主管税务机关" in problem["text_zh"]


async def test_amounts_in_another_unit_are_a_drift(watched: Watched) -> None:
    await watched.send(tax_records(400))
    await watched.tick()
    watched.move(days=30)
    await watched.send([{**record, "balance": record["balance"] + "000"} for record in tax_records(400, begin=1000)])
    await watched.tick()
    (problem,) = (await watched.feed())["problems"]
    assert (problem["code"], problem["item"]) == ("drift", "balance")
    (moved,) = [
        each
        for each in (await watched.read(f"/v1/quality/tax_arrears?agency={watched.agency}"))["feeds"][0]["drifts"]
        if each["is_beyond"]
    ]
    assert moved["psi"] == round(problem["measured"], 4) > moved["bound"]


async def test_the_second_file_refused_whole_breaks_the_feed_and_a_good_one_ends_that(watched: Watched) -> None:
    await watched.send(tax_records(3))
    await watched.tick()
    for _ in range(2):
        watched.move(minutes=10)
        refused = await watched.send([{"taxpayer_number": "1"}])
        assert refused.status_code == 422
        await watched.tick()
    feed = await watched.feed()
    assert (feed["state"], feed["refused"]["files"], feed["refused"]["reason"]) == ("broken", 2, "unknown-items")
    watched.move(minutes=10)
    await watched.send(tax_records(3, begin=10))
    await watched.tick()
    feed = await watched.feed()
    assert (feed["state"], feed["refused"]) == ("on_time", None)
    assert [event["state"] for event in await watched.alarms()] == ["broken", "on_time"]
