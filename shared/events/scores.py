"""scoring speaks: levels, and the reasons behind them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from shared.events.base import Event, Level


class ReceiptRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fact came from: a row (1-based) of a receipt."""

    receipt_id: UUID
    row: int
    agency: str
    dataset: str


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a level is what it is: a sentence with figures, and the rows behind it."""

    indicator: str
    family: str
    points: int
    text_zh: str
    text_en: str
    floor: Level | None = None
    as_of: str | None = None
    figures: dict[str, Any] = {}
    receipts: list[ReceiptRow] = []
    article: str | None = None


class _Scored(Event, frozen=True, kw_only=True):
    """What a score of any subject carries."""

    score_id: UUID
    name: str | None
    division: str | None
    level: Level
    previous_level: Level
    points: int
    families: list[str]
    reasons: list[Reason]
    scored_at: datetime
    rules_version: str
    # What the rules work out; what is told may be held for a while (cool_down), or set by a person or the law.
    computed_level: Level | None = None
    level_source: Literal["indicators", "model", "cool_down", "override", "law_floor"] = "indicators"
    level_until: date | None = None


class EmployerScored(_Scored, frozen=True, kw_only=True):
    """scoring -> alerts. An employer's level or its reasons changed; `division` is the town of the workplace."""

    subject = "scores.employer"
    source = "scoring"
    uscc: str


class ProjectScored(_Scored, frozen=True, kw_only=True):
    """scoring -> alerts. A construction project's level or its reasons changed."""

    subject = "scores.project"
    source = "scoring"
    project_code: str
    gc_uscc: str | None = None
    gc_name: str | None = None


class ScoringQualityChanged(Event, frozen=True, kw_only=True):
    """scoring -> console. A figure of how right the levels are passed its bound, or keeps it again. Once per change.

    `change` numbers the changes of a bound in a group: the highest is how it stands. `value` lies between `low` and
    `high`, of so many `rows`; `limit` is the bound, `bound_source` where it comes from.
    """

    subject = "scores.quality"
    source = "scoring"
    bound: str
    figure: str
    grouping: str
    group: str
    state: Literal["kept", "passed"]
    change: int
    changed_at: datetime
    value: float
    low: float
    high: float
    limit: float
    rows: int
    title_zh: str
    title_en: str
    bound_source: str
