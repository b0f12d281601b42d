"""The supervisor with small parts of its own: starts in order, starts again what falls, leaves nothing behind."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local import process
from local.parts import Part
from local.refusals import PartFailed
from local.supervisor import Supervisor

SLEEPER = "import time\nwhile True: time.sleep(0.1)"


def a_part(name: str, code: str = SLEEPER, after: tuple[str, ...] = (), once: bool = False) -> Part:
    return Part(name, lambda: [sys.executable, "-c", code], dict(os.environ), after=after, once=once)


def supervised(parts: list[Part], folder: Path, said: list[str] | None = None) -> Supervisor:
    heard = said if said is not None else []
    return Supervisor(parts, lambda name: folder / f"{name}.log", lambda _zh, en: heard.append(en))


def until(true: Callable[[], bool], supervisor: Supervisor, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        supervisor.tick()
        time.sleep(0.02)


def pids(supervisor: Supervisor) -> dict[str, int]:
    return {each.part.name: each.process.pid for each in supervisor.running if each.process}


def alive_in(group: int) -> list[int]:
    """Processes of a group that still run (a zombie waits for its parent only)."""
    members = []
    for pid in psutil.pids():
        try:
            if os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                members.append(pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return members


def test_a_part_starts_after_those_it_builds_on(tmp_path: Path) -> None:
    order = tmp_path / "order"
    step = f"open({str(order)!r}, 'a').write('step ')"
    service = f"open({str(order)!r}, 'a').write('service ')\n{SLEEPER}"
    supervisor = supervised([a_part("service", service, after=("step",)), a_part("step", step, once=True)], tmp_path)
    supervisor.bring_up()
    until(lambda: order.read_text() == "step service ", supervisor)
    supervisor.stop()


def test_a_killed_part_is_started_again_and_said_so(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = supervised([a_part("service")], tmp_path, said)
    supervisor.bring_up()
    before = pids(supervisor)["service"]
    os.kill(before, signal.SIGKILL)
    until(lambda: pids(supervisor).get("service", before) != before and supervisor.is_ready, supervisor)
    assert said == [
        "service ended unexpectedly (SIGKILL); starting it again in 0.5 s.",
        "service is running again.",
    ]
    supervisor.stop()


def test_stopping_leaves_no_process(tmp_path: Path) -> None:
    family = (
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n" + SLEEPER
    )
    supervisor = supervised([a_part("a"), a_part("b", family, after=("a",))], tmp_path)
    supervisor.bring_up()
    groups = list(pids(supervisor).values())
    supervisor.stop()
    assert [pid for group in groups for pid in alive_in(group)] == []


def test_a_part_that_never_starts_ends_the_start_with_its_last_words(tmp_path: Path) -> None:
    broken = a_part("broken", "raise SystemExit('the disk is made of cheese')")
    # It never answers: on a slow day a process lives long enough to be looked at.
    supervisor = supervised([dataclasses.replace(broken, ready=lambda: False)], tmp_path)
    with pytest.raises(PartFailed) as refusal:
        supervisor.bring_up()
    supervisor.stop()
    assert "the disk is made of cheese" in refusal.value.en


def test_a_failed_step_is_not_tried_again(tmp_path: Path) -> None:
    supervisor = supervised([a_part("migrate", "raise SystemExit(1)", once=True)], tmp_path)
    with pytest.raises(PartFailed):
        supervisor.bring_up()
    assert [each.falls for each in supervisor.running] == [1]


def test_parts_die_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    parent = (
        "import sys, time; from pathlib import Path; from local import process\n"
        f"child = process.start([sys.executable, '-c', {SLEEPER!r}], log=Path({str(tmp_path / 'log')!r}))\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout
    child = int(supervisor.stdout.readline())
    assert process.started_at(child) is not None
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    deadline = time.monotonic() + 5
    while process.started_at(child) is not None:
        assert time.monotonic() < deadline, "the part outlived its supervisor"
        time.sleep(0.02)


def test_stop_can_be_asked_for_while_it_starts(tmp_path: Path) -> None:
    never = Part("slow", lambda: [sys.executable, "-c", SLEEPER], dict(os.environ), ready=lambda: False)
    supervisor = supervised([never], tmp_path)
    threading.Timer(0.5, supervisor.stopping.set).start()
    supervisor.bring_up()
    supervisor.stop()
    assert pids(supervisor) == {}
