"""Every measurement of README's table, one after the other: `python -m bench` (`make bench`). About four minutes."""

import subprocess
import sys

MEASUREMENTS = (
    ("boot", ()),
    ("ingest", ("--records", "1000000")),
    ("scoring", ("--employers", "10000")),
    ("matching", ("--employers", "20000")),
    ("features", ("--employers", "26000")),
    ("wages", ("--projects", "40")),
    ("city", ("--employers", "26000")),
)


def main() -> int:
    """Print each command and its figures as JSON. Returns how many of them failed."""
    failed = 0
    for name, arguments in MEASUREMENTS:
        command = ["-m", f"bench.{name}", *arguments, "--json"]
        print(f"$ python {' '.join(command)}", flush=True)
        failed += subprocess.run([sys.executable, *command], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
