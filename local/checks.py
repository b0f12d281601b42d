"""What must be true before a platform can start, each answered with one sentence when it is not."""

import errno
import shutil
import signal
import socket
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from local import process, state
from local.layout import Home
from local.refusals import DiskFull, PortTaken, Unusable

if TYPE_CHECKING:
    from local.parts import Part

# PostgreSQL's and JetStream's first files take about 250 MB.
LEAST_FREE_BYTES = 1024**3
HARDLY_FREE_BYTES = 64 * 1024**2
LEAST_PYTHON = (3, 11)


def require_python(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Raises Unusable below 3.11."""
    if version < LEAST_PYTHON:
        found = ".".join(map(str, version))
        raise Unusable(
            f"需要 Python 3.11 或更高版本，当前为 {found}。", f"Python 3.11 or newer is needed, this is {found}."
        )


def require_space(home: Home, least: int = LEAST_FREE_BYTES) -> None:
    """Raises DiskFull with what is free and what is needed."""
    free = free_bytes(home)
    if free < least:
        raise DiskFull(
            f"磁盘空间不足：{home.path} 只剩 {free // 1024**2} MB，至少需要 {least // 1024**2} MB。",
            f"The disk is full: {home.path} has {free // 1024**2} MB left, {least // 1024**2} MB are needed.",
        )


def require_some_space(home: Home, least: int = HARDLY_FREE_BYTES) -> None:
    """What a platform that runs cannot do without. Raises DiskFull."""
    free = free_bytes(home)
    if free < least:
        raise DiskFull(
            f"磁盘将满：{home.path} 只剩 {free // 1024**2} MB，请尽快腾出空间。",
            f"The disk is nearly full: {home.path} has {free // 1024**2} MB left; make space soon.",
        )


def free_bytes(home: Home) -> int:
    """What may still be written below the home."""
    return shutil.disk_usage(home.path).free


def require_ports(parts: "Iterable[Part]") -> None:
    """Raises PortTaken for the first port that somebody else listens on, with the part that needs it."""
    for part in parts:
        for port in part.ports:
            if not is_free(port):
                owner = owner_of(port)
                raise PortTaken(
                    f"端口 {port}（{part.name}）已被 {owner or '其他程序'} 占用，请停止它或换一个 --port-base。",
                    f"Port {port} ({part.name}) is in use by {owner or 'another program'}; "
                    "stop that or choose another --port-base.",
                )


def is_free(port: int) -> bool:
    """Whether we could listen on the loopback port now."""
    with socket.socket() as probe:
        # Connections of the last run that are still fading away do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def owner_of(port: int) -> str | None:
    """Name and process id of who listens there, as far as we may see it."""
    import psutil

    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        here = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if here and connection.pid:
            return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return None


def sweep(home: Home) -> list[str]:
    """End what an earlier run left behind, after a kill -9 of its supervisor. Returns the names of the parts ended."""
    earlier = state.read(home)
    if earlier is None or earlier.is_alive:
        return []
    ended = []
    for part in earlier.parts:
        # PostgreSQL takes its children along, and does not wait for its clients, on SIGQUIT only.
        how = signal.SIGQUIT if part.name == "postgres" else signal.SIGTERM
        if part.pid and process.end_orphan(part.pid, part.began, how):
            ended.append(part.name)
    return ended
