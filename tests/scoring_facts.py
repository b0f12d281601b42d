"""Calm defaults for scoring's tests: records as versions, and what the pure rooms make of them."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl

from services.scoring import indicators
from services.scoring.features import Features
from services.scoring.frames import FEEDS, VERSIONS, Facts, bodies, gather
from services.scoring.rulebook import Scored, shipped
from services.scoring.rules import Assessment, Signal, assess
from services.scoring.worlds.codes import is_slip
from shared import clock
from shared.clock import local_date

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
TODAY = date(2026, 11, 23)
USCC = "91330110MA2CEABC1A"
PROJECT = "330110202601010001"
_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"

Rows = list[dict[str, Any]]


def days_ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def a_receipt(number: int = 1) -> str:
    return str(UUID(int=0x01900000_0000_7000_8000_000000000000 + number))


def a_version(dataset: str, key: str = "k", /, **items: Any) -> dict[str, Any]:
    """One version of a record. Names that begin with `_` say where it came from."""
    origin = {name: items.pop(name) for name in list(items) if name.startswith("_")}
    body = (
        None
        if origin.get("_moved")
        else bodies(
            pl.DataFrame({name: [value] for name, value in items.items()}) if items else pl.DataFrame(height=1)
        )[0]
    )
    reported = origin.get("_reported", AT)
    return {
        "subject_kind": origin.get("_kind", "employer"),
        "subject": origin.get("_subject", USCC),
        "dataset": dataset,
        "key": key,
        "source_time": origin.get("_time", reported),
        "reported_at": reported,
        "receipt_id": origin.get("_receipt", a_receipt()),
        "row_no": origin.get("_row", 1),
        "agency": origin.get("_agency", "an-agency"),
        "body": body,
    }


def versions_of(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=VERSIONS, orient="row")


def feeds_of(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    reports = [
        {name: row[name] for name in ("dataset", "agency", "reported_at")} | {"oldest": row["source_time"]}
        for row in rows
    ]
    return pl.DataFrame(reports, schema=FEEDS, orient="row")


def facts_of(*rows: dict[str, Any], at: datetime = AT, kind: Scored = "employer") -> Facts:
    """What is known of the one subject of these records."""
    who = USCC if kind == "employer" else PROJECT
    return gather([who], versions_of(rows), feeds_of(rows), shipped().of_subject(kind), at)


def features(*rows: dict[str, Any], at: datetime = AT, kind: Scored = "employer") -> Features:
    """The features of the one subject of these records."""
    return indicators.features_at(facts_of(*rows, at=at, kind=kind), shipped(), kind)


def assessed(*rows: dict[str, Any], at: datetime = AT, kind: Scored = "employer") -> Assessment:
    """The assessment of the one subject of these records."""
    found = features(*rows, at=at, kind=kind)
    signalled = indicators.assess_signalled(found, shipped(), kind, local_date(at))
    calm = assess((), shipped().scale(local_date(at)), local_date(at))
    return next(iter(signalled.values()), calm)


def signal(assessment: Assessment, code: str) -> Signal | None:
    return next((each for each in assessment.signals if each.indicator == code), None)


def a_uscc() -> str:
    """A code that no other test uses, its check character right: a wrong one would be looked for by its firm's name."""
    stem = "91330110" + "".join(secrets.choice(_CHARACTERS) for _ in range(9))
    codes = pl.Series([stem + character for character in _CHARACTERS])
    return str(codes.filter(~is_slip(codes)).item())


def recent_month(back: int) -> str:
    """The month `back` months ago, as yyyy-MM."""
    today = clock.today()
    months = today.year * 12 + today.month - 1 - back
    return f"{months // 12:04}-{months % 12 + 1:02}"
