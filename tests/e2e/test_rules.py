"""The rules are changed by two people with `anxin rules`, through the real front door, while everything runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from local.cli import app
from local.registry import Registry
from local.story import cast
from tests.running import Running

AUTHOR, HEAD = "zhao.min", "zhou.jie"


class Desk:
    """`anxin rules` as one of the people of this platform would call it."""

    def __init__(self, platform: Running) -> None:
        self._home = str(platform.home.path)

    def rules(self, login: str, *words: str) -> str:
        """What the command prints; a refusal is raised as the command's own."""
        done = CliRunner().invoke(app, ["rules", *words, "--as", login, "--home", self._home])
        if done.exception is not None:
            raise done.exception
        return done.stdout

    def told(self, login: str, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rules(login, *words, "--json"))
        return found


@pytest.mark.timeout(300)
def test_a_squad_leader_drafts_the_head_approves_and_the_rules_count_without_a_restart(
    platform: Running, tmp_path: Path
) -> None:
    Registry(platform.home, platform.ports).seed({"clients": [], "people": cast.ensure_people(platform.home)})
    desk, why = Desk(platform), ("--reason", "试行 a trial")
    was = desk.told(AUTHOR, "list")["active"]
    desk.rules(AUTHOR, "show", was, "--pages", str(tmp_path))
    page = tmp_path / "parameters.yaml"
    shipped = page.read_text(encoding="utf-8")

    page.write_text(shipped.replace("band_blue, value: 20", "band_blue, value: 19"), encoding="utf-8")
    version = desk.told(AUTHOR, "draft", "--parameters", str(page), *why)["version"]
    assert "band_blue" in desk.rules(HEAD, "diff", version, "--against", was)
    desk.rules(AUTHOR, "submit", version, *why)
    assert desk.told(HEAD, "return", version, *why)["state"] == "draft"
    desk.rules(AUTHOR, "submit", version, *why)
    desk.rules(HEAD, "approve", version, *why)
    assert "finished" in desk.rules(AUTHOR, "dry-run", version, *why)
    assert desk.told(HEAD, "activate", version, *why)["state"] == "active"
    assert "生效中 active" in desk.rules(HEAD, "rollback", was, *why)
