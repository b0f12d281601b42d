"""Randomness by name: every draw has a stream of its own, so that adding one changes no other."""

from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Money = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]


class Draws:
    """The streams of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def of(self, name: str, number: int = 0) -> np.random.Generator:
        """The stream of that name and number (a month, most often); always the same one."""
        return np.random.Generator(np.random.PCG64DXSM([self.seed, crc32(name.encode()), number & 0xFFFFFFFF]))


def normal(stream: np.random.Generator, count: int) -> Floats:
    """Standard normal, shape (count,), float32."""
    return stream.standard_normal(count, dtype=np.float32)


def uniform(stream: np.random.Generator, count: int) -> Floats:
    """Uniform on [0, 1), shape (count,), float32."""
    return stream.random(count, dtype=np.float32)


def whole(stream: np.random.Generator, low: int, high: int, count: int) -> Ints:
    """Whole numbers from low to high - 1, shape (count,)."""
    return stream.integers(low, high, count, dtype=np.int64)


def logistic(value: Floats) -> Floats:
    """1 / (1 + exp(-value)), clipped so that nothing overflows."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(value, -30.0, 30.0))), dtype=np.float32)
