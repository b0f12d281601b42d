"""Every generated page by name, and how it is written or compared. A page is whole, or the part between two marks."""

from collections.abc import Callable, Iterable
from pathlib import Path

from docs.generate import (
    assumptions,
    asyncapi,
    datasets,
    events,
    front_door,
    glossary,
    indicators,
    learning,
    lifecycles,
    openapi,
    permissions,
    quality,
)

HERE = Path(__file__).parent.parent

# name -> function giving {path below docs/: the text that should be there}
PAGES: dict[str, Callable[[], dict[str, str]]] = {
    "glossary": glossary.pages,
    "events": events.pages,
    "asyncapi": asyncapi.pages,
    "front-door": front_door.pages,
    "permissions": permissions.pages,
    "datasets": datasets.pages,
    "indicators": indicators.pages,
    "lifecycles": lifecycles.pages,
    "assumptions": assumptions.pages,
    "learning": learning.pages,
    "quality": quality.pages,
    "openapi": openapi.pages,
}


def wanted_texts(names: Iterable[str]) -> dict[str, str]:
    """Path below docs/ -> text, for the pages of these names."""
    return {path: text for name in names for path, text in PAGES[name]().items()}


def drifted(names: Iterable[str], home: Path = HERE) -> list[str]:
    """The pages below `home` whose text on disk is not the text that the code gives."""
    return [path for path, text in wanted_texts(names).items() if _on_disk(home / path) != text]


def write(names: Iterable[str], home: Path = HERE) -> list[str]:
    """Write the pages that have drifted; returns their paths."""
    texts = wanted_texts(names)
    changed = [path for path, text in texts.items() if _on_disk(home / path) != text]
    for path in changed:
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(texts[path], encoding="utf-8")
    return changed


def _on_disk(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
