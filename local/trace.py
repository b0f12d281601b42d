"""A trace as a tree: who called whom, when, and how long it took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.text import Text
from rich.tree import Tree

from local.spans import Span

COLOURS = {
    "gateway": "cyan",
    "issuer": "magenta",
    "ingest": "green",
    "scoring": "yellow",
    "alerts": "blue",
    "credit": "red",
}


@dataclass(frozen=True)
class Branch:
    """A span and what it caused, in the order in which that began."""

    span: Span
    branches: tuple["Branch", ...]


def grow(spans: Sequence[Span]) -> list[Branch]:
    """The tree, or trees: a span whose parent is not here is a root (an agency may have begun the trace itself)."""
    known = {span.span_id for span in spans}
    causes: dict[str | None, list[Span]] = {}
    for span in sorted(spans, key=lambda each: (each.started_ns, each.ended_ns)):
        parent = span.parent_id if span.parent_id in known and span.parent_id != span.span_id else None
        causes.setdefault(parent, []).append(span)

    def branch(span: Span) -> Branch:
        return Branch(span, tuple(branch(caused) for caused in causes.get(span.span_id, ())))

    return [branch(root) for root in causes.get(None, ())]


def drawn(spans: Sequence[Span]) -> Tree:
    """The tree for a terminal. Times count from the first span."""
    first = min(span.started_ns for span in spans)
    last = max(span.ended_ns for span in spans)
    began = datetime.fromtimestamp(first / 1e9, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    title = f"链路 trace {spans[0].trace_id}  {began}  {_milliseconds(last - first)}  {len(spans)} spans"
    tree = Tree(Text(title, style="bold"))
    for root in grow(spans):
        _hang(tree, root, first)
    return tree


def as_json(spans: Sequence[Span]) -> list[dict[str, object]]:
    """The tree as plain values: service, name, offset_ms, duration_ms, failed, attributes, children."""
    first = min((span.started_ns for span in spans), default=0)
    return [_plain(root, first) for root in grow(spans)]


def depths(branches: Sequence[Branch], depth: int = 0) -> Iterator[tuple[int, Span]]:
    """Every span with its depth, from the top down."""
    for branch in branches:
        yield depth, branch.span
        yield from depths(branch.branches, depth + 1)


def _hang(tree: Tree, branch: Branch, first: int) -> None:
    twig = tree.add(_line(branch.span, first))
    for caused in branch.branches:
        _hang(twig, caused, first)


def _line(span: Span, first: int) -> Text:
    line = Text.assemble(
        (f"+{_milliseconds(span.started_ns - first)} ", "dim"),
        (f"{span.service:<8} ", COLOURS.get(span.service, "white")),
        span.name,
        (f"  {_milliseconds(span.ended_ns - span.started_ns)}", "bold"),
    )
    if span.failed:
        line.append("  失败 failed", "red")
    return line


def _milliseconds(nanoseconds: int) -> str:
    milliseconds = nanoseconds / 1e6
    return f"{milliseconds:.1f} ms" if milliseconds < 10_000 else f"{milliseconds / 1000:.1f} s"


def _plain(branch: Branch, first: int) -> dict[str, object]:
    span = branch.span
    return {
        "span_id": span.span_id,
        "service": span.service,
        "name": span.name,
        "offset_ms": round((span.started_ns - first) / 1e6, 3),
        "duration_ms": round((span.ended_ns - span.started_ns) / 1e6, 3),
        "failed": span.failed,
        "attributes": span.attributes,
        "children": [_plain(caused, first) for caused in branch.branches],
    }
