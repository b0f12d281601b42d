"""A trace is drawn as a tree, whatever arrived of it."""

from io import StringIO

from rich.console import Console

from local.spans import Span
from local.trace import as_json, depths, drawn, grow


def a_span(number: int, parent: int | None = None, service: str = "ingest", began_ms: int = 0) -> Span:
    start = 1_700_000_000_000_000_000 + began_ms * 1_000_000
    above = None if parent is None else f"{parent:016x}"
    return Span("f" * 32, f"{number:016x}", above, service, f"step {number}", 1, start, start + 2_000_000, False, {})


def test_steps_hang_below_what_caused_them() -> None:
    tree = grow([a_span(3, parent=2, began_ms=9), a_span(2, parent=1, began_ms=5), a_span(1)])
    assert [(depth, span.name) for depth, span in depths(tree)] == [(0, "step 1"), (1, "step 2"), (2, "step 3")]


def test_a_step_whose_cause_never_arrived_is_a_root() -> None:
    assert [branch.span.name for branch in grow([a_span(5, parent=4), a_span(6)])] == ["step 5", "step 6"]


def test_a_step_that_claims_to_have_caused_itself_is_shown_once() -> None:
    assert len(list(depths(grow([a_span(1, parent=1)])))) == 1


def test_times_count_from_the_first_step() -> None:
    [root] = as_json([a_span(1, began_ms=0), a_span(2, parent=1, began_ms=40)])
    children = root["children"]
    assert isinstance(children, list)
    assert (root["offset_ms"], children[0]["offset_ms"], children[0]["duration_ms"]) == (0.0, 40.0, 2.0)


def test_the_drawing_names_services_and_durations() -> None:
    text = StringIO()
    Console(file=text, width=120).print(drawn([a_span(1), a_span(2, parent=1, service="scoring", began_ms=1500)]))
    assert "scoring" in text.getvalue()
    assert "+1500.0 ms" in text.getvalue()
