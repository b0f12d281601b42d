"""Processes: start one that cannot outlive us, stop one, recognise one again after a crash of ours."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SPAWN = Path(__file__).with_name("spawn.py")
_SWEEP_PATIENCE_S = 5.0


@dataclass(frozen=True)
class User:
    """The user a part runs as, when it must not be root."""

    uid: int
    gid: int


def start(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: User | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command`, its output appended to `log`. It gets `death_signal` when this process ends in any way."""
    identity = (-1, -1) if user is None else (user.uid, user.gid)
    wrapper = [sys.executable, "-I", "-S", str(SPAWN), str(os.getpid()), str(int(death_signal)), *map(str, identity)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [*wrapper, "--", *command],
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,  # Ctrl-C reaches the supervisor only; it stops the parts in their order
        )


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, patience: float = 15.0) -> int:
    """Ask the process to end, insist after `patience` seconds, and sweep its process group. Returns the exit status.

    Asking twice is harmless to all but PostgreSQL, which has been asked by its supervisor: the same signal again.
    """
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _sweep_group(process.pid)
    return process.returncode


def _sweep_group(group: int) -> None:
    """Kill what a process left in its group, and wait until it is gone: a kill is a request, and takes a moment."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    deadline = time.monotonic() + _SWEEP_PATIENCE_S
    while _has_members(group) and time.monotonic() < deadline:
        time.sleep(0.01)


def _has_members(group: int) -> bool:
    """Whether a process of that group runs; one that only waits to be reaped by its parent does not."""
    fields = (_stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return any(stat[2] == str(group) and stat[0] not in "ZX" for stat in fields if stat)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on (state, parent, group, ...); none without such a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def started_at(pid: int) -> float | None:
    """When the process began, in seconds since this machine's start, or None when it does not run (any more).

    Not the time of day: the kernel's idea of when it was started moves with every correction of the clock.
    """
    stat = _stat(pid)
    return int(stat[19]) / os.sysconf("SC_CLK_TCK") if stat and stat[0] not in "ZX" else None


def is_same(pid: int, began: float) -> bool:
    """Whether `pid` is still the process that began then: a number alone may have been given to somebody else."""
    start = started_at(pid)
    return start is not None and abs(start - began) < 0.005


def end_orphan(pid: int, began: float, how: signal.Signals = signal.SIGTERM, patience: float = 10.0) -> bool:
    """Stop a process left over from an earlier run, if it is still that very process. Returns whether it was."""
    if not is_same(pid, began):
        return False
    os.kill(pid, how)
    deadline = time.monotonic() + patience
    while is_same(pid, began):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return True
