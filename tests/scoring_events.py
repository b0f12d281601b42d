"""Events that scoring's tests send, and what its database then holds and has announced."""

import itertools
import json
from typing import Any

from shared.clock import now
from shared.db import Database, sql
from shared.events import RecordsAccepted
from shared.ids import new_id
from tests.scoring_facts import recent_month

numbers = itertools.count(1)


def accepted(dataset: str, ids: list[str | None], columns: dict[str, list[Any]], **given: Any) -> RecordsAccepted:
    reported_at = given.get("reported_at", now())
    return RecordsAccepted.of(
        receipt_id=given.get("receipt_id", new_id()),
        agency=given.get("agency", "an-agency"),
        dataset=dataset,
        subject_kind=given.get("subject_kind", "employer"),
        subject_ids=ids,
        keys=given.get("keys") or [f"{dataset}-{next(numbers)}" for _ in ids],
        rows=list(range(1, len(ids) + 1)),
        source_times=given.get("source_times") or [reported_at] * len(ids),
        reported_at=reported_at,
        left=given.get("left"),
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


def a_water_bill(uscc: str) -> RecordsAccepted:
    columns: dict[str, list[Any]] = {"account_no": [f"w{uscc}"], "period": [recent_month(1)], "arrears": ["0.00"]}
    return accepted("ut_water", [uscc], columns)


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
