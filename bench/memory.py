"""What a database takes while it is measured: memory, where what its processes share counts once, and CPU."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOK_S = 0.5
_TICK = os.sysconf("SC_CLK_TCK")


class Watch:
    """The most that a process and its children held together, in MB, as far as they may be looked at."""

    def __init__(self, parent: int) -> None:
        self.parent, self.peak_mb = parent, 0
        self._over = threading.Event()

    def until_over(self) -> None:
        """Look until it is over."""
        while not self._over.wait(_LOOK_S):
            self.peak_mb = max(self.peak_mb, sum(map(_pss_kb, _family(self.parent))) // 1024)

    def end(self) -> None:
        """It is over."""
        self._over.set()


@contextmanager
def watched(parent: int) -> Iterator[Watch]:
    """A process and its children are looked at meanwhile."""
    watch = Watch(parent)
    thread = threading.Thread(target=watch.until_over)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()


def forget_peak() -> None:
    """This process's peak is counted from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def own_peak_mb() -> int:
    """The most that this process has held since `forget_peak`."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024


def parent_of(process: int) -> int:
    """Whose child a process is; 0 of one that is gone."""
    return int(_stat(process)[1])


def cpu_s(parent: int) -> float:
    """CPU seconds of a process and of its children that live."""
    return sum(int(ticks) for process in _family(parent) for ticks in _stat(process)[11:13]) / _TICK


def _family(parent: int) -> list[int]:
    everyone = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit())
    return [parent, *(process for process in everyone if parent_of(process) == parent)]


def _stat(process: int) -> list[str]:
    """What stands behind the name in /proc/PID/stat (from the state on)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 20


def _pss_kb(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
