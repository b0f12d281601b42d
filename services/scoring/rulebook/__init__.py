"""The rules as data: which items of a dataset count, what features they give, and which indicators those trigger.

Everything a person may want to change is in four pages of YAML (the shipped ones: `data/*.yaml`): thresholds, points,
floors, sentences, legal anchors and the dates between which they hold. A book is read and checked whole; a book that
contradicts itself is refused, with everything that is wrong with it.
"""

from services.scoring.rulebook.book import Rulebook
from services.scoring.rulebook.entries import Condition, Indicator, Kind, NotYet, Parameter, Tier, features_of
from services.scoring.rulebook.faults import BadBook, Fault
from services.scoring.rulebook.features import (
    NEVER_OF_SILENCE,
    Alias,
    Built,
    Dataset,
    Derived,
    Family,
    Feature,
    ItemType,
    Scored,
    Where,
)
from services.scoring.rulebook.reading import PAGES, Pages, not_yet, parse, read, shipped, shipped_pages

__all__ = [
    "NEVER_OF_SILENCE",
    "PAGES",
    "Alias",
    "BadBook",
    "Built",
    "Condition",
    "Dataset",
    "Derived",
    "Family",
    "Fault",
    "Feature",
    "Indicator",
    "ItemType",
    "Kind",
    "NotYet",
    "Pages",
    "Parameter",
    "Rulebook",
    "Scored",
    "Tier",
    "Where",
    "features_of",
    "not_yet",
    "parse",
    "read",
    "shipped",
    "shipped_pages",
]
