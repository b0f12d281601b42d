"""The generated pages say what the code says, and the check notices when they do not."""

import shutil
from pathlib import Path

import pytest

from docs.generate import pages
from docs.generate.__main__ import main
from docs.generate.markdown import fill, table
from services.ingest.catalogue import load


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_generated_page_has_not_drifted_from_the_code(name: str) -> None:
    assert pages.drifted([name]) == [], "run: make docs"


def test_the_check_fails_on_a_page_that_has_drifted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _copy_of_the_docs(tmp_path)
    (tmp_path / "glossary.md").write_text("something else")
    assert main(["--check", "glossary"], tmp_path) == 1
    assert "drifted: glossary.md" in capsys.readouterr().err


def test_writing_puts_a_drifted_page_right(tmp_path: Path) -> None:
    _copy_of_the_docs(tmp_path)
    (tmp_path / "events.md").unlink()
    assert main(["events"], tmp_path) == 0
    assert main(["--check", "events"], tmp_path) == 0


def test_a_name_that_nobody_knows_is_a_wrong_call() -> None:
    assert main(["--check", "horoscope"]) == 2


def test_a_malformed_file_of_data_ends_with_one_sentence_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "15_fund.yaml").write_text("department: [\n")
    monkeypatch.setitem(pages.PAGES, "datasets", lambda: {"datasets.md": str(load(tmp_path))})
    assert main(["--check"]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("refused: 15_fund.yaml: ")


def test_only_the_part_between_the_marks_is_replaced() -> None:
    page = "before\n<!-- generated x -->\nold\n<!-- end x -->\nafter\n"
    assert fill(page, "x", "new") == "before\n<!-- generated x -->\nnew\n<!-- end x -->\nafter\n"


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the marks"):
        fill("nothing here", "x", "new")


def test_a_bar_in_a_cell_does_not_break_the_table() -> None:
    assert table(("a",), [("x|y",)]).splitlines()[-1] == "| x\\|y |"


def _copy_of_the_docs(home: Path) -> None:
    shutil.copytree(pages.HERE, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
