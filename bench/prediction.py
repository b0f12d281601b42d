"""What LightGBM's bare prediction costs: nothing is read, nothing is explained, nothing is written back."""

import time

import numpy as np
from numpy.typing import NDArray

from services.scoring.model.boosting import lightgbm

# As large as the models that training makes of a city (docs/backtest.md, docs/features.md).
COLUMNS, ROUNDS, LEAVES = 675, 366, 8
_AT_ONCE = 10_000


def rows_per_s(count: int) -> float:
    """So many rows a second, on as many threads as there are cores. The values are random, a third of them missing."""
    random = np.random.default_rng(1)
    booster = _booster(_rows(random, 5000), random)
    seconds = 0.0
    for start in range(0, count, _AT_ONCE):
        rows = _rows(random, min(_AT_ONCE, count - start))
        began = time.perf_counter()
        booster.predict(rows)
        seconds += time.perf_counter() - began
    return count / seconds


def _rows(random: np.random.Generator, count: int) -> NDArray[np.float32]:
    values = random.standard_normal((count, COLUMNS), dtype=np.float32)
    values[values > 0.43] = np.nan
    return values


def _booster(rows: NDArray[np.float32], random: np.random.Generator) -> lightgbm.Booster:
    labels = (np.nan_to_num(rows[:, :50]).sum(axis=1) + random.standard_normal(len(rows)) > 0).astype(np.float32)
    settings = {"objective": "binary", "num_leaves": LEAVES, "feature_fraction": 0.1, "verbosity": -1}
    return lightgbm.train(settings, lightgbm.Dataset(rows, labels), ROUNDS)
