"""What an employer's code means: dirt is washed off what proves to be a credit code; any other text stays as it is.

A world may name its employers as it likes, so nothing is dropped for not being a credit code. Each text is read by
itself: what others write, or write later, changes nothing.
"""

from collections.abc import Callable, Collection, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PRIME = 31
_GAPS = r"[\s\p{Z}\p{Cf}\p{Pd}]"
# GB 32100-2015: registering body and class, division of six digits, organisation code, check character.
_SHAPE = rf"^[{_ALPHABET}]{{2}}[0-9]{{6}}[{_ALPHABET}]{{10}}$"
_BLANKS = r"[\s\p{Z}\p{Cf}]"
_SPOILT = "\ufffd"  # stands where a byte was no letter
_FRACTION = r"^([0-9]+)\.0+$"
# What is written now so and now so, beside width and blanks.
FOLDS: Mapping[str, Callable[[pl.Series], pl.Series]] = {
    "case": lambda codes: codes.str.to_lowercase(),
    "letters": lambda codes: codes.str.replace_all("[Oo]", "0"),
    "noughts": lambda codes: codes.str.replace(r"^0+([0-9]+)$", "$1"),
}
_NOTHING = ("", "NULL", "NONE", "NAN", "NA", "N/A", "/", "无", "未知")


def canonical(texts: pl.Series) -> pl.Series:
    """One spelling of each code: half width, upper case, no gaps, O and I as digits, where that has the shape of one.

    Null for what stands for nothing or was spoilt on the way; other texts only lose the blanks around them.
    """
    # A number that some program kept as a fraction is the number: 101.0.
    bare = texts.cast(pl.String).str.strip_chars().str.replace(_FRACTION, "$1")
    is_nothing = bare.str.to_uppercase().is_in(_NOTHING) | bare.str.contains(_SPOILT, literal=True)
    bare = bare.set(is_nothing.fill_null(False), None)
    clean = bare.str.normalize("NFKC").str.to_uppercase().str.replace_all(_GAPS, "")
    clean = clean.str.replace_all("O", "0", literal=True).str.replace_all("I", "1", literal=True)
    return bare.zip_with(~clean.str.contains(_SHAPE).fill_null(False), clean)


def plain(codes: pl.Series) -> pl.Series:
    """Codes in half width, without blanks."""
    return codes.str.normalize("NFKC").str.replace_all(_BLANKS, "")


def folded(codes: pl.Series, kept: Collection[str] = ()) -> pl.Series:
    """Codes without what is written now so and now so: case, width, blanks, O for 0, and noughts before a number.

    `kept`: what of it tells one employer from another here (names of `FOLDS`), and stays.
    """
    found = plain(codes)
    for kind, fold in FOLDS.items():
        found = found if kind in kept else fold(found)
    return found


def telling(codes: pl.Series) -> frozenset[str]:
    """What tells one of these codes from another: where one pair differs by its case alone, case means something."""
    each = plain(codes).unique()
    return frozenset(kind for kind, fold in FOLDS.items() if fold(each).n_unique() < len(each))


def is_shaped(codes: pl.Series) -> pl.Series:
    """Which codes have the shape of a credit code: `canonical` has read those."""
    return codes.str.contains(_SHAPE)


def is_slip(texts: pl.Series) -> pl.Series:
    """Whether a text has the shape of a credit code and its check character is wrong. (n,) of bool, null as false."""
    shaped = texts.str.contains(_SHAPE).fill_null(False)
    wrong = np.zeros(len(texts), dtype=bool)
    if shaped.any():
        wrong[shaped.to_numpy()] = ~_proves(_places(texts.filter(shaped)))
    return pl.Series(texts.name, wrong)


def _proves(places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    weights = np.array([pow(3, place, _PRIME) for place in range(17)], dtype=np.int64)
    return np.asarray((places[:, :17] @ weights + places[:, 17]) % _PRIME == 0)


def _places(codes: pl.Series) -> npt.NDArray[np.int64]:
    table = np.zeros(128, dtype=np.int64)
    table[[ord(letter) for letter in _ALPHABET]] = np.arange(_PRIME)
    letters = np.frombuffer("".join(codes.to_list()).encode("ascii"), dtype=np.uint8).reshape(len(codes), 18)
    return np.asarray(table[letters])
