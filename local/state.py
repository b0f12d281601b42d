"""What the supervisor tells other commands: `run/state.json`; and the lock: one platform at a time uses a home."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

from local import disk, files, process
from local.called import anxin
from local.layout import Home, Ports
from local.refusals import DiskFull, HomeUnusable, NotRunning


@dataclass(frozen=True)
class PartState:
    """One part: its process (0 when it has none), when that began (seconds since the machine's start), and how it is.

    state: waiting | starting | ready | unready | restarting | done | stopped | failed
    """

    name: str
    pid: int = 0
    began: float = 0.0
    state: str = "waiting"
    ports: tuple[int, ...] = ()
    restarts: int = 0


@dataclass(frozen=True)
class PlatformState:
    """The whole platform. `supervisor` and `began` tell its process apart from a later one with the same number."""

    supervisor: int
    began: float
    port_base: int
    ready: bool = False
    parts: list[PartState] = field(default_factory=list)

    @property
    def is_alive(self) -> bool:
        return process.is_same(self.supervisor, self.began)

    def public(self) -> dict[str, object]:
        """The shape of `anxin status --json`."""
        ports = Ports(self.port_base)
        parts = [{"name": part.name, "pid": part.pid, "state": part.state} for part in self.parts]
        return {
            "ready": self.ready,
            "agencies_url": ports.agencies_url,
            "people_url": ports.people_url,
            "parts": parts,
        }


def write(home: Home, state: PlatformState) -> None:
    """Replace the state file in one step, so that a reader never sees half of it."""
    files.write(home.state, json.dumps(asdict(state), ensure_ascii=False, indent=1).encode())


def read(home: Home) -> PlatformState | None:
    """The last state written here, or None, also for what is no state. It may be of a platform that is gone."""
    try:
        raw = json.loads(home.state.read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    parts = [PartState(**{**part, "ports": tuple(part["ports"])}) for part in raw.pop("parts")]
    return PlatformState(**raw, parts=parts)


def current(home: Home) -> PlatformState | None:
    """The state as it is now: parts of a platform that ended in any way are stopped, and it is not ready."""
    state = read(home)
    if state is None or state.is_alive:
        return state
    return replace(state, ready=False, parts=[replace(part, pid=0, state="stopped") for part in state.parts])


def running(home: Home) -> PlatformState:
    """The state of a platform that runs. Raises NotRunning."""
    state = read(home)
    if state is None or not state.is_alive:
        raise NotRunning(
            f"{home.path} 没有正在运行的平台，请先执行 {anxin('up')}。",
            f"No platform is running with {home.path}; run `{anxin('up')}` first.",
        )
    return state


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Hold the home. The kernel lets go of it when the process ends, even by kill -9. Raises HomeUnusable."""
    require_writable(home)
    descriptor = os.open(home.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise HomeUnusable(
            f"{home.path} 已有一个平台在运行，请用 {anxin('status')} 查看，或换一个 --home。",
            f"Another platform is already running with {home.path}; see `{anxin('status')}`, or choose another --home.",
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)


def require_writable(home: Home) -> None:
    """Make the folders of a home. Raises HomeUnusable or DiskFull."""
    try:
        for folder in (home.run, home.logs, home.secrets):
            folder.mkdir(parents=True, exist_ok=True)
        home.secrets.chmod(0o700)
        probe = home.run / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        if error.errno in disk.FULL:
            raise DiskFull(f"磁盘已满：{home.path}。", f"The disk is full: {home.path}.") from error
        raise HomeUnusable(
            f"目录 {home.path} 不可写：{error.strerror}。",
            f"The folder {home.path} cannot be written to: {error.strerror}.",
        ) from error
