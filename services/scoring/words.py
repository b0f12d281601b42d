"""Words that people read beside a level, in two languages (`data/words.yaml`): of levels, of families, of acts."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

import msgspec


class Sentence(Formatter):
    """Formats like str.format, but says `unknown` of a figure that nobody reported; `{n:day|days}` is 1 day, 2 days."""

    def __init__(self, unknown: str = "?") -> None:
        self.unknown = unknown

    def format_field(self, value: Any, format_spec: str) -> str:
        """A figure as it is printed."""
        one, bar, many = format_spec.partition("|")
        said = self.unknown if value is None else format(value, "" if bar else format_spec)
        return f"{said} {one if value == 1 else many}" if bar else str(said)


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in Chinese and English; with `{figure}` where a figure stands."""

    zh: str
    en: str

    def filled(self, figures: Mapping[str, Any]) -> "Words | None":
        """With the figures in their places; None when one of them is not known."""
        known = {name: _number(value) for name, value in figures.items() if value is not None}
        if not figures_in(self) <= known.keys():
            return None
        return Words(Sentence().vformat(self.zh, (), known), Sentence().vformat(self.en, (), known))


class WordBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them: by level, by family, and by indicator the acts that would end it, the most telling first."""

    levels: dict[str, Words]
    families: dict[str, Words]
    other: Words
    acts: dict[str, tuple[Words, ...]]

    def act(self, indicator: str, figures: Mapping[str, Any], titles: Words) -> Words:
        """Which act would end an indicator, with its figures; of one that has no words its titles."""
        known = (words.filled(figures) for words in self.acts.get(indicator, ()))
        other = self.other.filled({"title_zh": titles.zh, "title_en": titles.en})
        return next((words for words in known if words), other or titles)

    def family(self, family: str) -> Words:
        """The name of a family."""
        return self.families.get(family, Words(family, family))


def figures_in(words: Words) -> set[str]:
    """The figures that stand in both languages."""
    return {name for text in (words.zh, words.en) for _, name, _, _ in Formatter().parse(text) if name}


@cache
def shipped() -> WordBook:
    """The words in the package."""
    page = resources.files("services.scoring") / "data" / "words.yaml"
    return msgspec.yaml.decode(page.read_bytes(), type=WordBook)


def _number(value: Any) -> Any:
    # A sum of money is kept as text, so that no cent is lost.
    if isinstance(value, str) and value.replace(".", "", 1).removeprefix("-").isdigit():
        return Decimal(value)
    return value
