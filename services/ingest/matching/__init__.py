"""Whose record is this: by column, the strongest evidence first. Pure: what is known comes in as a frame."""

from services.ingest.matching.clues import AT, CLUES, WRITTEN, Clues, clues_of, happened_at, written_codes
from services.ingest.matching.deciding import DECIDED, EVIDENCE, decide
from services.ingest.matching.lessons import ACCOUNTS, EMPLOYERS, MERGERS, TEACHER, Lessons, can_teach, lessons_of
from services.ingest.matching.subjects import SUBJECT, unmatched_faults, with_subject

__all__ = [
    "ACCOUNTS",
    "AT",
    "CLUES",
    "DECIDED",
    "EMPLOYERS",
    "EVIDENCE",
    "MERGERS",
    "SUBJECT",
    "TEACHER",
    "WRITTEN",
    "Clues",
    "Lessons",
    "can_teach",
    "clues_of",
    "decide",
    "happened_at",
    "lessons_of",
    "unmatched_faults",
    "with_subject",
    "written_codes",
]
