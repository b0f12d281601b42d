"""Where an employer is, what it does and how large it is: for its peers, and for what is told beside figures."""

import numpy as np
import polars as pl

from services.scoring.measurebook import Measurebook
from services.scoring.worlds.tables import HUNDREDTHS, UNKNOWN, Array, Table
from services.scoring.worlds.views import newest, pick, rows_at


def profile(register: Table | None, heads: Table | None, book: Measurebook, numbers: Array, at: int) -> pl.DataFrame:
    """town (text), industry (section letter, or the text itself), size (band): one row an employer, null if unknown."""
    items = (book.profile.town.item, book.profile.industry.item)
    town, industry = (_word(register, item, numbers, at) for item in items)
    size = bands(_heads(heads, book, numbers, at), book.sizes)
    return pl.DataFrame({"town": town, "industry": sections(industry, book.sections), "size": size})


def _word(table: Table | None, item: str, numbers: Array, at: int) -> pl.Series:
    nothing = pl.Series(item, [None] * len(numbers), dtype=pl.String)
    if table is None or item not in table.words:
        return nothing
    places, values = table.words[item]
    found = pl.Series(pick(places, newest(*rows_at(table, numbers, at), len(numbers))))
    return values.gather(found.set(found < 0, None)).alias(item)


def sections(codes: pl.Series, sections: dict[str, int]) -> pl.Series:
    """The section (A-T) of an industry's code; a letter or another text stands for itself."""
    division = codes.str.extract(r"^[A-Z]?(\d{2})").cast(pl.Int32)
    firsts = np.array(list(sections.values()))
    known = division.is_not_null() & (division > 0)
    place = np.searchsorted(firsts, division.fill_null(1).clip(1).to_numpy(), side="right") - 1
    letters = pl.Series(list(sections), dtype=pl.String).gather(pl.Series(place))
    return codes.zip_with(~known.fill_null(False), letters).alias("industry")


def _heads(table: Table | None, book: Measurebook, numbers: Array, at: int) -> Array:
    """Insured people in the newest month that is known; NaN where none is."""
    nothing = np.full(len(numbers), np.nan)
    if table is None:
        return nothing
    code = next((each.code for each in table.dataset.measures if each.amount == book.profile.heads.item), "")
    if f"{code}:amount" not in table.columns:
        return nothing
    people = pick(table.columns[f"{code}:amount"], newest(*rows_at(table, numbers, at), len(numbers)))
    return np.where(people == UNKNOWN, np.nan, np.maximum(people, 0) / HUNDREDTHS)


def bands(people: Array, sizes: dict[str, int]) -> pl.Series:
    """The band of sizes that each number of insured people lies in; null for NaN."""
    least = np.array(list(sizes.values()))
    place = np.searchsorted(least, np.nan_to_num(people), side="right") - 1
    bands = pl.Series("size", list(sizes), dtype=pl.String).gather(pl.Series(place))
    return bands.set(pl.Series(np.isnan(people)), None)
