"""Every type of the catalogue as column operations: a text in, a value out, and why it is none.

A text reaches these checks stripped, null when it was empty, and (for all but free text) in half width. The first
fault whose condition holds is told. A value is null exactly when the text is null or has a fault.
"""

from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from services.ingest.catalogue import Item
from services.ingest.validation import identifiers
from services.ingest.validation.moments import moments

OPEN_LENGTH = 50
TEXT_LENGTH = 10_000
URL_LENGTH = 500
PHONE_LENGTH = 60
FREE_TEXT = frozenset({"str", "char", "text", "url", "phone", "enum", "set"})
# Free texts that have no other shape than a length.
PROSE = frozenset({"str", "text"})

# Never \d: in these expressions it means every digit of every script.
# Control characters, what an editor made of bytes it could not read, and what nobody sees: blanks of no width, marks
# that turn the direction of what follows, tags. Two keys that look alike are one, and a name reads as it is written.
# (The joiners U+200C and U+200D are letters' business in some scripts.)
_CONTROL = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fffd}"
    r"\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}\x{e0000}-\x{e007f}]"
)
_PROVINCES = r"^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)[0-9]{7}$"
_YES = ("true", "1", "是", "y", "yes", "t", "有")
_NO = ("false", "0", "否", "n", "no", "f", "无")
_EXPONENT = r"^[+-]?[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]+$"
_SCHEMES = r"^(https?|urn|s3):\S+$"


class Typed(NamedTuple):
    """The value of a text, and its faults in the order they are told: (code, condition).

    Conditions may look at the finished column of values, which bears the item's name.
    """

    value: pl.Expr
    faults: list[tuple[str, pl.Expr]]


def _has_none(item: Item) -> pl.Expr:
    return pl.col(item.item).is_null()


def _free(text: pl.Expr, most: int) -> Typed:
    return Typed(text, [("control_character", text.str.contains(_CONTROL)), ("too_long", text.str.len_chars() > most)])


def _string(text: pl.Expr, item: Item) -> Typed:
    # Registers have line breaks in names and addresses; one line is meant.
    return _free(text.str.replace_all(r"[\t\r\n]+", " "), longest(item))


def _text(text: pl.Expr, item: Item) -> Typed:
    return _free(text, longest(item))


def longest(item: Item) -> int:
    """How many characters a text of the kinds `PROSE` may have."""
    return item.sizes[0] if item.kind == "str" else TEXT_LENGTH


def _fixed(text: pl.Expr, item: Item) -> Typed:
    (length,) = item.sizes
    padded = text.str.zfill(length) if item.zero_pad else text
    return Typed(
        padded,
        [("control_character", text.str.contains(_CONTROL)), ("wrong_length", padded.str.len_chars() != length)],
    )


def _decimal(text: pl.Expr, item: Item) -> Typed:
    """Exact: what has more decimals than the type, or stands in the notation of floats, is refused, never rounded."""
    precision, scale = item.sizes
    exact = rf"^[+-]?0*[0-9]{{1,{precision - scale}}}(\.[0-9]{{0,{scale}}}0*)?$"
    digits = pl.when(text.str.contains(exact)).then(text.str.strip_prefix("+"))
    value = digits.cast(pl.Decimal(precision, scale), strict=False)
    return Typed(
        value,
        [
            ("exponent", text.str.contains(_EXPONENT)),
            ("number_format", ~text.str.contains(r"^[+-]?[0-9]+(\.[0-9]*)?$")),
            ("too_many_decimals", text.str.contains(rf"\.[0-9]{{{scale}}}[0-9]*[1-9]")),
            ("out_of_range", _has_none(item)),
        ],
    )


def _integer(text: pl.Expr, _item: Item) -> Typed:
    whole = pl.when(text.str.contains(r"^[+-]?[0-9]{1,18}(\.0+)?$")).then(text.str.replace(r"\.0+$", ""))
    return Typed(
        whole.str.strip_prefix("+").cast(pl.Int64, strict=False),
        [
            ("exponent", text.str.contains(_EXPONENT)),
            ("integer_format", ~text.str.contains(r"^[+-]?[0-9]+(\.0+)?$")),
            ("out_of_range", ~text.str.contains(r"^[+-]?[0-9]{1,18}(\.0+)?$")),
        ],
    )


