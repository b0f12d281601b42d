"""How fast facts become scores: `python -m bench.scoring --employers 20000 --json`.

A temporary PostgreSQL (durable, as it ships), one process on the loop that the service runs on. Four measures: records
taken in and scored, the whole population scored again from stored facts and written back, a version of the rules tried
over all of it, and one record to its new score. Beside the second stands what LightGBM's bare prediction of as many
rows takes: `ratio_to_lightgbm` is how many times as long all of it takes.
"""

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Awaitable, Iterator, Sequence
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from bench import as_served, stream  # as_served first: polars reads what it sets
from bench.database import database
from bench.memory import cpu_s, forget_peak, own_peak_mb, parent_of, watched
from bench.prediction import rows_per_s
from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.review import catch_up_once
from services.scoring.rulebook import shipped
from services.scoring.settings import ScoringSettings
from services.scoring.trying import try_once
from services.scoring.usecases import Moment, dry_runs
from services.scoring.usecases.rulebooks import Deed
from shared.clock import now, today
from shared.db import Database, sql
from shared.events import RecordsAccepted
from shared.identity import Identities
from shared.ids import new_id
from shared.service import Runtime, event_loop, keep_answering
from shared.settings import Settings

ROWS_A_BATCH = 5000
SUBJECTS_A_BATCH = ScoringSettings.model_fields["review_batch"].default
DRY_RUN_BATCH = ScoringSettings.model_fields["dry_run_batch"].default
REVIEWERS = ScoringSettings.model_fields["reviewers"].default
SINGLE_RECORDS = 200
_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def employers(count: int) -> list[str]:
    """Well-formed codes, in order."""
    codes = []
    for number in range(count):
        places = [number // len(_LETTERS) ** power % len(_LETTERS) for power in range(9, -1, -1)]
        codes.append("91330110" + "".join(_LETTERS[place] for place in places))
    return codes


def month(back: int) -> str:
    """The month `back` months ago."""
    day = today()
    count = day.year * 12 + day.month - 1 - back
    return f"{count // 12:04}-{count % 12 + 1:02}"


def story(codes: list[str]) -> Iterator[RecordsAccepted]:
    """Twelve records an employer: registration, tax status, six months of social insurance, three of water; some tax.

    One in twenty is behind with something, one in a hundred with social insurance for three months.
    """
    yield from _told("samr_entity", codes, lambda n: {"ent_name": f"企业{n}", "street": "330110005", "state": "active"})
    for back in range(1, 7):
        late = {n: "1200.50" if n % 100 == 0 and back <= 3 else "0.00" for n in range(len(codes))}
        yield from _told("tax_social_fee", codes, lambda n, b=back, late=late: {"period": month(b), "arrears": late[n]})
    for back in range(1, 4):
        days = [45 if n % 20 == 0 else 0 for n in range(len(codes))]
        yield from _told(
            "ut_water",
            codes,
            lambda n, b=back, days=days: {
                "account_no": f"w{n}",
                "period": month(b),
                "volume": "120.00",
                "arrears": "88.00" if days[n] else "0.00",
                "arrears_days": days[n],
            },
        )
    yield from _told("tax_status", codes, lambda _: {"period": month(1), "taxpayer_state": "normal", "declared": True})
    owing = codes[::20]
    yield from _told("tax_arrears", owing, lambda _: {"as_of": month(1), "balance": "150000.00", "tax_kind": "增值税"})


def _told(dataset: str, codes: list[str], record: Any) -> Iterator[RecordsAccepted]:
    for start in range(0, len(codes), ROWS_A_BATCH):
        part = codes[start : start + ROWS_A_BATCH]
        rows = [record(start + place) for place in range(len(part))]
        columns = {item: [row[item] for row in rows] for item in rows[0]}
        keys = [f"{code}|{row.get('period', row.get('as_of', ''))}" for code, row in zip(part, rows, strict=True)]
        yield _event(dataset, part, keys, columns, now())


def _event(
    dataset: str, codes: list[str], keys: list[str], columns: dict[str, list[Any]], moment: datetime
) -> RecordsAccepted:
    return RecordsAccepted.of(
        receipt_id=new_id(),
        agency="bench",
        dataset=dataset,
        subject_kind="employer",
        subject_ids=list(codes),
        keys=keys,
        rows=list(range(1, len(codes) + 1)),
        source_times=[moment] * len(codes),
        reported_at=moment,
        columns=columns,
    )


async def measure(settings: Settings, count: int) -> dict[str, Any]:
    """The measures, in records, subjects and milliseconds, and what each of them took in memory."""
    db, codes = Database(settings), employers(count)
    peaks: dict[str, int] = {}

    async def stage(name: str, work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        forget_peak()
        found = await work
        peaks[name] = own_peak_mb()
        return found

    try:
        with watched(await _server(db)) as server:
            taken = await stage("take_in", _take_in(db, codes))
            again = await stage("rescore", _score_again(db, codes))
            tried = await stage("dry_run", _dry_run(db, count))
            single = await stage("one_record", _single_records(db, codes))
            streamed = await stage("stream", _stream(db, settings, codes))
            levels = await _levels(db)
    finally:
        await db.close()
    found = {"employers": count, **taken, **again, **tried, **_compared(again, count), **single, **streamed}
    return {
        **found,
        "levels": levels,
        "polars_threads": int(as_served.THREADS),
        "peak_mb": peaks,
        "postgres_peak_mb": server.peak_mb,
    }


def _compared(again: dict[str, Any], count: int) -> dict[str, Any]:
    bare = rows_per_s(count)
    return {"lightgbm_rows_per_s": round(bare), "ratio_to_lightgbm": round(bare / again["subjects_per_s"], 2)}


async def _server(db: Database) -> int:
    """The process that all processes of the database are children of."""
    async with db.transaction() as session:
        return parent_of((await sql(session, "select pg_backend_pid()")).scalar_one())


async def _take_in(db: Database, codes: list[str]) -> dict[str, Any]:
    """The story taken in, event after event; to make an event up is not counted."""
    rows, seconds = 0, 0.0
    for event in story(codes):
        rows += event.frame().height
        began = time.perf_counter()
        await consumer.deliver(event, db)
        seconds += time.perf_counter() - began
    began = time.perf_counter()
    while await catch_up_once(db):
        pass
    seconds += time.perf_counter() - began
    return {"records": rows, "take_in_s": round(seconds, 2), "records_per_s": round(rows / seconds)}


async def _score_again(db: Database, codes: list[str]) -> dict[str, Any]:
    """Everyone is due, a day later: by as many reviewers at once as the service has."""
    tomorrow = Moment(now() + timedelta(days=1), shipped(), new_id)
    async with db.transaction() as session:
        await sql(session, "update scoring.subject set next_review_on = :today", today=today())
    server = await _server(db)
    cpu, own = cpu_s(server), time.process_time()
    began = time.perf_counter()
    await asyncio.gather(*(_review(db, tomorrow) for _ in range(REVIEWERS)))
    seconds = time.perf_counter() - began
    return {
        "rescore_s": round(seconds, 2),
        "subjects_per_s": round(len(codes) / seconds),
        "python_us_each": round((time.process_time() - own) / len(codes) * 1e6),
        "postgres_us_each": round((cpu_s(server) - cpu) / len(codes) * 1e6),
    }


async def _dry_run(db: Database, count: int) -> dict[str, Any]:
    """A version of the rules tried over everyone: what it says, beside the one in force."""
    async with db.transaction() as session:
        await usecases.register_shipped(session, now())
        await dry_runs.ask(session, shipped().version, Deed("bench", "measured", now()), new_id())
    began = time.perf_counter()
    while await try_once(db, DRY_RUN_BATCH):
        pass
    seconds = time.perf_counter() - began
    return {"dry_run_s": round(seconds, 2), "dry_run_subjects_per_s": round(count / seconds)}


async def _review(db: Database, moment: Moment) -> None:
    while True:
        async with db.transaction() as session:
            if not await usecases.review(session, moment, SUBJECTS_A_BATCH):
                return


async def _single_records(db: Database, codes: list[str]) -> dict[str, Any]:
    times = []
    for _ in range(SINGLE_RECORDS):
        code = secrets.choice(codes)
        columns: dict[str, list[Any]] = {"period": [month(1)], "arrears": [f"{secrets.randbelow(9999)}.00"]}
        event = _event("tax_social_fee", [code], [f"{code}|{month(1)}"], columns, now())
        began = time.perf_counter()
        await consumer.deliver(event, db)
        times.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(times, n=100)
    return {"one_record_p50_ms": round(cuts[49], 1), "one_record_p99_ms": round(cuts[98], 1)}


async def _stream(db: Database, settings: Settings, codes: list[str]) -> dict[str, Any]:
    def event_of(part: Sequence[str]) -> RecordsAccepted:
        columns: dict[str, list[Any]] = {"period": [month(1)] * len(part)}
        columns["arrears"] = [f"{secrets.randbelow(9999)}.00" for _ in part]
        return _event("tax_social_fee", list(part), [f"{code}|{month(1)}" for code in part], columns, now())

    return await stream.measured(Runtime(settings, db, Identities()), codes, event_of)


async def _levels(db: Database) -> dict[str, int]:
    async with db.transaction() as session:
        rows = await sql(
            session, "select level, count(*) as subjects from scoring.subject group by level order by level"
        )
        return {row["level"]: row["subjects"] for row in rows.mappings()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--employers", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    arguments = parser.parse_args()
    with database("scoring") as settings:
        keep_answering()
        with asyncio.Runner(loop_factory=event_loop) as runner:
            result = runner.run(measure(settings, arguments.employers))
    if arguments.json:
        json.dump(result, sys.stdout)
        sys.stdout.write("\n")
        return
    for name, value in result.items():
        sys.stdout.write(f"{name:>20}  {value}\n")


if __name__ == "__main__":
    main()
