"""The demo's public credit system is a subscriber at the address where it listens now."""

from pathlib import Path
from typing import Any

from local.layout import Home, Ports
from local.story.chapters import subscribe
from local.story.office import Office


class Registrar(Office):
    """An office in front of a list of subscribers, and of nothing else."""

    def __init__(self, home: Home) -> None:
        super().__init__(home, Ports())
        self.subscribers: list[dict[str, Any]] = []

    def get(self, login: str, path: str, **query: str) -> Any:
        del login, path, query
        return {"subscribers": self.subscribers}

    def post(self, login: str, path: str, body: dict[str, Any] | None = None) -> Any:
        del login, path
        self.subscribers.append(dict(body or {}))
        return {"secret": f"whsec_{len(self.subscribers)}"}


def test_a_platform_that_moved_to_other_ports_subscribes_there_once_more(tmp_path: Path) -> None:
    home = Home(tmp_path)
    office, first, second = Registrar(home), Ports(8000), Ports(18000)
    for ports in (first, first, second, second, first):
        subscribe(office, home, ports)
    assert [one["url"] for one in office.subscribers] == [
        "https://localhost:8445/webhook",
        "https://localhost:18445/webhook",
    ]
    assert len({one["name"] for one in office.subscribers}) == 2
    assert home.webhook_secret(first.public_credit).read_text() == "whsec_1"
    assert home.webhook_secret(second.public_credit).read_text() == "whsec_2"
    assert home.webhook_secret(second.public_credit).stat().st_mode & 0o077 == 0
