"""scoring speaks: what it makes of which items."""

from datetime import datetime

import msgspec

from shared.events.base import Event


class ItemUsed(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a dataset that a feature reads."""

    dataset: str
    item: str


class FeatureUse(msgspec.Struct, frozen=True, kw_only=True):
    """A feature and every item that it is made of, also by way of other features."""

    code: str
    title_zh: str
    title_en: str
    items: list[ItemUsed]


class IndicatorUse(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator, the features that its steps compare or print, and its article."""

    code: str
    title_zh: str
    title_en: str
    subject: str
    features: list[str]
    article: str


class RulebookAnnounced(Event, frozen=True, kw_only=True):
    """scoring -> ingest. The rules in use, as far as lineage asks. Said again at each start; the newest one counts."""

    subject = "scores.rulebook"
    source = "scoring"
    version: str
    announced_at: datetime
    features: list[FeatureUse]
    indicators: list[IndicatorUse]
