"""Calm defaults for what became of alerts, orders, listings and inspections."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from services.scoring.learning.outcomes import OUTCOMES

TODAY = date(2026, 11, 23)


def days_before(days: int) -> date:
    return TODAY - timedelta(days=days)


def an_outcome(matter_id: str = "1", **given: Any) -> dict[str, Any]:
    """A confirmed alert about an employer, known on the evening of the day it was found."""
    found_on = given.get("found_on", TODAY)
    employer = given.pop("employer", "91330110MA2CEABC1A")
    return {
        "subject_kind": "employer",
        "subject_id": employer,
        "key": given.get("key", f"{matter_id}-{given.get('finding', 'confirmed')}-{found_on}"),
        "matter": "alert",
        "matter_id": matter_id,
        "known_at": datetime.combine(found_on, time(12), tzinfo=UTC),
        "finding": "confirmed",
        "selection": "alert",
        "found_on": found_on,
        "uscc": employer,
    } | given


def outcomes(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=OUTCOMES, orient="row")
