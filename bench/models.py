"""How fast a champion speaks: `python -m bench.models --employers 20000 --json`.

A temporary PostgreSQL (durable, as it ships), one process, the records of `bench.scoring`. Two measures: a population
run, and one record to its new score, without a champion and beside one.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from typing import Any

from bench.database import database
from bench.scoring import _single_records, _take_in, employers
from services.scoring import usecases
from services.scoring.model import Calibration, Head, Model, registry
from services.scoring.model.scorers import Binned, Scorecard
from services.scoring.store.registry import Content
from services.scoring.usecases import models
from services.scoring.usecases.models import Wish
from shared.auth import Caller
from shared.clock import now
from shared.db import Database, sql
from shared.ids import new_id
from shared.settings import Settings

REASON = "a measurement"


async def measure(settings: Settings, count: int) -> dict[str, Any]:
    """Employers a second of a run, and milliseconds of one record."""
    db, codes = Database(settings), employers(count)
    try:
        taken = await _take_in(db, codes)
        without = await _single_records(db, codes)
        await _promote(db, Content(_entry(), None, "# card"))
        ran = await _run(db, count)
        single = await _single_records(db, codes)
    finally:
        await db.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    before = {f"without_model_{name}": value for name, value in without.items()}
    return {"employers": count, "records": taken["records"], **ran, **before, **single, "peak_mb": peak}


def _entry() -> str:
    column = "tax_social_fee.arrears.months"
    bins = (Binned(column, edges=(2.5,), woe=(0.0, 1.0), missing=0.0, factor=1.0),)
    model = Model("scorecard", Head(Scorecard(bins, 0.0), Calibration((0.0, 1.0), (-7.0, -0.5))), {column: "tax_si"})
    return json.dumps(registry.entry_of(model, {"horizon_days": 60}))


async def _promote(db: Database, content: Content) -> None:
    one, other = (Caller("person", login, login, frozenset(), (), "", None, "", None) for login in ("li", "chen"))
    async with db.transaction() as session:
        model_id, _ = await models.register(session, content, Wish(one, now(), REASON))
        await models.challenge(session, model_id, Wish(one, now(), REASON))
        await models.propose(session, model_id, Wish(one, now(), REASON))
        await models.approve(session, model_id, Wish(other, now(), REASON), new_id)


async def _run(db: Database, count: int) -> dict[str, Any]:
    times, cpu, is_going = [], time.process_time(), True
    while is_going:
        began = time.perf_counter()
        async with db.transaction() as session:
            is_going = await usecases.carry_on(session, await usecases.moment(session, now(), new_id))
        times.append(time.perf_counter() - began)
    async with db.transaction() as session:
        kept = (await sql(session, "select octet_length(content) from scoring.population limit 1")).scalar_one()
    scoring = sum(times[1:])
    return {
        "population_s": round(times[0], 2),
        "population_bytes": kept,
        "run_s": round(scoring, 2),
        "run_cpu_s": round(time.process_time() - cpu, 2),
        "run_employers_per_s": round(count / scoring),
        "longest_part_s": round(max(times[1:]), 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--employers", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    arguments = parser.parse_args()
    with database("scoring") as settings:
        result = asyncio.run(measure(settings, arguments.employers))
    if arguments.json:
        sys.stdout.write(json.dumps(result) + "\n")
        return
    for name, value in result.items():
        sys.stdout.write(f"{name:>32}  {value}\n")


if __name__ == "__main__":
    main()
