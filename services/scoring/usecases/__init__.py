"""What scoring does, a verb a function: read, decide, save, announce."""

from services.scoring.usecases.comparison import compared
from services.scoring.usecases.explaining import Explanation, explain
from services.scoring.usecases.moments import moment
from services.scoring.usecases.outcomes import keep_finding, keep_listing, keep_order, keep_raised
from services.scoring.usecases.overriding import Wish, overrides_of, set_level, withdraw
from services.scoring.usecases.population import (
    carry_on,
    request_due_run,
    request_run,
    run_of,
    score_employers,
    stumbled,
)
from services.scoring.usecases.reading import NeverScored, model_says, risk_of, seen
from services.scoring.usecases.records import catch_up, take_in, take_in_listing
from services.scoring.usecases.registering import register_shipped
from services.scoring.usecases.scoring import PROJECTS_AT_ONCE, Moment, make_due, rescore, review

__all__ = [
    "PROJECTS_AT_ONCE",
    "Explanation",
    "Moment",
    "NeverScored",
    "Wish",
    "carry_on",
    "catch_up",
    "compared",
    "explain",
    "keep_finding",
    "keep_listing",
    "keep_order",
    "keep_raised",
    "make_due",
    "model_says",
    "moment",
    "overrides_of",
    "register_shipped",
    "request_due_run",
    "request_run",
    "rescore",
    "review",
    "risk_of",
    "run_of",
    "score_employers",
    "seen",
    "set_level",
    "stumbled",
    "take_in",
    "take_in_listing",
    "withdraw",
]
