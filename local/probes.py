"""Is it there? Short questions to loopback, answered with yes or no.

Plain `http.client`: these are asked for as long as the platform runs, and httpx would load every certificate authority
of the machine each time.
"""

import http.client
import socket
from contextlib import closing
from urllib.parse import urlsplit

PATIENCE_S = 2.0


def answers(url: str) -> bool:
    """Whether a plain HTTP GET is answered with 200."""
    address = urlsplit(url)
    with closing(http.client.HTTPConnection(address.netloc, timeout=PATIENCE_S)) as connection:
        try:
            connection.request("GET", address.path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def listens(port: int) -> bool:
    """Whether somebody accepts connections on the loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S).close()
    except OSError:
        return False
    return True
