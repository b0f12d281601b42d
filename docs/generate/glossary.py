"""docs/glossary.md from docs/glossary.csv: one row a term, Chinese first, with the identifier the code uses."""

import csv
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from docs.generate.markdown import WARNING, code, table

SOURCE = Path(__file__).parent.parent / "glossary.csv"


class Term(NamedTuple):
    """A word of the field, in both languages, with its identifier in code."""

    section: str
    zh: str
    en: str
    identifier: str


def terms() -> list[Term]:
    """Every term, in the order of the file."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        return [Term(**row) for row in csv.DictReader(file)]


def pages() -> dict[str, str]:
    """The glossary page."""
    sections = [
        f"## {section}\n\n" + table(("中文", "English", "identifier"), _rows(list(found)))
        for section, found in groupby(terms(), key=lambda term: term.section)
    ]
    return {"glossary.md": "\n".join([_HEAD, *sections])}


def _rows(found: list[Term]) -> list[tuple[str, str, str]]:
    return [(term.zh, term.en, code(term.identifier)) for term in found]


_HEAD = f"""{WARNING}
# 术语表 Glossary

一个概念，全系统只用一个标识符：代码、接口、事件、日志里看到的英文名，都能在这里查到对应的中文业务用语。
One concept, one identifier: what code, API, events and logs call a thing, beside the word the field uses.
Source: [glossary.csv](glossary.csv); add a term there and run `make docs`.
"""
