"""How long training takes and in how much memory: `python -m bench.training --employers 26000 --json`.

A synthetic city of that size (or `--data DIR`), then `anxin train` on its first three years. Seconds by the clock and
of the processor of each stage (a busy machine changes the latter less), and the most memory.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local import modelling

_UNTIL = date(2024, 12, 31)


class _Watch:
    """When each thing was said first, by the clock and the processor."""

    def __init__(self) -> None:
        self.began = time.perf_counter(), time.process_time()
        self.said: dict[str, tuple[float, float]] = {}

    def say(self, _zh: str, en: str) -> None:
        """Notes the first word's time: reading, features, training."""
        self.said.setdefault(en.split(maxsplit=1)[0], self.now())

    def now(self) -> tuple[float, float]:
        """Seconds since the beginning, by the clock and the processor."""
        return time.perf_counter() - self.began[0], time.process_time() - self.began[1]


def measure(folder: Path, until: date) -> dict[str, Any]:
    """Train on a directory; seconds until the first features, the last ones, and in all; rows; the most memory (MB)."""
    watch = _Watch()
    with TemporaryDirectory(prefix="anxin-model-") as out:
        told = modelling.train(folder, until, Path(out), seed=1, say=watch.say)
    whole, training = told["training"], watch.said["training"]
    read, done = watch.said.get("features", training), watch.now()
    stages = {"read": read, "with_features": training, "train": done}
    return {
        **{f"{stage}_s": round(clock, 1) for stage, (clock, _) in stages.items()},
        **{f"{stage}_cpu_s": round(cpu, 1) for stage, (_, cpu) in stages.items()},
        "rows": whole["rows"],
        "positives": whole["positives"],
        "ships": told["ships"],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Print the measures, as JSON or line by line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--employers", type=int, default=26_000)
    parser.add_argument("--data", type=Path, help="a directory as in architecture.md 6, instead of a city")
    parser.add_argument("--until", type=date.fromisoformat, default=_UNTIL)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="anxin-bench-") as folder:
        if asked.data is None:
            city = [sys.executable, "-m", "city", "--out", folder, "--seed", "1", "--employers", str(asked.employers)]
            subprocess.run(city, check=True, stdout=sys.stderr)
        found = measure(asked.data or Path(folder), asked.until)
    print(json.dumps(found) if asked.json else "\n".join(f"{name}: {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
