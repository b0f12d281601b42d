"""How fast a champion speaks: `python -m bench.models --employers 20000 --json`.

A temporary PostgreSQL (durable, as it ships), one process on the loop that the service runs on, the records of
`bench.scoring`. The champion is as many trees as training grows, over every column that these employers have. Three
measures: a population run as the service does it, LightGBM's bare prediction of the very same rows, and one record to
its new score, without a champion and beside one.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from typing import Any

import numpy as np

from bench import as_served  # first: polars reads what it sets
from bench.database import database
from bench.prediction import LEAVES, ROUNDS
from bench.scoring import REVIEWERS, _single_records, _take_in, employers
from services.scoring.live import inputs_of
from services.scoring.live.gathering import gather_population
from services.scoring.model import Calibration, Head, Model, matrix, registry
from services.scoring.model.boosting import lightgbm
from services.scoring.model.scorers import Boosted
from services.scoring.population import Population
from services.scoring.review import run_part
from services.scoring.store.registry import Content
from services.scoring.usecases import models
from services.scoring.usecases.models import Wish
from shared.auth import Caller
from shared.clock import now
from shared.db import Database, sql
from shared.ids import new_id
from shared.service import event_loop
from shared.settings import Settings

REASON = "a measurement"
_TAUGHT_BY, _AT_ONCE = 3000, 5000


async def measure(settings: Settings, count: int) -> dict[str, Any]:
    """Employers a second of a run, and milliseconds of one record."""
    db, codes = Database(settings), employers(count)
    try:
        taken = await _take_in(db, codes)
        without = await _single_records(db, codes)
        champion, population = await _champion(db, codes)
        content = Content(
            json.dumps(registry.entry_of(champion, {"horizon_days": 60})), registry.trees_text(champion), "#"
        )
        await _promote(db, content)
        ran = await _run(db, count)
        bare = await _bare(db, codes, population, champion)
        single = await _single_records(db, codes)
    finally:
        await db.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    before = {f"without_model_{name}": value for name, value in without.items()}
    compared = {"lightgbm_s": round(bare, 2), "ratio_to_lightgbm": round(ran["run_s"] / bare, 1)}
    found = {"employers": count, "records": taken["records"], "columns": len(champion.columns), **ran, **compared}
    return {**found, **before, **single, "polars_threads": int(as_served.THREADS), "peak_mb": peak}


async def _champion(db: Database, codes: list[str]) -> tuple[Model, Population]:
    """Trees over every column of these employers, grown on the first of them, and the population that they are of."""
    async with db.transaction() as session:
        population, _ = await gather_population(session, now())
        table = await inputs_of(session, codes[:_TAUGHT_BY], now(), population)
    columns = tuple(name for name in table.columns if name != "subject")
    values = matrix(table, columns)
    failed = (np.random.default_rng(1).random(len(values)) < 0.02).astype(np.float32)
    settings = {"objective": "binary", "num_leaves": LEAVES, "feature_fraction": 0.1, "min_data_in_leaf": 2}
    booster = lightgbm.train({**settings, "verbosity": -1}, lightgbm.Dataset(values, failed), ROUNDS)
    head = Head(Boosted(booster.model_to_string(), columns, -5.0), Calibration((-7.0, 1.0), (-7.0, 1.0)))
    return Model("model", head, dict.fromkeys(columns, "tax_si")), population


async def _bare(db: Database, codes: list[str], population: Population, champion: Model) -> float:
    """Seconds that LightGBM alone takes for the inputs of all of them, on as many threads as there are cores."""
    booster, seconds = lightgbm.Booster(model_str=registry.trees_text(champion)), 0.0
    for start in range(0, len(codes), _AT_ONCE):
        async with db.transaction() as session:
            table = await inputs_of(session, codes[start : start + _AT_ONCE], now(), population)
        values = matrix(table, champion.columns)
        began = time.perf_counter()
        booster.predict(values)
        seconds += time.perf_counter() - began
    return seconds


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
        is_going = await run_part(db, REVIEWERS)
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
    with database("scoring") as settings, asyncio.Runner(loop_factory=event_loop) as runner:
        result = runner.run(measure(settings, arguments.employers))
    if arguments.json:
        sys.stdout.write(json.dumps(result) + "\n")
        return
    for name, value in result.items():
        sys.stdout.write(f"{name:>32}  {value}\n")


if __name__ == "__main__":
    main()
