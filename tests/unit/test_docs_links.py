"""What a page points at is there: links, files, make targets, modules, and words of the command `anxin`."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from local.cli import app

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("services/*/README.md")])
PEOPLE_MEET = [page for page in PAGES if page.name != "README.md" or page.parent == ROOT]
_FOLDERS = r"(?:services|gateway|shared|local|k8s|tests|docs|bench|city)"
_CODE = re.compile(r"`([^`\n]+)`")
# As a command, not as a name: `kubectl -n anxin delete` is none of ours.
_ANXIN = re.compile(r"^(?:\$ )?(?:[\w./]*/)?anxin ([a-z][a-z -]*)", re.M)
_FENCE = re.compile(r"```(?:console|bash|sh)\n(.*?)```", re.S)


def _id(page: Path) -> str:
    return str(page.relative_to(ROOT))


pages = pytest.mark.parametrize("page", PAGES, ids=_id)


@pages
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert [link for link in _links(page) if not _leads_somewhere(page, link)] == []


@pages
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = {span for span in _code(page) if re.fullmatch(rf"{_FOLDERS}/[\w./*-]+", span)}
    assert sorted(span for span in named if not any(ROOT.glob(span.rstrip("/")))) == []


@pages
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    named = {word for span in _commands(page) for word in re.findall(r"\bmake ([a-z][\w-]*)", span)}
    assert named - _make_targets() == set()


@pages
def test_every_module_that_is_named_can_be_run(page: Path) -> None:
    named = {word for span in _commands(page) for word in re.findall(r"\bpython -m ([\w.]+)", span)}
    assert sorted(name for name in named if importlib.util.find_spec(name) is None) == []


@pages
def test_every_word_of_the_command_exists(page: Path) -> None:
    named = {words for span in _commands(page) for words in _ANXIN.findall(span)}
    assert sorted(words for words in named if not _is_command(words.split())) == []


@pytest.mark.parametrize("page", PEOPLE_MEET, ids=_id)
def test_a_page_that_people_meet_speaks_chinese_too(page: Path) -> None:
    assert re.search(r"[一-鿿]{4}", page.read_text(encoding="utf-8"))


def test_a_link_to_nothing_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](#here) [b](#there) [c](gone.md)")
    assert [link for link in _links(page) if not _leads_somewhere(page, link)] == ["#there", "gone.md"]


def test_a_word_that_the_command_does_not_know_is_noticed() -> None:
    assert _is_command(["status"])
    assert not _is_command(["dance"])


def _links(page: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    found = re.findall(r"\]\(([^)\s]+)\)", _CODE.sub("", text))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, heading = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not heading or heading in _headings(target)


def _headings(page: Path) -> set[str]:
    """Anchors as GitHub makes them: lower case, spaces to hyphens, no punctuation."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\s-]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def _code(page: Path) -> set[str]:
    return set(_CODE.findall(page.read_text(encoding="utf-8")))


def _commands(page: Path) -> Iterator[str]:
    yield from _code(page)
    yield from _FENCE.findall(page.read_text(encoding="utf-8"))


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.M))


def _is_command(words: list[str]) -> bool:
    command = typer.main.get_command(app)
    for word in words:
        if not hasattr(command, "commands"):
            return True
        if word not in command.commands:
            return False
        command = command.commands[word]
    return True
