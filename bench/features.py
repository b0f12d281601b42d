"""How fast a world becomes features: `python -m bench.features --employers 26000 --json`.

A synthetic city of that size (or `--data DIR`) is read once; then the features of everyone at some month's ends.
`seconds_per_100k` is one such table for 100,000 employers, all that they have in common (feeds, peers, ties) included;
`cpu_s_per_100k` the same in seconds of the processor, which a busy machine changes less.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from services.scoring.measures import feature_table
from services.scoring.worlds import World, read_world

# The last month's ends of a city's years.
_TIMES = [datetime(2025, month, 28, tzinfo=UTC) for month in (10, 11, 12)]


def measure(folder: Path) -> dict[str, Any]:
    """Seconds to read the world and for one table a time, the table's size, and the most memory (MB)."""
    began = time.perf_counter()
    world = read_world(folder)
    rows = sum(len(table.subject) for table in world.tables().values())
    read = time.perf_counter() - began
    tables = [_table(world, at) for at in _TIMES]
    seconds, cpu, employers, columns = (median(each[place] for each in tables) for place in range(4))
    return {
        "rows": rows,
        "read_s": round(read, 2),
        "employers": employers,
        "columns": columns,
        "table_s": round(seconds, 2),
        "seconds_per_100k": round(seconds / employers * 100_000, 2),
        "cpu_s_per_100k": round(cpu / employers * 100_000, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _table(world: World, at: datetime) -> tuple[float, float, int, int]:
    began, worked = time.perf_counter(), time.process_time()
    table = feature_table(world, at)
    return time.perf_counter() - began, time.process_time() - worked, table.height, table.width - 1


def main() -> None:
    """Print the measures, as JSON or line by line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--employers", type=int, default=26_000)
    parser.add_argument("--data", type=Path, help="a directory as in architecture.md 6, instead of a city")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="anxin-bench-") as folder:
        if asked.data is None:
            city = [sys.executable, "-m", "city", "--out", folder, "--seed", "1", "--employers", str(asked.employers)]
            subprocess.run(city, check=True, stdout=sys.stderr)
        found = measure(asked.data or Path(folder))
    print(json.dumps(found) if asked.json else "\n".join(f"{name}: {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
