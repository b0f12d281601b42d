"""How much one caller may ask: the allowance goes with who asks, not with how."""

from pathlib import Path

import httpx

from tests.gateway_door import Door, open_door

LOGIN = "/oauth/authorize"


def _alone(door: Door, **headers: str) -> httpx.Response:
    """One request on a connection of its own, as who guesses passwords would send it."""
    with door.client(None, side="people") as client:
        return client.post(LOGIN, data={"login": "wang.fang", "password": "a guess"}, headers=headers)


def test_a_new_connection_for_each_guess_is_no_new_allowance(tmp_path: Path) -> None:
    with open_door(tmp_path, people_rate=1, people_burst=5) as door:
        answers = [_alone(door) for _ in range(12)]
        limited = [answer for answer in answers if answer.status_code == 429]
        assert len(limited) >= 5
        assert limited[0].json()["check"] == "rate_limited"
        assert int(limited[0].headers["retry-after"]) >= 1
        assert len(door.neighbour.seen) == len(answers) - len(limited)


def test_an_address_that_a_caller_makes_up_is_no_new_allowance(tmp_path: Path) -> None:
    with open_door(tmp_path, people_rate=1, people_burst=5) as door:
        answers = [_alone(door, **{"x-forwarded-for": f"198.51.100.{number}"}) for number in range(12)]
        assert sum(answer.status_code == 429 for answer in answers) >= 5
