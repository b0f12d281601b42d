"""A disk that is nearly full is told of before it is."""

import json
from pathlib import Path

import pytest
import typer

from local import checks, refusals, state
from local.commands import run
from local.layout import Home


def test_a_nearly_full_disk_is_one_sentence_with_what_is_left(tmp_path: Path) -> None:
    with pytest.raises(refusals.DiskFull, match="nearly full"):
        checks.require_some_space(Home(tmp_path), least=2**62)


def test_a_disk_with_space_is_not_spoken_of(tmp_path: Path) -> None:
    checks.require_some_space(Home(tmp_path))


def test_the_status_for_scripts_holds_the_free_megabytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path)
    home.run.mkdir()
    state.write(home, state.PlatformState(supervisor=1, began=1.0, port_base=8000))
    with pytest.raises(typer.Exit):
        run.status(tmp_path, as_json=True)
    assert json.loads(capsys.readouterr().out)["free_disk_mb"] > 0
