"""`anxin model`: what cannot be is said in one sentence, before anything is asked of the platform."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from local.cli import app
from local.refusals import Unusable


def test_a_folder_without_an_entry_and_a_person_who_is_not_here_are_refused(tmp_path: Path) -> None:
    asked = ["model", "register", str(tmp_path), "--as", "li", "--reason", "better", "--home", str(tmp_path)]
    with pytest.raises(Unusable, match=r"entry\.json"):
        CliRunner().invoke(app, asked, catch_exceptions=False)
    with pytest.raises(Unusable, match="no person li"):
        CliRunner().invoke(app, ["model", "list", "--as", "li", "--home", str(tmp_path)], catch_exceptions=False)
