"""Ports that nobody takes by chance: below the kernel's own for connections, above whole platforms (running.py)."""

import random
import socket

FIRST, LAST = 30_500, 32_700


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    for _ in range(1000):
        port = random.randrange(FIRST, LAST)  # noqa: S311 - not a secret
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")