def _month(text: pl.Expr, _item: Item) -> Typed:
    good = text.str.contains(r"^(19|20|21)[0-9]{2}-?(0[1-9]|1[0-2])$")
    dashed = pl.concat_str(text.str.slice(0, 4), text.str.slice(-2), separator="-")
    return Typed(pl.when(good).then(dashed), [("month_format", ~good)])


def _date(text: pl.Expr, item: Item) -> Typed:
    long = text.str.replace(r"^([0-9]{4})([0-9]{2})([0-9]{2})$", "$1-$2-$3").str.replace(r"[T ]00:00(:00(\.0+)?)?$", "")
    shaped = long.str.contains(r"^(19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$")
    value = pl.when(shaped).then(long).str.to_date("%Y-%m-%d", strict=False)
    return Typed(value, [("date_format", ~shaped), ("no_such_date", _has_none(item))])


def _boolean(text: pl.Expr, item: Item) -> Typed:
    known = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
    value = text.str.to_lowercase().replace_strict(known, default=None, return_dtype=pl.Boolean)
    return Typed(value, [("bool_format", _has_none(item))])


def _enumeration(text: pl.Expr, item: Item) -> Typed:
    if item.open:
        return _free(text.replace(choices(item)) if item.values else text, OPEN_LENGTH)
    value = text.replace_strict(choices(item), default=None, return_dtype=pl.String)
    return Typed(value, [("not_in_list", _has_none(item))])


def _set(text: pl.Expr, item: Item) -> Typed:
    """Several values of an enumeration, separated by `;` (a list in JSON): without repeats, in order."""
    parts = text.str.replace_all(r"\s*[;；,，、|/]\s*", ";").str.strip_chars(";").str.split(";")
    known = pl.element().replace_strict(choices(item), default=None, return_dtype=pl.String)
    value = parts.list.eval(known).list.unique().list.sort()
    return Typed(pl.when(~value.list.contains(None)).then(value), [("not_in_list", _has_none(item))])


def _division(text: pl.Expr, _item: Item) -> Typed:
    return _shaped(text, _PROVINCES, "division_format")


def _url(text: pl.Expr, _item: Item) -> Typed:
    value, faults = _free(text, URL_LENGTH)
    return Typed(value, [("url_format", ~text.str.contains(_SCHEMES)), *faults])


def _phone(text: pl.Expr, item: Item) -> Typed:
    """Two numbers in one field are common; a dirty item takes what it gets."""
    value, faults = _free(text, PHONE_LENGTH)
    return Typed(value, faults if item.dirty else [*faults, ("phone_format", text.str.count_matches(r"[0-9*]") < 7)])


def _year(text: pl.Expr, _item: Item) -> Typed:
    shaped = text.str.contains(r"^(19|20)[0-9]{2}$")
    return Typed(pl.when(shaped).then(text).cast(pl.Int64), [("year_format", ~shaped)])


def _shaped(text: pl.Expr, pattern: str, code: str) -> Typed:
    good = text.str.contains(pattern)
    return Typed(pl.when(good).then(text), [(code, ~good)])


def choices(item: Item) -> dict[str, str]:
    """Every accepted word of an enumeration, and the value it stands for."""
    return {word: choice.value for choice in item.values for word in (choice.value, choice.zh, *choice.also)}


_TYPES: dict[str, Callable[[pl.Expr, Item], Typed]] = {
    "str": _string,
    "text": _text,
    "char": _fixed,
    "money": _decimal,
    "dec": _decimal,
    "int": _integer,
    "month": _month,
    "date": _date,
    "bool": _boolean,
    "enum": _enumeration,
    "set": _set,
    "div9": _division,
    "url": _url,
    "phone": _phone,
    "year": _year,
}
IDENTIFIERS: dict[str, Callable[[pl.Series], identifiers.Identified]] = {
    "uscc": identifiers.credit_codes,
    "idno": identifiers.citizen_numbers,
}
# Types that are read step by step: one expression of them all would work out every step again for each that needs it.
COLUMNED = {**IDENTIFIERS, "datetime": moments}


def typed(text: pl.Expr, item: Item) -> Typed:
    """The column operations of an item's type. Some are columns of their own (`COLUMNED`)."""
    return _TYPES[item.kind](text, item)
