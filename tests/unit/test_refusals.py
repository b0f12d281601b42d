"""What is refused is told in both languages, wherever that is said."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# So that every refusal of every service is known.
import gateway.issuer.main  # noqa: F401
import services.alerts.main
import services.credit.main
import services.ingest.main
import services.scoring.main  # noqa: F401
from shared.errors import AnxinError, Poison

ROOT = Path(__file__).parents[2]


def refusals(kind: type[AnxinError] = AnxinError) -> Iterator[str]:
    yield kind.__name__
    for narrower in kind.__subclasses__():
        yield from refusals(narrower)


def said_in_english_alone(file: Path) -> Iterator[str]:
    """Places where a refusal is made with a sentence of its own and no Chinese beside it."""
    known = set(refusals()) - {Poison.__name__}  # which nobody is answered with: it is a message's, and goes to the log
    for call in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = {keyword.arg for keyword in call.keywords}
        if name in known and call.args and not given & {"detail_zh", None}:
            yield f"{file.relative_to(ROOT)}:{call.lineno}"


@pytest.mark.parametrize("folder", ["services", "gateway", "shared"])
def test_every_refusal_that_says_its_reason_says_it_in_chinese_too(folder: str) -> None:
    files = [*(ROOT / folder).rglob("*.py")]
    assert files
    assert [place for file in files for place in said_in_english_alone(file)] == []
