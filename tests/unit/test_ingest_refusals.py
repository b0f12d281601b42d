"""What is refused is told in both languages, wherever in the service that is said."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import services.ingest.main  # noqa: F401 - so that every refusal of the service is known
from services.ingest import tus
from shared.errors import AnxinError

ROOT = Path(__file__).parents[2]


def refusals(kind: type[AnxinError] = AnxinError) -> Iterator[str]:
    yield kind.__name__
    for narrower in kind.__subclasses__():
        yield from refusals(narrower)


def said_in_english_alone(file: Path) -> Iterator[str]:
    """Places where a refusal is made with a sentence of its own and no Chinese beside it."""
    known = set(refusals())
    for call in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = {keyword.arg for keyword in call.keywords}
        if name in known and call.args and not given & {"detail_zh", None}:
            yield f"{file.relative_to(ROOT)}:{call.lineno}"


def test_every_refusal_of_what_is_sent_says_its_reason_in_chinese_too() -> None:
    files = [*(ROOT / "services" / "ingest").rglob("*.py")]
    assert [place for file in files for place in said_in_english_alone(file)] == []


@pytest.mark.parametrize("name", ["税.arrow", "a.ARROWS", "a.parquet.zst", "a.jsonl"])
def test_every_kind_of_file_that_is_read_is_known_by_the_end_of_its_name(name: str) -> None:
    assert tus.kind({"filename": name}).content_type
