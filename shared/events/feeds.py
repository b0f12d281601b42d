"""ingest speaks: how what agencies send is getting on."""

from datetime import datetime
from typing import Literal

import msgspec

from shared.events.base import Event

FeedState = Literal["never", "on_time", "due", "late", "silent", "broken"]


class FeedProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a feed, with the moment since which it is so and whom to call about it."""

    code: str
    since: datetime
    text_zh: str
    text_en: str
    item: str = ""


class FeedStateChanged(Event, frozen=True, kw_only=True):
    """ingest -> scoring, console. What an agency sends of a dataset went late, fell silent, broke, or recovered.

    Once per change. `change` numbers the changes of a feed: the highest is how it stands. While a feed is late, silent
    or broken, what it does not say is not known: missing, not zero. `last_at` is its last sign of life.
    """

    subject = "feeds.changed"
    source = "ingest"
    dataset: str
    agency: str
    department: str
    state: FeedState
    previous: FeedState
    change: int
    since: datetime
    changed_at: datetime
    last_at: datetime | None = None
    expected_at: datetime | None = None
    problems: tuple[FeedProblem, ...] = ()
