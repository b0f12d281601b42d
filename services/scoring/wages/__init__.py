"""Wages, worker by worker: who was to be paid what for a month, what was paid when, and how that stands. Pure.

`lines_of` gives a row a project, month and worker; `months_of` sums them and sets the account's flows beside them.
Months are counts since year 0, money is CNY in exact decimals, workers and accounts are pseudonyms, days are China's.
"""

from services.scoring.wages.lines import lines_of
from services.scoring.wages.months import months_of
from services.scoring.wages.payments import open_by, owed_and_paid, stated
from services.scoring.wages.states import STATES
from services.scoring.wages.terms import WINDOW_MONTHS, due_days, due_on, shipped_datasets

__all__ = [
    "STATES",
    "WINDOW_MONTHS",
    "due_days",
    "due_on",
    "lines_of",
    "months_of",
    "open_by",
    "owed_and_paid",
    "shipped_datasets",
    "stated",
]
