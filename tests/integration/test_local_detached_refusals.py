"""A start in the background is refused with the sentence and the exit status of one in the foreground."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import state
from local.commands import run
from local.layout import Home
from local.refusals import DiskFull
from tests.running import anxin


@pytest.fixture
def taken() -> Iterator[int]:
    """A port base whose PostgreSQL port somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1] - 432


def refused(home: Path, base: int, *more: str) -> tuple[int, str]:
    done = anxin("up", "--home", str(home), "--port-base", str(base), "--no-demo", *more, check=False)
    return done.returncode, done.stderr


def test_a_taken_port(tmp_path: Path, taken: int) -> None:
    in_front = refused(tmp_path, taken)
    assert in_front[0] == 4
    assert refused(tmp_path, taken, "--detach") == in_front


def test_a_home_in_use(tmp_path: Path) -> None:
    with state.locked(Home(tmp_path)):
        in_front = refused(tmp_path, 26500)
        assert in_front[0] == 6
        assert refused(tmp_path, 26500, "--detach") == in_front


def test_a_disk_too_full_for_a_log(tmp_path: Path) -> None:
    refusal = run.why(tmp_path / "supervisor.log", 0, DiskFull.exit_status)
    assert (refusal.exit_status, "The disk is full." in str(refusal)) == (5, True)
