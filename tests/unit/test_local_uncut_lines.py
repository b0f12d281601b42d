"""What is copied into the next command is never cut: tables, the demo's last lines, the command's own name."""

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from local import called, demo
from local.layout import Home, Ports
from local.tables import Rows

LONG = "hrss_insured_headcount_of_employers_and_more"
PATH = "/a" + "/very/long/path/that/is/wider/than/eighty/columns" * 3 + "/home"


def printed(table: Rows, *, terminal: bool, width: int = 80) -> str:
    paper = io.StringIO()
    table.print(Console(file=paper, force_terminal=terminal, width=width, color_system=None))
    return paper.getvalue()


def a_table() -> Rows:
    table = Rows("数据集 dataset", "名称 label", "其他 other")
    table.add(LONG, "word " * 30, PATH)
    return table


def test_a_pipe_gets_a_row_as_one_line() -> None:
    assert any(LONG in line and PATH in line for line in printed(a_table(), terminal=False).splitlines())


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_terminal_folds_and_cuts_nothing(width: int) -> None:
    shown = printed(a_table(), terminal=True, width=width)
    assert "…" not in shown
    columns = [line.split("│") for line in shown.splitlines() if line.count("│") == 4]
    assert "".join(row[1].strip() for row in columns) == LONG
    assert "".join(row[3].strip() for row in columns) == PATH


def test_the_first_column_stays_whole_where_there_is_room() -> None:
    assert LONG in printed(a_table(), terminal=True, width=100)


def test_the_demos_last_lines_hold_whole_commands() -> None:
    paper, trace = io.StringIO(), "4bf92f3577b34da6a3ce929d0e0e4736"
    demo.farewell(Console(file=paper, width=80), Home(Path(PATH)), Ports(), trace, "91330110MA0000015C")
    assert [line for line in paper.getvalue().splitlines() if line.endswith(f"anxin trace {trace} --home {PATH}")]


@pytest.mark.parametrize(("in_front", "way"), [(True, "Ctrl-C stops it"), (False, "anxin down --home /h` stops it")])
def test_the_end_of_the_story_is_not_the_platforms(in_front: bool, way: str) -> None:
    paper = io.StringIO()
    demo.say_it_goes_on(Console(file=paper, width=80), Home(Path("/h")), in_front)
    assert "The platform goes on running" in paper.getvalue()
    assert way in paper.getvalue()


def test_a_hint_names_the_command_as_it_can_be_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "elsewhere").mkdir()
    command = tmp_path / "bin" / "anxin"
    command.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert called.anxin("up", "--home", "a b") == "bin/anxin up --home 'a b'"
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert called.anxin("up") == f"{command} up"
    monkeypatch.setenv("PATH", str(command.parent))
    assert called.anxin("up") == "anxin up"
