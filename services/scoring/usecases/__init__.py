"""What scoring does, a verb a function: read, decide, save, announce."""

from services.scoring.usecases.moments import moment
from services.scoring.usecases.outcomes import keep_finding, keep_listing, keep_order, keep_raised
from services.scoring.usecases.overriding import Wish, overrides_of, set_level, withdraw
from services.scoring.usecases.reading import NeverScored, risk_of, seen
from services.scoring.usecases.records import catch_up, take_in, take_in_listing
from services.scoring.usecases.registering import register_shipped
from services.scoring.usecases.scoring import PROJECTS_AT_ONCE, Moment, rescore, review

__all__ = [
    "PROJECTS_AT_ONCE",
    "Moment",
    "NeverScored",
    "Wish",
    "catch_up",
    "keep_finding",
    "keep_listing",
    "keep_order",
    "keep_raised",
    "moment",
    "overrides_of",
    "register_shipped",
    "rescore",
    "review",
    "risk_of",
    "seen",
    "set_level",
    "take_in",
    "take_in_listing",
    "withdraw",
]
