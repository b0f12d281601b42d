"""A platform run by this process: from a folder to running parts, and back to nothing but the folder."""

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from local import checks, pki, process, state
from local.disk import Say
from local.layout import Home, Ports
from local.parts import platform as all_parts
from local.refusals import DiskFull, PartFailed
from local.supervisor import Supervisor

# Rotated at each start: a log that only grows fills the disk one day.
LARGEST_LOG_BYTES = 50 * 1024**2


@dataclass
class Platform:
    """The parts of one home, supervised. `show` is called with the state after each change."""

    home: Home
    ports: Ports
    say: Say
    show: Callable[[state.PlatformState], None] = lambda _state: None
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        parts = all_parts(self.home, self.ports)
        self.supervisor = Supervisor(parts, self.home.log, self.say, self._publish)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start, call `on_ready` once, and serve until told to stop. Raises a Refusal when it cannot start."""
        with state.locked(self.home):
            self._prepare()
            self.supervisor.listen_for_signals()
            try:
                self._serve(on_ready)
            finally:
                self.supervisor.stop()

    def _serve(self, on_ready: Callable[[], None]) -> None:
        try:
            self.supervisor.bring_up()
        except PartFailed as failure:
            if checks.free_bytes(self.home) < checks.HARDLY_FREE_BYTES:
                raise DiskFull(f"磁盘已满，{failure.zh}", f"The disk is full; {failure.en}") from failure
            raise
        if self.supervisor.is_ready:
            with self.supervisor.disk.endured():
                on_ready()
        self.supervisor.watch()

    def require_startable(self) -> None:
        """What can be seen beforehand, so that whoever starts it elsewhere hears it here. Raises a Refusal."""
        with state.locked(self.home):
            self._check()

    def _check(self) -> None:
        for name in checks.sweep(self.home):
            self.supervisor.disk.tell(f"已清理上次遗留的 {name}。", f"Ended {name}, left over from an earlier run.")
        checks.require_space(self.home)
        checks.require_ports(self.supervisor.parts)

    def _prepare(self) -> None:
        self._check()
        _raise_open_files()
        _rotate(self.home.logs)
        pki.ensure(self.home.pki.directory)
        self._publish()

    def _publish(self) -> None:
        parts = [
            state.PartState(
                each.part.name,
                each.process.pid if each.process else 0,
                each.began if each.process else 0.0,
                each.state,
                each.part.ports,
                each.restarts,
            )
            for each in self.supervisor.running
        ]
        own = process.started_at(os.getpid()) or 0.0
        now = state.PlatformState(os.getpid(), own, self.ports.base, self.supervisor.is_ready, parts)
        state.write(self.home, now)
        self.show(now)


def _raise_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _rotate(logs: Path) -> None:
    for log in logs.glob("*.log"):
        if log.stat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
