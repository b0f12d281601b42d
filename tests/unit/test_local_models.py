"""`anxin model`: what cannot be is said in one sentence, before anything is asked of the platform."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local import process, state
from local.cli import app
from local.layout import Home
from local.refusals import Unusable


def test_a_folder_without_an_entry_and_a_person_who_is_not_here_are_refused(tmp_path: Path) -> None:
    asked = ["model", "register", str(tmp_path), "--as", "li", "--reason", "better", "--home", str(tmp_path)]
    with pytest.raises(Unusable, match=r"entry\.json"):
        CliRunner().invoke(app, asked, catch_exceptions=False)
    # Somebody is only not there where there is a platform: this process stands for one.
    began = process.started_at(os.getpid()) or 0.0
    Home(tmp_path).run.mkdir()
    state.write(Home(tmp_path), state.PlatformState(os.getpid(), began, 8000))
    with pytest.raises(Unusable, match="no person li"):
        CliRunner().invoke(app, ["model", "list", "--as", "li", "--home", str(tmp_path)], catch_exceptions=False)
