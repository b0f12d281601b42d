"""What `anxin labels export` writes: a directory as `anxin train` reads it, of what this platform knew by a day."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from gateway.issuer.admin import own_login
from local import clock
from local.layout import Home
from local.operations import settings_of
from services.scoring.learning.policy import shipped as policy
from services.scoring.measurebook import shipped as measurebook
from services.scoring.usecases import exporting
from shared import audit
from shared.clock import SHANGHAI
from shared.db import Database, Session

Say = Callable[[str, str], None]


def export(home: Home, out: Path, known_by: date | None, *, with_facts: bool, say: Say) -> dict[str, Any]:
    """Write labels.csv, inspections.parquet and outcomes.parquet, and a file a dataset if asked; tell how many rows.

    `known_by`: what was known at the end of that day in China; now without it. The export is on record. Raises
    NotRunning.
    """
    moment = datetime.now(UTC) + clock.offset(home)  # the platform's own time, which a viewer may have moved
    if known_by is not None:
        moment = datetime.combine(known_by + timedelta(days=1), time.min, tzinfo=SHANGHAI)
    settings = settings_of(home, "scoring")
    out.mkdir(parents=True, exist_ok=True)

    async def written() -> dict[str, Any]:
        database = Database(settings)
        try:
            async with database.transaction() as session:
                return await write(session, out, moment, with_facts=with_facts, say=say)
        finally:
            await database.close()

    return asyncio.run(written())


async def write(session: Session, out: Path, known_by: datetime, *, with_facts: bool, say: Say) -> dict[str, Any]:
    """Write the files into a folder that is there; tell how many rows."""
    found = await exporting.labels_known(session, known_by, policy())
    found.labels.write_csv(out / "labels.csv")
    found.inspections.write_parquet(out / "inspections.parquet")
    found.outcomes.write_parquet(out / "outcomes.parquet")
    told: dict[str, Any] = {name: len(table) for name, table in vars(found).items()}
    for dataset in measurebook().datasets if with_facts else ():
        if dataset.file is None:
            rows = await exporting.facts_known(session, dataset, known_by)
            told |= _kept(rows, dataset.dataset, out)
            say(f"{dataset.zh}：{len(rows)} 行", f"{dataset.en}: {len(rows)} rows")
    actor = f"operator:{own_login()}"
    about = {"known_by": known_by.isoformat(), "labels": len(found.labels), "with_facts": with_facts}
    await audit.record(session, actor, "labels.exported", "labels", about)
    return {"known_by": known_by.isoformat(), "out": str(out), "rows": told}


def _kept(rows: pl.DataFrame, dataset: str, out: Path) -> dict[str, int]:
    if rows.is_empty():
        return {}  # a file without rows would be a dataset that is there and silent
    rows.write_parquet(out / f"{dataset}.parquet")
    return {dataset: len(rows)}
