"""Is it there? Short questions to loopback, answered with yes or no."""

import socket

import httpx

PATIENCE_S = 2.0


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        return httpx.get(url, timeout=PATIENCE_S, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def listens(port: int) -> bool:
    """Whether somebody accepts connections on the loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S).close()
    except OSError:
        return False
    return True
