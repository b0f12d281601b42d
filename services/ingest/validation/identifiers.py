"""Credit codes and citizen numbers by column: cleaned, repaired where only one reading is right, and proven.

GB 32100-2015 (unified social credit code), GB 11714 (organisation code inside it), GB 11643-1999 (citizen number).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

# Seen in real registers instead of "we do not know": none of them is a code.
_PLACEHOLDER = r"(?i)^(空|无|暂无|未知|NULL|NONE|NIL|N/?A|[-—/.*]+|0+|1+)$"
_TIDY = r"^[1-9A-HJ-NP-Z][0-9A-HJ-NP-Z]{17}$"
_ONES = "1" * 18  # a placeholder that looks like a code
_GAPS = r"[\s\x{200b}\x{feff}-]"

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)], dtype=np.int32)
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
_CITIZEN_WEIGHTS = np.array([pow(2, 17 - place, 11) for place in range(17)], dtype=np.int32)
_PLACES = 18
_CREDIT_FAULTS = pl.Series([None, "uscc_length", "uscc_character", "uscc_check", "uscc_organisation_check"])
_CITIZEN_FAULTS = pl.Series([None, "idno_length", "idno_character", "idno_check"])
_EARLIEST_BIRTH, _LATEST_BIRTH = date(1900, 1, 1), date(2099, 12, 31)
_CITIZEN_CHECKS = "10X98765432"

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


def _table(alphabet: str) -> npt.NDArray[np.int32]:
    """For each byte its place in the alphabet, -1 when it is not in it."""
    table = np.full(256, -1, dtype=np.int32)
    for place, character in enumerate(alphabet):
        table[ord(character)] = place
    return table


_CREDIT = _table(_CREDIT_ALPHABET)
_BASE36 = _table("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = _table("0123456789")


@dataclass(frozen=True)
class Identified:
    """A column of codes after the checks: the proven code or null, and the fault or null. Same length as the input."""

    values: pl.Series
    faults: pl.Series


def credit_codes(texts: pl.Series) -> Identified:
    """Unified social credit codes; a letter O or I, which no code has, is read as the digit."""
    if _are_proven(texts):
        return Identified(texts, _CREDIT_FAULTS.clear().extend_constant(None, len(texts)))
    return _identify(_clean(texts, _read_as_digits), _CREDIT_FAULTS, _credit_faults)


def citizen_numbers(texts: pl.Series) -> Identified:
    """Citizen numbers of 18 places; one of 15 becomes 18 (GB 11643: `19` after place 6, and the check character)."""
    found = _identify(_clean(texts, _lengthened), _CITIZEN_FAULTS, _citizen_faults)
    born = found.values.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    undated = found.values.is_not_null() & born.is_between(_EARLIEST_BIRTH, _LATEST_BIRTH).fill_null(False).not_()
    if not undated.any():
        return found
    return Identified(found.values.set(undated, None), found.faults.set(undated, "idno_date"))


def _are_proven(texts: pl.Series) -> bool:
    """Whether every text is a code already, as nearly all of a register are: proven without a look at each text.

    No code begins with 0; what does may be a placeholder.
    """
    sizes = texts.str.len_bytes()
    if (sizes != _PLACES).any() or sizes.null_count() == len(sizes):
        return False
    codes = _matrix(texts)
    return bool((codes[:, 0] != ord("0")).all()) and not _credit_faults(codes).any()


def _clean(texts: pl.Series, repaired: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Half width, upper case, no gaps, repaired; a placeholder is null. A clean column costs one look."""
    if texts.str.contains(_TIDY).all(ignore_nulls=True) and not (texts == _ONES).any():
        return texts
    narrow = texts.str.normalize("NFKC").str.to_uppercase().str.replace_all(_GAPS, "")
    empty = narrow.str.contains(_PLACEHOLDER) | (narrow == "")
    return repaired(narrow.set(empty.fill_null(True), None))


def _read_as_digits(clean: pl.Series) -> pl.Series:
    return clean.str.replace_all("O", "0", literal=True).str.replace_all("I", "1", literal=True)


def _identify(clean: pl.Series, names: pl.Series, check: Callable[[Bytes], Bytes]) -> Identified:
    """Prove the texts of 18 places together. `names` of faults: none, wrong length, then those that `check` numbers."""
    text = pl.col(clean.name)
    shapes = clean.to_frame().select(
        present=text.is_not_null(),
        fits=((text.str.len_bytes() == _PLACES) & (text.str.len_chars() == _PLACES)).fill_null(False),
        foreign=((text.str.len_bytes() != _PLACES) & (text.str.len_chars() == _PLACES)).fill_null(False),
    )
    fits = shapes.get_column("fits").to_numpy()
    faults = (shapes.get_column("present").to_numpy() & ~fits).astype(np.uint8)
    # As many characters as a code has, and one of another script: it is the character that is wrong.
    faults += shapes.get_column("foreign").to_numpy()
    if fits.any():
        faults[fits] = check(_matrix(clean.filter(shapes.get_column("fits"))))
    if not faults.any():
        return Identified(clean, names.clear().extend_constant(None, len(clean)))
    found = names.gather(pl.Series(faults, dtype=pl.UInt32))
    return Identified(clean.set(pl.Series(faults > 0), None), found)


def _matrix(texts: pl.Series) -> Bytes:
    """Texts of one size as an (n, size) array of their bytes; n: those that are not null."""
    joined = texts.str.join("").cast(pl.Binary).item()
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(texts) - texts.null_count(), -1)


def _first_fault(*wrong: Flags) -> Bytes:
    """The number of the first flag that is set, row by row; 0 is none, 1 is the length, so they count from 2."""
    return np.select(list(wrong), [np.uint8(2 + place) for place in range(len(wrong))], np.uint8(0))


def _credit_faults(codes: Bytes) -> Bytes:
    places = _CREDIT[codes]
    check = (31 - (places[:, :17] @ _CREDIT_WEIGHTS) % 31) % 31
    organisation = _BASE36[codes[:, 8:17]]
    remainder = 11 - (organisation[:, :8] @ _ORGANISATION_WEIGHTS) % 11
    organisation_check = np.where(remainder == 10, _BASE36[ord("X")], remainder % 11)
    return _first_fault(np.any(places < 0, axis=1), check != places[:, 17], organisation_check != organisation[:, 8])


def _citizen_faults(codes: Bytes) -> Bytes:
    digits = _DIGITS[codes[:, :17]]
    return _first_fault(np.any(digits < 0, axis=1), _citizen_check(digits) != codes[:, 17])


def _citizen_check(digits: npt.NDArray[np.int32]) -> Bytes:
    """The check characters of (n, 17) digits, as bytes."""
    checks: Bytes = np.frombuffer(_CITIZEN_CHECKS.encode(), dtype=np.uint8)[(digits @ _CITIZEN_WEIGHTS) % 11]
    return checks


def _lengthened(clean: pl.Series) -> pl.Series:
    """Numbers of 15 digits as numbers of 18 places; everything else as it is."""
    old = clean.str.contains(r"^[0-9]{15}$").fill_null(False)
    if not old.any():
        return clean
    stems = clean.filter(old).str.replace(r"^([0-9]{6})", "${1}19")
    checks = bytes(_citizen_check(_DIGITS[_matrix(stems)])).decode()
    return clean.scatter(old.arg_true(), stems + pl.Series(list(checks)))
