"""A person of this platform at the front door, for the commands: signed in, and asked on his behalf."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import httpx

from local import state as platform_state
from local.layout import Home, Ports
from local.refusals import Denied, Unusable


@contextmanager
def signed_in(home: Home, login: str) -> Iterator[httpx.Client]:
    """A client with the person's token. Raises NotRunning, Unusable for nobody, Denied for a login that is refused."""
    from local.person_client import person  # JOSE and OAuth, which no other command waits for

    ports = Ports(platform_state.running(home).port_base)
    if not (home.path / "people" / login / "password").exists():
        raise Unusable(f"这里没有人员 {login}。", f"There is no person {login} here.")
    try:
        client = person(home, ports, login)
    except RuntimeError as error:
        raise Denied(f"{login} 登录被拒。", str(error)) from error
    with closing(client):
        yield client


def answer_of(answer: httpx.Response) -> dict[str, Any]:
    """What was answered. Raises what was refused."""
    from local.agency_client import refused

    if answer.is_error:
        raise refused(answer)
    found: dict[str, Any] = answer.json()
    return found


def looked_up(home: Home, login: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """What a person of here is answered at a path."""
    with signed_in(home, login) as client:
        return answer_of(client.get(path, params=query))
