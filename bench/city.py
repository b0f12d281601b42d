"""How fast a synthetic district is made, and in how much memory: `python -m bench.city --employers 260000 --json`."""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from city.building import build
from city.writing import write


def measure(employers: int, years: int, seed: int) -> dict[str, float]:
    """Seconds for the lives and for the files, rows, bytes and the peak of memory in MB."""
    with tempfile.TemporaryDirectory(prefix="city-bench-") as name:
        began = time.perf_counter()
        city = build(seed, employers, years)
        lived = time.perf_counter()
        rows = sum(count for _, count in write(city, Path(name)))
        written = time.perf_counter()
        size = sum(file.stat().st_size for file in Path(name).iterdir())
    return {
        "employers": employers,
        "lives_s": round(lived - began, 1),
        "files_s": round(written - lived, 1),
        "cpu_s": round(time.process_time(), 1),
        "rows": rows,
        "mb": round(size / 1e6),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--employers", type=int, default=260_000)
    parser.add_argument("--years", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    arguments = parser.parse_args()
    figures = measure(arguments.employers, arguments.years, arguments.seed)
    if arguments.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name}: {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
