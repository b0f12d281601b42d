"""The checks of the catalogue by column: texts in, typed values and faults out. Pure."""

from services.ingest.validation.checking import FAULTS, ROW, Batch, Checked, Checker
from services.ingest.validation.messages import CODES, messages
from services.ingest.validation.throughout import FEWEST_ROWS, wrong_throughout

__all__ = [
    "CODES",
    "FAULTS",
    "FEWEST_ROWS",
    "ROW",
    "Batch",
    "Checked",
    "Checker",
    "messages",
    "wrong_throughout",
]
