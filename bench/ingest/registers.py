"""What a tax bureau exports at night: the arrears of a district's employers, month after month, as CSV."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

# Yuhang's 260,000 market entities.
EMPLOYERS = 260_000
ROWS_A_FILE = 50_000

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LETTERS = np.frombuffer(_ALPHABET.encode(), dtype=np.uint8)
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])


@cache
def credit_codes() -> pl.Series:
    """One valid code an employer (GB 32100-2015, GB 11714): both check characters are right."""
    numbers = np.arange(EMPLOYERS)
    digits = (numbers[:, None] // 10 ** np.arange(5, -1, -1)) % 10
    stem = np.concatenate([np.tile([22, 10], (EMPLOYERS, 1)), digits], axis=1)  # `MA` in base 36
    remainder = 11 - (stem @ _ORGANISATION_WEIGHTS) % 11
    check = np.where(remainder == 10, ord("X"), ord("0") + remainder % 11)
    texts = np.concatenate([_bytes("91330110"), _bytes("MA"), digits + ord("0"), check[:, None]], axis=1)
    places = np.searchsorted(_LETTERS, texts)
    last = _LETTERS[(31 - (places @ _WEIGHTS) % 31) % 31]
    whole = np.concatenate([texts, last[:, None]], axis=1).astype(np.uint8)
    return pl.Series("uscc", whole.view("S18").ravel().astype(str))


def _bytes(text: str) -> npt.NDArray[np.int64]:
    return np.tile(np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int64), (EMPLOYERS, 1))


def files(records: int, first_month: int = 0) -> Iterator[bytes]:
    """CSV files of up to ROWS_A_FILE records, no record twice. `first_month` counts months from 2000-01."""
    left, month = records, first_month
    while left > 0:
        order = np.random.default_rng(month).permutation(EMPLOYERS)[:left]
        for start in range(0, len(order), ROWS_A_FILE):
            yield _file(credit_codes().gather(order[start : start + ROWS_A_FILE]), month)
        left -= len(order)
        month += 1


def _file(codes: pl.Series, month: int) -> bytes:
    period = f"{2000 + month // 12}-{month % 12 + 1:02d}"
    cents = (codes.hash(month) % 10_000_000 + 1).cast(pl.Int64)
    table = pl.DataFrame(
        {
            "taxpayer": "杭州余杭第" + codes.str.slice(10, 6) + "贸易有限公司",
            "taxpayer_no": codes,
            "uscc": codes,
            "tax_kind": pl.repeat("增值税", len(codes), eager=True),
            "balance": (cents // 100).cast(pl.String) + "." + (cents % 100).cast(pl.String).str.zfill(2),
            "as_of": pl.repeat(period, len(codes), eager=True),
            "stat_at": pl.repeat(f"{period}-28 08:00:00", len(codes), eager=True),
        }
    )
    return table.write_csv().encode()
