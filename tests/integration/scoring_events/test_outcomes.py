"""Outcomes come back: what was found of alerts, what was ordered, paid and listed."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl

from local.labels import write
from services.scoring.consumers import consumer
from services.scoring.learning.outcomes import labels, standing
from services.scoring.live.known import past_of
from services.scoring.store import outcomes as outcome_store
from services.scoring.usecases.exporting import INSPECTIONS
from services.scoring.worlds import read_world
from shared.clock import now
from shared.db import Database
from shared.events import AlertFound, AlertRaised, Finding, OrderPaid, OrderRevoked
from shared.ids import new_id
from tests.scoring_events import accepted, registration, social_fee
from tests.scoring_facts import a_uscc

TODAY = date(2026, 11, 20)


def found(uscc: str, alert_id: UUID, finding: Finding, **more: Any) -> AlertFound:
    return AlertFound(
        alert_id=alert_id,
        subject_kind="employer",
        subject_id=uscc,
        uscc=uscc,
        finding=finding,
        found_on=TODAY,
        score_id=new_id(),
        **more,
    )


def raised(uscc: str, alert_id: UUID) -> AlertRaised:
    return AlertRaised(
        alert_id=alert_id,
        subject_kind="employer",
        subject_id=uscc,
        uscc=uscc,
        name=None,
        division="330110005",
        level="red",
        score_id=new_id(),
        raised_at=now() - timedelta(days=9),
    )


def an_order(uscc: str) -> dict[str, Any]:
    figures = {"workers": 11, "migrant_workers": 11, "longest_months": 3, "amount": Decimal("127000.00")}
    money = {"migrant_amount": Decimal("127000.00"), "largest_single": Decimal(9000), "parties": []}
    names = {"order_no": "1", "employer_name": "某某公司", "division": "330110005", "deciding_org": "余杭区人社局"}
    days = {"served_on": TODAY, "term_ends_on": TODAY + timedelta(days=7)}
    return {"order_id": new_id(), "alert_id": new_id(), "uscc": uscc, **figures, **money, **names, **days}


async def known(db: Database, uscc: str) -> list[dict[str, Any]]:
    async with db.transaction() as session:
        return [row for row in (await outcome_store.known(session, now())).to_dicts() if row["uscc"] == uscc]


async def labelled(db: Database, uscc: str) -> list[dict[str, Any]]:
    async with db.transaction() as session:
        stands = standing(await outcome_store.known(session, now()), now())
    return [row for row in labels(stands, 180).to_dicts() if row["employer_id"] == uscc]


async def test_a_finding_is_kept_once_however_often_it_is_told(db: Database) -> None:
    uscc, alert_id = a_uscc(), new_id()
    event = found(uscc, alert_id, "confirmed", workers=11, months=2, amount=Decimal("127000.00"))
    for each in (event, raised(uscc, alert_id), event):
        await consumer.deliver(each, db)
    told = await known(db, uscc)
    assert {(row["finding"], row["workers"], row["amount"], row["level"]) for row in told} == {
        ("confirmed", 11, 127000.0, None),
        ("pending", None, None, "red"),
    }
    (label,) = await labelled(db, uscc)
    assert (label["discovered_on"], str(label["started_on"]), label["workers"]) == (TODAY, "2026-09-20", 11)


async def test_a_correction_is_one_more_statement_and_the_newest_counts(db: Database) -> None:
    uscc, alert_id = a_uscc(), new_id()
    early, late = now() - timedelta(days=3), now() - timedelta(days=1)
    await consumer.deliver(found(uscc, alert_id, "false", decided_at=late, cause="bad_data"), db)
    await consumer.deliver(found(uscc, alert_id, "confirmed", decided_at=early), db)
    assert len(await known(db, uscc)) == 2
    assert await labelled(db, uscc) == []


async def test_a_paid_order_is_arrears_that_were_there_and_an_annulled_one_is_none(db: Database) -> None:
    paid, annulled = a_uscc(), a_uscc()
    await consumer.deliver(OrderPaid(**an_order(paid), paid_on=TODAY), db)
    order = an_order(annulled)
    await consumer.deliver(OrderRevoked(**order, revoked_on=TODAY, cause="事实不清"), db)
    assert [row["amount"] for row in await labelled(db, paid)] == [127000.0]
    assert await labelled(db, annulled) == []


async def test_what_is_exported_is_a_directory_that_a_model_is_trained_on(db: Database, tmp_path: Path) -> None:
    uscc, inspected = a_uscc(), a_uscc()
    await consumer.deliver(registration(uscc), db)
    await consumer.deliver(social_fee(uscc, 3), db)
    case = {"uscc": [inspected], "case_no": ["1"], "filing_date": ["2026-10-08"], "arrears_amount": ["5000.00"]}
    reported_at = now() - timedelta(days=30)
    await consumer.deliver(accepted("hrss_inspection_case", [inspected], case, reported_at=reported_at), db)
    event = found(uscc, new_id(), "confirmed", workers=11, months=2, amount=Decimal("127000.00"), decided_at=now())
    await consumer.deliver(event, db)
    for folder, known_by in (("now", now()), ("then", now() - timedelta(days=1))):
        (tmp_path / folder).mkdir()
        async with db.transaction() as session:
            await write(session, tmp_path / folder, known_by, with_facts=True, say=lambda _zh, _en: None)
    world, then = read_world(tmp_path / "now"), read_world(tmp_path / "then")
    assert {uscc, inspected} <= set(world.labels["employer_id"])
    assert uscc not in set(then.labels["employer_id"])
    assert inspected in set(then.labels["employer_id"])
    row = world.labels.filter(pl.col("employer_id") == uscc).to_dicts()[0]
    assert (row["started_on"], row["discovered_on"], row["amount"]) == (date(2026, 9, 20), TODAY, 127000.0)
    assert uscc in set(world.subjects(now()))
    assert world.profile(now()).filter(pl.col("subject") == uscc)["town"].to_list() == ["330110005"]
    async with db.transaction() as session:
        live = await past_of(session, now(), [uscc, inspected])
    told = world.labels.filter(pl.col("employer_id").is_in([uscc, inspected]))
    assert sorted(live["key"]) == sorted(f"{row['employer_id']}|{row['started_on']}" for row in told.to_dicts())
    visits = pl.read_parquet(tmp_path / "now" / "inspections.parquet")
    assert tuple(visits.columns) == INSPECTIONS
