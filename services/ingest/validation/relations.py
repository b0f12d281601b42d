"""What a value must satisfy beyond its type: presence, bounds, and other items of the same record.

Every condition is false or null while a value it needs is missing: a record is refused for what it says, not for
what it leaves out, unless the item is required.
"""

import polars as pl

from services.ingest.catalogue import Item

Fault = tuple[str, pl.Expr]


def missing(item: Item, text: pl.Expr) -> list[Fault]:
    """The item is required, always or because of another item."""
    if item.required:
        return [("required", text.is_null())]
    if item.required_when is None:
        return []
    other = pl.col(item.required_when.item).cast(pl.String)
    if item.required_when.equals is not None:
        return [("required_here", text.is_null() & (other == item.required_when.equals))]
    return [("required_here", text.is_null() & (other != item.required_when.differs))]


def bounds(item: Item) -> list[Fault]:
    """`min` and `max` with their bound, `above` without it. The message names the bound."""
    value = pl.col(item.item)
    faults = []
    if item.min is not None:
        faults.append(("below_min", value < pl.lit(item.min)))
    if item.above is not None:
        faults.append(("not_above", value <= pl.lit(item.above)))
    if item.max is not None:
        faults.append(("above_max", value > pl.lit(item.max)))
    return faults


def comparisons(item: Item) -> list[Fault]:
    """Comparisons with other items of the record."""
    value = pl.col(item.item)
    faults = []
    if item.at_most:
        faults.append(("more_than_other", value > pl.col(item.at_most)))
    if item.not_before:
        faults.append(("before_other", value < pl.col(item.not_before)))
    if item.difference:
        whole, part = (pl.col(name) for name in item.difference)
        # Who paid more than was due owes nothing: 0 is right then, too.
        right = (value == whole - part) | ((whole < part) & (value == 0))
        faults.append(("wrong_difference", ~right))
    return faults
