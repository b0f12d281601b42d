"""Mermaid pictures are closed, of a known kind, and speak only of things they have named. (A real parser ran once.)"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PICTURES = [
    pytest.param(picture, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, picture in enumerate(re.findall(r"```mermaid\n(.*?)```", page.read_text(encoding="utf-8"), re.S), 1)
]
_PAIRS = {"[": "]", "(": ")", "{": "}"}

pictures = pytest.mark.parametrize("picture", PICTURES)


def test_the_readme_and_the_architecture_have_a_picture() -> None:
    ids = {str(param.id) for param in PICTURES}
    assert {"README.md-1", "docs/architecture.md-1"} <= ids


@pictures
def test_a_picture_is_of_a_kind_that_renders_everywhere(picture: str) -> None:
    assert re.match(r"flowchart (LR|TB)\n|stateDiagram-v2\n|sequenceDiagram\n", picture)


@pictures
def test_brackets_and_quotes_are_closed(picture: str) -> None:
    assert [line for line in picture.splitlines() if not _is_closed(line)] == []


@pictures
def test_every_subgraph_ends(picture: str) -> None:
    words = [line.strip().split(" ")[0] for line in picture.splitlines() if line.strip()]
    assert words.count("subgraph") == words.count("end")


@pictures
def test_a_state_is_named_before_an_arrow_leads_to_it(picture: str) -> None:
    if not picture.startswith("stateDiagram"):
        return
    named = set(re.findall(r'state ".*?" as (\w+)', picture)) | {"[*]"}
    used = {state for pair in re.findall(r"^ *(\S+) --> ([^\s:]+)", picture, re.M) for state in pair}
    assert used - named == set()


@pytest.mark.parametrize("line", ['a["open', "a[(b]", "a(b))"])
def test_an_open_bracket_is_noticed(line: str) -> None:
    assert not _is_closed(line)


def _is_closed(line: str) -> bool:
    """Brackets nest and quotes pair; what stands in quotes is free text, and `[*]` and arrows are no brackets."""
    if line.count('"') % 2:
        return False
    waiting: list[str] = []
    for character in re.sub(r'"[^"]*"', "", line):
        if character in _PAIRS:
            waiting.append(_PAIRS[character])
        elif character in _PAIRS.values() and (not waiting or waiting.pop() != character):
            return False
    return not waiting
