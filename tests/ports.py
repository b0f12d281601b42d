"""Ports that nobody takes by chance: below the kernel's own for connections, above whole platforms (running.py)."""

import random
import socket
from collections.abc import Callable

FIRST, LAST = 30_500, 32_700
_held: dict[int, socket.socket] = {}


def free_port() -> int:
    """A loopback port that nobody uses and nobody else who asks is told, as long as this process lives."""
    return a_free_one(range(FIRST, LAST), can_be_bound)


def a_free_one(ports: range, is_free: Callable[[int], bool]) -> int:
    """One of the ports, claimed: a look alone tells the same port to two who ask before either listens."""
    for port in random.sample(ports, len(ports)):
        if claim(port):
            if is_free(port):
                return port
            release(port)
    raise AssertionError("no free port")


def claim(port: int) -> bool:
    """Whether the port is now ours among all tests on this machine; the kernel forgets the claim with the process."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0anxin-test-port-{port}")
    except OSError:
        mark.close()
        return False
    _held[port] = mark
    return True


def release(port: int) -> None:
    """Others may claim it again."""
    _held.pop(port).close()


def can_be_bound(port: int) -> bool:
    """Whether nobody listens there at this moment."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
