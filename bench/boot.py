"""From nothing to the first listed employer, as a stranger would see it: `python -m bench.boot --json`.

Starts a platform of its own by `anxin up`, plays the demo, stops it. Seconds of one run on this machine.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from tests.running import anxin, running


def main(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Print {"ready_s", "listed_s", "second_start_s"}: up to ready, up to the listing, and a start on old data."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        with running(Path(folder)) as platform:
            ready = time.monotonic() - began
            demo = [sys.executable, "-m", "local.demo", "--home", folder]
            subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)
            listed = time.monotonic() - began
            base = platform.ports.base
        again = time.monotonic()
        anxin("up", "--home", folder, "--port-base", str(base), "--no-demo", "--detach")
        second = time.monotonic() - again
        anxin("down", "--home", folder)
    figures = {"ready_s": round(ready, 1), "listed_s": round(listed, 1), "second_start_s": round(second, 1)}
    typer.echo(json.dumps(figures) if as_json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


if __name__ == "__main__":
    typer.run(main)
