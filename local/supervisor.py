"""The supervisor: starts the parts in their order, starts a fallen one again and says so, stops all and leaves nothing.

One thread and one loop. A part that ends before it was ever ready fails the start after a few tries; later it is
started again for as long as the platform runs, with a growing pause. A full disk ends nothing that was ready once.
"""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from local import process
from local.disk import FULL, Disk, Say, hardly_any_left
from local.logs import last_line
from local.parts import Part
from local.refusals import PartFailed

TICK_S = 0.1
WATCH_S = 0.5
CHECK_EVERY_S = 5.0
UNHEALTHY_CHECKS = 6
FIRST_TRIES = 3
LONGEST_PAUSE_S = 30.0
CALM_S = 60.0
START_PATIENCE_S = 180.0
STOP_PATIENCE_S = 20.0


@dataclass
class Running:
    """A part and what became of it."""

    part: Part
    state: str = "waiting"
    process: "subprocess.Popen[bytes] | None" = None
    began: float = 0.0
    restarts: int = 0
    falls: int = 0
    was_ready: bool = False
    started: float = 0.0
    next_look: float = 0.0
    unhealthy: int = 0

    @property
    def is_up(self) -> bool:
        return self.state in ("ready", "done")


@dataclass
class Supervisor:
    """Runs `parts` until it is told to stop. `say` tells a person, `changed` is called after every change of state."""

    parts: Sequence[Part]
    log_of: Callable[[str], Path]
    say: Say
    changed: Callable[[], None] = lambda: None
    running: list[Running] = field(init=False)
    disk: Disk = field(init=False)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.running = [Running(part) for part in self.parts]
        self.disk = Disk(self.say)

    @property
    def is_ready(self) -> bool:
        return all(each.is_up for each in self.running)

    def listen_for_signals(self) -> None:
        """Ctrl-C, SIGTERM and a closed terminal stop the platform; a second time, at once."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._on_signal)

    def bring_up(self) -> None:
        """Return when every part is ready, or when told to stop. Raises PartFailed."""
        deadline = time.monotonic() + START_PATIENCE_S
        while not self.is_ready and not self.stopping.is_set():
            self.tick()
            if time.monotonic() > deadline:
                self._give_up(next(each for each in self.running if not each.is_up))
            self.stopping.wait(TICK_S)

    def watch(self) -> None:
        """Keep the parts alive until told to stop."""
        while not self.stopping.wait(WATCH_S if self.is_ready else TICK_S):
            self.tick()

    def tick(self) -> None:
        """Look at every part once and do what its state asks for."""
        for each in self.running:
            before = (each.state, each.process and each.process.pid)
            self._look_at(each)
            if (each.state, each.process and each.process.pid) != before:
                self._tell_change()
        if self.disk.is_full:
            self._try_disk()

    def stop(self) -> None:
        """Stop all parts; each before those it builds on, and those of one height together."""
        left = [each for each in self.running if each.process is not None]
        while left:
            wave = [each for each in left if not any(self._builds_on(other, each) for other in left)]
            for each in wave:
                self._ask_to_end(each)
            for each in wave:
                self._see_off(each)
            left = [each for each in left if each.process is not None]

    def _builds_on(self, upper: Running, lower: Running) -> bool:
        below = [each for each in self.running if each.part.name in upper.part.after]
        return any(each is lower or self._builds_on(each, lower) for each in below)

    @staticmethod
    def _ask_to_end(each: Running) -> None:
        if each.process is not None and each.process.poll() is None:
            each.process.send_signal(each.part.stop_signal)

    def _see_off(self, each: Running) -> None:
        if each.process is not None:
            process.stop(each.process, each.part.stop_signal, STOP_PATIENCE_S)
        each.process = None
        each.state = "stopped"
        self._tell_change()

    def _tell_change(self) -> None:
        with self.disk.endured():
            self.changed()

    def _try_disk(self) -> None:
        """What could not be written is written again and again; it is over when that works and every part is up."""
        with self.disk.endured():
            self.changed()
            if self.is_ready:
                self.disk.recover()

    def _look_at(self, each: Running) -> None:
        if each.process is not None and each.process.poll() is not None:
            self._on_end(each, each.process.returncode)
        elif each.state in ("waiting", "restarting"):
            if time.monotonic() >= each.next_look and self._may_start(each):
                self._start(each)
        elif each.state == "starting":
            self._await_ready(each)
        elif each.state in ("ready", "unready") and not each.part.once and time.monotonic() >= each.next_look:
            self._check(each)

    def _may_start(self, each: Running) -> bool:
        return all(other.is_up or other.was_ready for other in self.running if other.part.name in each.part.after)

    def _start(self, each: Running) -> None:
        try:
            self._launch(each)
        except OSError as error:
            if error.errno not in FULL or not each.was_ready:
                raise
            self.disk.notice()
            each.falls += 1
            each.state = "restarting"
            each.next_look = time.monotonic() + _pause(each)

    def _launch(self, each: Running) -> None:
        part = each.part
        part.prepare()
        each.process = process.start(
            part.command(), log=self.log_of(part.name), env=part.env, user=part.user(), death_signal=part.death_signal
        )
        each.began = process.started_at(each.process.pid) or 0.0
        each.started = time.monotonic()
        each.unhealthy = 0
        each.state = "starting"

    def _await_ready(self, each: Running) -> None:
        if each.part.once or time.monotonic() < each.next_look:
            return
        if each.part.ready() and _settles(each.part):
            self._on_ready(each)
        else:
            each.next_look = time.monotonic() + 2 * TICK_S

    def _on_ready(self, each: Running) -> None:
        each.state = "ready"
        each.next_look = time.monotonic() + CHECK_EVERY_S
        if each.was_ready:
            self.disk.tell(f"{each.part.name} 已恢复运行。", f"{each.part.name} is running again.")
        each.was_ready = True

    def _check(self, each: Running) -> None:
        each.next_look = time.monotonic() + CHECK_EVERY_S
        each.state = "ready" if each.part.ready() else "unready"
        if time.monotonic() - each.started > CALM_S:
            each.falls = 0
        each.unhealthy = 0 if each.part.alive() else each.unhealthy + 1
        if each.unhealthy >= UNHEALTHY_CHECKS and each.process is not None:
            self.disk.tell(
                f"{each.part.name} 长时间无响应，将重新启动。",
                f"{each.part.name} does not answer and will be restarted.",
            )
            each.process.kill()

    def _on_end(self, each: Running, status: int) -> None:
        if each.process is not None:
            process.stop(each.process)  # already ended: this sweeps what it may have left in its group
        each.process = None
        if each.part.once and status == 0:
            each.state, each.was_ready = "done", True
            return
        each.falls += 1
        if not each.was_ready and (each.part.once or each.falls >= FIRST_TRIES):
            self._give_up(each)
        self._plan_restart(each, status)

    def _plan_restart(self, each: Running, status: int) -> None:
        pause = _pause(each)
        each.restarts += 1
        each.state = "restarting"
        each.next_look = time.monotonic() + pause
        how = _how_it_ended(status)
        if hardly_any_left(self.log_of(each.part.name).parent):
            self.disk.notice()
        self.disk.tell(
            f"{each.part.name} 意外退出（{how}），{pause:g} 秒后重新启动。",
            f"{each.part.name} ended unexpectedly ({how}); starting it again in {pause:g} s.",
        )

    def _give_up(self, each: Running) -> None:
        each.state = "failed"
        log = self.log_of(each.part.name)
        reason = last_line(log)
        raise PartFailed(
            f"{each.part.name} 未能启动：{reason}（日志 {log}）。",
            f"{each.part.name} did not start: {reason} (log: {log}).",
        )

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self.stopping.is_set():
            for each in self.running:
                if each.process is not None:
                    each.process.kill()
        self.stopping.set()


def _settles(part: Part) -> bool:
    """Whether it did what it does when it first answers; a part that answers and falls again is not ready yet."""
    try:
        part.settle()
    except OSError:
        return False
    return True


def _pause(each: Running) -> float:
    """Seconds until the next start, longer after every fall."""
    return min(LONGEST_PAUSE_S, 0.5 * 2.0 ** min(each.falls - 1, 10))


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    return signal.Signals(-status).name
