"""The checks of the catalogue by column: texts in, typed values and faults out. Pure."""

from services.ingest.validation.checking import FAULTS, ROW, Batch, Checked, Checker
from services.ingest.validation.messages import CODES, messages

__all__ = ["CODES", "FAULTS", "ROW", "Batch", "Checked", "Checker", "messages"]
