"""Dates with the year last: which of the two numbers before it is the day. 5/3/2024 does not say; 25/3/2024 does.

What one line cannot tell its column does, and what a column cannot tell the other columns of its file do: nobody writes
25/3/2024 in one line and 3/25/2024 in the next. Pure.
"""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

# What stands between the numbers, and whether the day is first where nothing tells.
_SIGNS = (("/", False), ("[.-]", True))
# 31/12/9999 stands for no end: nobody wrote it as he writes days.
_LAST_YEAR = 2100
# Fewer than these are slips of the pen: of the days of a year three in five can be no month.
_LEAST_SHARE = 0.1


class _Witnesses(NamedTuple):
    """How many of so many texts have the day first, because it can be no month, and how many have it second."""

    day_first: int
    day_second: int
    texts: int

    def is_day_first(self) -> bool | None:
        """None where too few tell, or as many say the one as the other."""
        most = max(self.day_first, self.day_second)
        if self.day_first == self.day_second or most < _LEAST_SHARE * self.texts:
            return None
        return self.day_first > self.day_second


def year_first(columns: Sequence[pl.Series]) -> list[pl.Series]:
    """The texts of one file's columns with 5/3/2024, 5.3.2024 and 5-3-2024 as 2024-3-5 or 2024-5-3; others stay."""
    turned = list(columns)
    for signs, is_usual in _SIGNS:
        written = rf"^\s*(\d{{1,2}}){signs}(\d{{1,2}}){signs}(\d{{4}})"
        places = [texts.str.contains(written).fill_null(False).arg_true() for texts in turned]
        told = [_witnesses(texts.gather(place), written) for texts, place in zip(turned, places, strict=True)]
        of_file = _Witnesses(*(sum(counts) for counts in zip(*told, strict=True))).is_day_first() if told else None
        usual = is_usual if of_file is None else of_file
        for at, (place, witnesses) in enumerate(zip(places, told, strict=True)):
            own = witnesses.is_day_first()
            if len(place):
                read = _in_one_order(turned[at].gather(place), written, usual if own is None else own)
                turned[at] = turned[at].clone().scatter(place, read)
    return turned


def _witnesses(texts: pl.Series, written: str) -> _Witnesses:
    first, second, year = _numbers(texts, written)
    is_real = year <= _LAST_YEAR
    one, other = (first > 12) & (second <= 12), (second > 12) & (first <= 12)
    return _Witnesses(int((one & is_real).sum()), int((other & is_real).sum()), int(is_real.sum()))


def _in_one_order(texts: pl.Series, written: str, is_day_first: bool) -> pl.Series:
    first, second, _ = _numbers(texts, written)
    is_day = (first > 12) | (is_day_first & (second <= 12))
    return texts.str.replace(written, "$3-$2-$1").zip_with(is_day, texts.str.replace(written, "$3-$1-$2"))


def _numbers(texts: pl.Series, written: str) -> list[pl.Series]:
    return texts.str.extract_groups(written).struct.unnest().cast(pl.Int32, strict=False).get_columns()
