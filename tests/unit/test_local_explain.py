"""`anxin explain` shows what `/v1/scores/{id}` answers: what was told, on what, and what came out again."""

import io
from typing import Any

import pytest
from rich.console import Console

from local.commands import explain


def told(again: dict[str, Any] | None, records: int = 1) -> dict[str, Any]:
    reason = {"indicator": "E01", "text_zh": "社保欠缴3个月", "text_en": "3 months in arrears"}
    record = {"dataset": "tax_social_fee", "receipt_id": "r", "row": 4, "reported_at": None, "is_here": False}
    score = {"level": "orange", "level_source": "cool_down", "computed_level": "blue", "points": 25}
    return {
        "name": "某厂",
        "subject_id": "91330110MA2CEABC1A",
        "score": score | {"scored_at": "2026-11-26T00:00:00Z", "rules_version": "2026.11-x", "reasons": [reason]},
        "inputs": {"versions": 4, "lost": 1, "is_whole": False, "is_kept": True, "records": [record] * records},
        "again": again,
    }


def shown(answer: dict[str, Any]) -> str:
    text = io.StringIO()
    explain.draw(answer, Console(file=text, width=200))
    return text.getvalue()


def test_what_was_told_and_what_it_stood_on_is_shown_in_words() -> None:
    text = shown(told(None, records=25))
    for part in ("orange (cool_down)", "rules blue", "社保欠缴3个月", "缺失 lost 1", "不完整 not whole", "5 条 more"):
        assert part in text


@pytest.mark.parametrize("differs", [True, False])
def test_what_came_out_again_is_shown_with_every_difference(differs: bool) -> None:
    differences = [{"item": "points", "told": 25, "again": 15}] if differs else []
    again = {"text_zh": "一致", "text_en": "the same", "differences": differences, "is_equal": not differs}
    text = shown(told(again | {"model": None}))
    assert "一致 / the same" in text
    assert "model" not in text
    assert ("points: 25 -> 15" in text) is differs


def test_what_the_model_had_read_is_shown_where_the_facts_give_it_otherwise() -> None:
    late = {"title_zh": "社保欠缴月数", "title_en": "months behind", "read": 1.0, "now": 3.0}
    model = {
        "model_id": "1a90b5adcbc12de4",
        "probability": 0.0312,
        "level": "yellow",
        "columns": 212,
        "otherwise": [late],
    }
    text = shown(told({"text_zh": "一致", "text_en": "the same", "differences": [], "is_equal": True, "model": model}))
    for part in ("1a90b5adcbc1: 3.1200% yellow", "211/212", "社保欠缴月数 / months behind: 1.0 -> 3.0"):
        assert part in text
