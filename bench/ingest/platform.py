"""A platform that is measured from outside: what its parts hold and use, and what its database counts."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.parts import cluster
from tests.running import Running

DATASET = "tax_arrears"
_TICK = os.sysconf("SC_CLK_TCK")
_LOOK_S = 0.2
_STORED = "select coalesce(sum(records), 0) from scoring.delivery where dataset = %s"


def asked(platform: Running, statement: str, *parameters: Any) -> Any:
    """The one value that a statement gives."""
    with cluster(platform.home, platform.ports).connect() as connection:
        row = connection.execute(statement, parameters).fetchone()
    return row[0] if row else None


def wait_until_stored(platform: Running, records: int, patience_s: float = 600) -> None:
    """Return when so many records are facts."""
    until = time.monotonic() + patience_s
    with cluster(platform.home, platform.ports).connect() as connection:
        while (row := connection.execute(_STORED, [DATASET]).fetchone()) and int(str(row[0])) < records:
            if time.monotonic() > until:
                raise AssertionError(f"only {row[0]} of {records} records became facts")
            time.sleep(0.05)


def wait_until_scored(platform: Running, patience_s: float = 900) -> None:
    """Return when nobody waits to be scored."""
    until = time.monotonic() + patience_s
    while asked(platform, "select exists (select from scoring.unscored)"):
        if time.monotonic() > until:
            raise AssertionError("some employers were not scored")
        time.sleep(0.5)


@contextmanager
def watched(platform: Running) -> Iterator[dict[str, dict[str, float]]]:
    """Look at every process meanwhile: {part: {"rss_mb": peak of one of its processes, "cpu_s": of all of them}}."""
    figures: dict[str, dict[str, float]] = {}
    parts = {one["name"]: int(one["pid"]) for one in platform.status()["parts"] if one["pid"]}
    before = {name: _cpu(pid) for name, pid in parts.items()}
    ended = threading.Event()
    looking = threading.Thread(target=_look, args=(parts, figures, ended))
    looking.start()
    try:
        yield figures
    finally:
        ended.set()
        looking.join()
        for name, pid in parts.items():
            figures.setdefault(name, {})["cpu_s"] = round(_cpu(pid) - before[name], 2)


def _look(parts: dict[str, int], figures: dict[str, dict[str, float]], ended: threading.Event) -> None:
    while not ended.wait(_LOOK_S):
        for name, pid in parts.items():
            here = max(map(rss_mb, _family(pid)), default=0.0)
            seen = figures.setdefault(name, {"rss_mb": 0.0})
            seen["rss_mb"] = max(seen["rss_mb"], here)


def _family(pid: int) -> list[int]:
    """A process and its children (PostgreSQL has one a connection)."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _family(int(child)))]


def rss_mb(pid: int) -> float:
    """What a process holds in memory; 0 when it is not there."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    except (OSError, IndexError):
        return 0.0


def _cpu(pid: int) -> float:
    """Seconds of processor time of a process, its children, and those that have ended."""
    total = 0.0
    for each in _family(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15] if each == pid else fields[11:13])) / _TICK
    return total
