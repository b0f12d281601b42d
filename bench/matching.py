"""How well and how fast dirty records find their employer: `python -m bench.matching --employers 20000 --json`.

A temporary PostgreSQL learns a register through ingest's own rooms; records that name their employer badly are then
looked up batch by batch. A link to anybody but the true employer is wrong, also where he is not in the register.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl

from bench.database import database
from bench.registers import Dirty, Firm, firms, records
from services.ingest.catalogue import shipped
from services.ingest.matching import AT, SUBJECT, WRITTEN, clues_of, decide, lessons_of
from services.ingest.store import registry
from services.ingest.validation import ROW
from shared.db import Database
from shared.settings import Settings

ROWS_A_BATCH = 5000
_REGISTERED, _RENAMED = datetime(2020, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
_THEN, _NOW = datetime(2022, 1, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
_SEED = 724


async def measure(settings: Settings, count: int, asked: int) -> dict[str, Any]:
    """Precision of automatic links, recall, the share that goes to people, and rows a second."""
    db, everybody = Database(settings), firms(count, _SEED)
    try:
        learned = await _learn(db, [firm for firm in everybody if firm.is_known])
        told = records(everybody, asked, _SEED + 1)
        began = time.perf_counter()
        found = [pair for start in range(0, asked, ROWS_A_BATCH)
            for pair in await _find(db, told[start : start + ROWS_A_BATCH])]  # fmt: skip
        seconds = time.perf_counter() - began
    finally:
        await db.close()
    return {"employers": count, "known": learned, **_judged(told, found), "rows_per_s": round(asked / seconds)}


async def _learn(db: Database, known: list[Firm]) -> int:
    for part in (known[start : start + ROWS_A_BATCH] for start in range(0, len(known), ROWS_A_BATCH)):
        async with db.transaction() as session:
            for name, rows in _register(part):
                await registry.learn(session, lessons_of(rows, shipped().datasets[name], "bench"))
    return len(known)


def _register(part: list[Firm]) -> Iterator[tuple[str, pl.DataFrame]]:
    """What the register and the power company told of these firms, with their codes."""
    who = pl.DataFrame({SUBJECT: [firm.code for firm in part], "reg_no": [firm.reg_no for firm in part],
        "street": [firm.town for firm in part], "account_no": [firm.account for firm in part],
        "ent_name": [firm.name for firm in part], "entity_id": [firm.code[:16] for firm in part],
        "before": [firm.former for firm in part]})  # fmt: skip
    registered, renamed = (pl.lit(day).dt.cast_time_unit("us") for day in (_REGISTERED, _RENAMED))
    approved = pl.when(pl.col("before").is_null()).then(registered).otherwise(renamed)
    yield "samr_entity", who.with_columns(approved.alias(AT))
    yield "pw_usage", who.with_columns(registered.alias(AT))
    changes = who.drop_nulls("before").with_columns(item_name=pl.lit("名称变更"), after="ent_name")
    yield "samr_change", changes.with_columns(renamed.alias(AT))


async def _find(db: Database, part: list[Dirty]) -> list[tuple[int, str, str]]:
    """Place, subject and method of every record that found one."""
    rows = pl.DataFrame(
        {WRITTEN: [each.written for each in part], "employer": [each.name for each in part],
            "division": [each.division for each in part], "account_no": [each.account for each in part],
            AT: [_THEN if each.kind == "name: former" else _NOW for each in part]},
        schema={**dict.fromkeys((WRITTEN, "employer", "division", "account_no"), pl.String),
            AT: pl.Datetime("us", "UTC")},
    ).with_row_index(ROW)  # fmt: skip
    found: list[tuple[int, str, str]] = []
    async with db.transaction() as session:
        for name, mine in (("pw_usage", pl.col("account_no").is_not_null()),
                ("gov_ticket", pl.col("account_no").is_null())):  # fmt: skip
            asked = clues_of(rows.filter(mine), shipped().datasets[name], "bench")
            decided = decide(asked, await registry.look_up(session, asked.clues))
            found += decided.drop_nulls(SUBJECT).select(ROW, SUBJECT, "method").rows()
    return sorted(found) + [(-1, "", "")] * (len(part) - len(found))


def _judged(told: list[Dirty], found: list[tuple[int, str, str]]) -> dict[str, Any]:
    linked, right, methods, kinds = 0, 0, Counter[str](), Counter[str]()
    wrong: Counter[str] = Counter()
    for start in range(0, len(told), ROWS_A_BATCH):
        for place, subject, method in found[start : start + ROWS_A_BATCH]:
            if place < 0:
                continue
            record = told[start + place]
            linked, methods[method] = linked + 1, methods[method] + 1
            if record.firm.code == subject and record.firm.is_known:
                right, kinds[record.kind] = right + 1, kinds[record.kind] + 1
            elif record.firm.code != subject:
                wrong[record.kind] += 1
            else:
                right += 1  # an unknown firm that its own valid code proves
    findable = Counter(record.kind for record in told if record.firm.is_known)
    return {
        "records": len(told),
        "linked": linked,
        "precision": round(right / linked, 5),
        "recall": round(sum(kinds.values()) / sum(findable.values()), 4),
        "to_people": round(1 - linked / len(told), 4),
        "methods": dict(methods),
        "recall_by_kind": {kind: round(kinds[kind] / number, 4) for kind, number in sorted(findable.items())},
        "wrong_by_kind": dict(wrong),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--employers", type=int, default=20_000)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    arguments = parser.parse_args()
    with database("ingest") as settings:
        figures = asyncio.run(measure(settings, arguments.employers, arguments.records))
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        print("\n".join(f"{name}: {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
