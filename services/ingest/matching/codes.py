"""What a damaged code may mean: registration numbers, organisation codes, and codes with one character wrong.

A text that proves to be a valid credit code is never read as another one.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from services.ingest.validation.identifiers import credit_codes

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PRIME = 31
_PLACES = 18
_WRITTEN = r"[0-9A-Z]+"
# Which registration number a firm had before the credit code: 15 digits since 2007, 13 before.
_REG_NO = r"^(?:\d{13}|\d{15})$"
_ORGANISATION = r"^[0-9A-Z]{8}[0-9X]$"
_GAPS = r"[\s\p{Z}\p{Cf}\p{Pd}]"
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)

Places = npt.NDArray[np.int64]
Found = tuple[Places, Places]  # which text, and the places of its characters in the alphabet
Variants = Callable[[Places], Found]


class _Tables(NamedTuple):
    place: Places
    weights: Places
    inverses: Places
    base36: Places


def tidy(texts: pl.Series) -> pl.Series:
    """Half width, upper case, without gaps and dashes."""
    return texts.str.normalize("NFKC").str.to_uppercase().str.replace_all(_GAPS, "")


def inside(texts: pl.Series) -> pl.Series:
    """The one valid credit code that stands in each text among other words; null where there is none, or several."""
    runs = tidy(texts).str.extract_all(_WRITTEN).list.unique()
    runs = runs.list.eval(pl.element().filter(pl.element().str.len_bytes() == _PLACES))
    lone = pl.Series(runs.list.get(0, null_on_oob=True)).set(runs.list.len().fill_null(0) != 1, None)
    return credit_codes(lone).values


def registration_numbers(texts: pl.Series) -> pl.Series:
    """The texts that have the shape of a registration number; null where they do not, or stand for "unknown"."""
    clean = tidy(texts).str.replace_all("O", "0", literal=True).str.replace_all("I", "1", literal=True)
    return clean.set((~clean.str.contains(_REG_NO) | _is_filler(clean)).fill_null(True), None)


def organisation_codes(texts: pl.Series) -> pl.Series:
    """Nine characters that prove to be an organisation code (GB 11714), with or without dash; null elsewhere."""
    clean = tidy(texts)
    fits = (clean.str.contains(_ORGANISATION) & ~_is_filler(clean)).fill_null(False)
    if not fits.any():
        return clean.set(~fits, None)
    proven = np.zeros(len(clean), dtype=bool)
    proven[fits.to_numpy()] = _organisation_proves(_codes_of(clean.filter(fits), "base36"))
    return clean.set(~pl.Series(proven), None)


def near_codes(texts: pl.Series) -> pl.DataFrame:
    """Every valid code that one wrong, missing or surplus character may have hidden: (place, code).

    `place` counts the texts from 0. What is a valid code as it stands, or is damaged in two places, has none.
    """
    clean = tidy(texts).str.replace_all("O", "0", literal=True).str.replace_all("I", "1", literal=True)
    lengths = clean.str.len_chars().fill_null(0)
    found = [_NOTHING]
    for length, variants in ((_PLACES, _one_wrong), (_PLACES - 1, _one_missing), (_PLACES + 1, _one_surplus)):
        at = (lengths == length).arg_true()
        if len(at):
            found.append(_proven(clean.gather(at), at, variants))
    return pl.concat(found).unique(maintain_order=True)


_NOTHING = pl.DataFrame(schema={"place": pl.UInt32, "code": pl.String})


def _proven(texts: pl.Series, at: pl.Series, variants: Variants) -> pl.DataFrame:
    places = _codes_of(texts, "place")
    rows, codes = variants(places)
    if not len(rows):
        return _NOTHING
    letters = np.array(list(_ALPHABET))[codes]
    joined = pl.Series("code", ["".join(line) for line in letters], dtype=pl.String)
    frame = pl.DataFrame({"place": at.gather(pl.Series(rows)).cast(pl.UInt32), "code": joined})
    # Also the organisation code inside must prove.
    return frame.filter(credit_codes(frame.get_column("code")).faults.is_null())


def _one_wrong(places: Places) -> Found:
    """For each place the one character that makes the check come out right: 18 readings a text."""
    tables, (count, _) = _tables(), places.shape
    unread = places < 0
    sums = (np.where(unread, 0, places) @ tables.weights) % _PRIME
    variants = np.repeat(places[:, None, :], _PLACES, axis=1)
    every = np.arange(_PLACES)
    known = np.where(unread, 0, places)
    variants[:, every, every] = (known - sums[:, None] * tables.inverses) % _PRIME
    # A valid text is not damaged, and where a character cannot be read at all only that one may be wrong.
    damaged = (sums != 0) | unread.any(axis=1)
    possible = damaged[:, None] & ((unread.sum(axis=1)[:, None] - unread) == 0)
    rows = np.repeat(np.arange(count), _PLACES)[possible.ravel()]
    return rows, variants.reshape(-1, _PLACES)[possible.ravel()]


def _one_missing(places: Places) -> Found:
    tables = _tables()
    readable = np.flatnonzero((places >= 0).all(axis=1))
    gapped = [np.insert(places[readable], place, 0, axis=1) for place in range(_PLACES)]
    for place, lines in enumerate(gapped):
        lines[:, place] = (-(lines @ tables.weights) * tables.inverses[place]) % _PRIME
    return np.tile(readable, _PLACES), np.concatenate(gapped)


def _one_surplus(places: Places) -> Found:
    shorter = [np.delete(places, place, axis=1) for place in range(places.shape[1])]
    lines, rows = np.concatenate(shorter), np.tile(np.arange(len(places)), places.shape[1])
    readable = (lines >= 0).all(axis=1)
    return rows[readable], lines[readable]


def _is_filler(clean: pl.Series) -> pl.Series:
    """One character over and over: nobody's number."""
    first = clean.str.slice(0, 1)
    frame = pl.DataFrame({"clean": clean, "first": first})
    return frame.select(pl.col("clean").str.strip_chars(pl.col("first")) == "").to_series()


def _organisation_proves(characters: Places) -> npt.NDArray[np.bool_]:
    rest = 11 - (characters[:, :8] @ _ORGANISATION_WEIGHTS) % 11
    check = np.where(rest == 10, _tables().base36[ord("X")], rest % 11)
    return np.asarray(check == characters[:, 8])


def _codes_of(texts: pl.Series, table: str) -> Places:
    """Texts of one length as an (n, length) array of places in an alphabet, -1 for what is not in it."""
    points = np.array([list(map(ord, text)) for text in texts.to_list()], dtype=np.int64)
    lookup: Places = getattr(_tables(), table)
    return np.asarray(lookup[np.where(points < len(lookup), points, 0)])


@cache
def _tables() -> _Tables:
    weights = np.array([*(pow(3, place, _PRIME) for place in range(_PLACES - 1)), 1], dtype=np.int64)
    inverses = np.array([pow(int(weight), -1, _PRIME) for weight in weights], dtype=np.int64)
    return _Tables(_places(_ALPHABET), weights, inverses, _places("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def _places(alphabet: str) -> Places:
    table = np.full(128, -1, dtype=np.int64)
    for place, character in enumerate(alphabet):
        table[ord(character)] = place
    return table
