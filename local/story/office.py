"""The people of the story at work: each logs in once, through the front door, and does one thing at a time."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import httpx

from local.agency_client import refused
from local.layout import Home, Ports
from local.person_client import person, sign
from local.refusals import Refusal

T = TypeVar("T")
_PATIENCE_S = 150.0


class Office:
    """Whoever acts, acts through here: `office.post("wang.fang", path, {...})`. Raises Denied when refused."""

    def __init__(self, home: Home, ports: Ports, traceparent: str | None = None) -> None:
        self.home = home
        self.ports = ports
        self.traceparent = traceparent

    @cached_property
    def _desks(self) -> dict[str, httpx.Client]:
        return {}

    def get(self, login: str, path: str, **query: str) -> Any:
        """The JSON at a path, as that person may see it."""
        return self._answer(login, "GET", path, params=query).json()

    def post(self, login: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What came of an act."""
        return self._answer(login, "POST", path, json=body or {}).json()

    def document(self, login: str, path: str) -> bytes:
        """The exact bytes at a path, to be read and signed."""
        content: bytes = self._answer(login, "GET", path).content
        return content

    def sign(self, login: str, document: bytes) -> str:
        """The person's own signature over a document."""
        return sign(self.home, login, document)

    def token(self, login: str) -> str:
        """The person's access token, for a client that is not ours."""
        return self._desk(login).headers["Authorization"].removeprefix("Bearer ")

    def close(self) -> None:
        """Everybody goes home."""
        for desk in self._desks.values():
            desk.close()

    def _desk(self, login: str) -> httpx.Client:
        if login not in self._desks:
            self._desks[login] = person(self.home, self.ports, login)
            if self.traceparent:
                self._desks[login].headers["traceparent"] = self.traceparent
        return self._desks[login]

    def _answer(self, login: str, method: str, path: str, **more: Any) -> Any:
        answer = self._desk(login).request(method, path, **more)
        if answer.status_code == 401:  # the token's ten minutes are over
            self._desks.pop(login).close()
            return self._answer(login, method, path, **more)
        if answer.is_error:
            raise refused(answer)
        return answer


def wait_for(what: str, look: Callable[[], T | None], patience_s: float = _PATIENCE_S) -> T:
    """Look again and again until something is there. Raises Refusal naming what did not come."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise Refusal(f"等待超时：{what}。", f"Waited {patience_s:.0f} s in vain for: {what}.")
