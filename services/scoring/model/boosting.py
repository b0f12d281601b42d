"""LightGBM, whose idle threads wait instead of spinning: on a busy machine spinning makes it ten times slower.

Imported only where trees are used: the service's image goes without the library until it predicts with them.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import lightgbm

__all__ = ["lightgbm"]
