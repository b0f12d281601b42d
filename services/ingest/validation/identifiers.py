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
_TIDY = r"^[0-9A-HJ-NP-Z]{18}$"
_GAPS = r"[\s\x{200b}\x{feff}-]"

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)], dtype=np.int32)
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
_CITIZEN_WEIGHTS = np.array([pow(2, 17 - place, 11) for place in range(17)], dtype=np.int32)
_EARLIEST_BIRTH, _LATEST_BIRTH = date(1900, 1, 1), date(2099, 12, 31)
_CITIZEN_CHECKS = "10X98765432"

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Faults = npt.NDArray[np.object_]


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
    clean = _clean(texts)
    if clean.str.contains("[OI]").any():
        clean = clean.str.replace_all("O", "0", literal=True).str.replace_all("I", "1", literal=True)
    return _identify(clean, 18, "uscc_length", _credit_faults)


def citizen_numbers(texts: pl.Series) -> Identified:
    """Citizen numbers of 18 places; one of 15 becomes 18 (GB 11643: `19` after place 6, and the check character)."""
    clean = _lengthened(_clean(texts))
    found = _identify(clean, 18, "idno_length", _citizen_faults)
    born = found.values.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    undated = found.values.is_not_null() & born.is_between(_EARLIEST_BIRTH, _LATEST_BIRTH).fill_null(False).not_()
    if not undated.any():
        return found
    return Identified(found.values.set(undated, None), found.faults.set(undated, "idno_date"))


def _clean(texts: pl.Series) -> pl.Series:
    """Half width, upper case, no gaps; a placeholder is null. A column that is clean already costs one look."""
    if texts.str.contains(_TIDY).fill_null(True).all():
        return texts
    narrow = texts.str.normalize("NFKC").str.to_uppercase().str.replace_all(_GAPS, "")
    empty = narrow.str.contains(_PLACEHOLDER) | (narrow == "")
    return narrow.set(empty.fill_null(True), None)


def _identify(clean: pl.Series, length: int, wrong_length: str, check: Callable[[Bytes], Faults]) -> Identified:
    """Prove the texts of the right length together; every other text that is not null has the wrong length."""
    fits = ((clean.str.len_bytes() == length) & (clean.str.len_chars() == length)).fill_null(False)
    faults = np.full(len(clean), None, dtype=object)
    faults[(clean.is_not_null() & ~fits).to_numpy()] = wrong_length
    places = fits.arg_true().to_numpy()
    if len(places):
        faults[places] = check(_matrix(clean.filter(fits), length))
    found = pl.Series(clean.name, faults.tolist(), dtype=pl.String)
    return Identified(clean.set(found.is_not_null(), None), found)


def _matrix(texts: pl.Series, length: int) -> Bytes:
    """ASCII texts of one length as an (n, length) array of bytes."""
    return np.frombuffer("".join(texts.to_list()).encode("latin-1", "replace"), dtype=np.uint8).reshape(-1, length)


def _first_fault(*checks: tuple[str, Flags]) -> Faults:
    """The first code whose flag is true, row by row."""
    faults = np.full(len(checks[0][1]), None, dtype=object)
    for code, wrong in reversed(checks):
        faults[wrong] = code
    return faults


def _credit_faults(codes: Bytes) -> Faults:
    places = _CREDIT[codes]
    check = (31 - (places[:, :17] @ _CREDIT_WEIGHTS) % 31) % 31
    organisation = _BASE36[codes[:, 8:17]]
    remainder = 11 - (organisation[:, :8] @ _ORGANISATION_WEIGHTS) % 11
    organisation_check = np.where(remainder == 10, _BASE36[ord("X")], remainder % 11)
    return _first_fault(
        ("uscc_character", np.any(places < 0, axis=1)),
        ("uscc_check", check != places[:, 17]),
        ("uscc_organisation_check", organisation_check != organisation[:, 8]),
    )


def _citizen_faults(codes: Bytes) -> Faults:
    digits = _DIGITS[codes[:, :17]]
    expected = _citizen_check(digits)
    return _first_fault(
        ("idno_character", np.any(digits < 0, axis=1)),
        ("idno_check", expected != codes[:, 17]),
    )


def _citizen_check(digits: npt.NDArray[np.int32]) -> Bytes:
    """The check characters of (n, 17) digits, as bytes."""
    checks: Bytes = np.frombuffer(_CITIZEN_CHECKS.encode(), dtype=np.uint8)[(digits @ _CITIZEN_WEIGHTS) % 11]
    return checks


def _lengthened(clean: pl.Series) -> pl.Series:
    """Numbers of 15 digits as numbers of 18 places; everything else as it is."""
    old = clean.str.contains(r"^\d{15}$").fill_null(False)
    if not old.any():
        return clean
    stems = clean.filter(old).str.replace(r"^(\d{6})", "${1}19")
    checks = bytes(_citizen_check(_DIGITS[_matrix(stems, 17)])).decode()
    return clean.scatter(old.arg_true(), stems + pl.Series(list(checks)))
