"""The supervisor on a full disk: nothing it writes itself ends the platform, and space brings everything back."""

import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from local.parts import Part
from local.supervisor import Supervisor

SLEEPER = "import time\nwhile True: time.sleep(0.1)"


@dataclass
class FakeDisk:
    """A disk that is full when told so, for the state file and for what a part prepares."""

    is_full: bool = False
    said: list[str] = field(default_factory=list)

    def write(self) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")


def until(true: Callable[[], bool], supervisor: Supervisor, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        supervisor.tick()
        time.sleep(0.02)


def supervised(disk: FakeDisk, folder: Path) -> Supervisor:
    part = Part("service", lambda: [sys.executable, "-c", SLEEPER], dict(os.environ), prepare=disk.write)
    return Supervisor([part], lambda _name: folder / "log", lambda _zh, en: disk.said.append(en), disk.write)


def test_a_part_that_dies_on_a_full_disk_comes_back_with_the_space(tmp_path: Path) -> None:
    disk = FakeDisk()
    supervisor = supervised(disk, tmp_path)
    supervisor.bring_up()
    disk.is_full = True
    started = supervisor.running[0].process
    assert started
    os.kill(started.pid, signal.SIGKILL)
    until(lambda: supervisor.running[0].falls >= 3, supervisor)
    assert not supervisor.is_ready
    disk.is_full = False
    until(lambda: supervisor.is_ready and not supervisor.disk.is_full, supervisor)
    supervisor.stop()
    assert [sentence for sentence in disk.said if "The disk is full" in sentence] == [
        "The disk is full. The platform goes on, and recovers by itself when there is space."
    ]
    assert disk.said[-1] == "There is space on the disk again; the platform is well."


def test_a_state_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    disk = FakeDisk()
    supervisor = supervised(disk, tmp_path)
    supervisor.bring_up()
    disk.is_full = True
    supervisor.stop()
    assert [each.state for each in supervisor.running] == ["stopped"]


def test_a_start_on_a_full_disk_is_refused(tmp_path: Path) -> None:
    supervisor = supervised(FakeDisk(is_full=True), tmp_path)
    with pytest.raises(OSError, match="No space"):
        supervisor.bring_up()
    supervisor.stop()


def test_a_server_that_fails_while_it_is_settled_is_asked_again(tmp_path: Path) -> None:
    disk = FakeDisk(is_full=True)
    supervisor = supervised(FakeDisk(), tmp_path)
    supervisor.running[0].part = replace(supervisor.running[0].part, settle=disk.write)
    until(lambda: supervisor.running[0].state == "starting", supervisor)
    supervisor.tick()
    disk.is_full = False
    until(lambda: supervisor.is_ready, supervisor)
    supervisor.stop()
