"""`anxin rules` shows what `/v1/rulebooks` answers, and every fault of a draft that is refused."""

import io
import json
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from local import rules
from local.cli import app
from local.refusals import Denied
from local.tables import Rows
from services.scoring.rulebook import PAGES, lifecycle
from services.scoring.rules import LEVELS


def answering(status: int, body: dict[str, Any]) -> rules.Rules:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    return rules.Rules(httpx.Client(transport=transport, base_url="https://here"))


def shown(table: Rows) -> list[str]:
    text = io.StringIO()
    table.print(Console(file=text))
    return text.getvalue().splitlines()


def a_tally() -> dict[str, Any]:
    said = {"indicator": "E01", "points": 8, "text_zh": "社保欠缴1个月", "text_en": "one month"}
    who = {"subject_id": "91330110MA2CEABC1A", "name": "某某公司", "now": "none", "then": "blue", "after": [said]}
    return {
        "subjects": 1001,
        "changed": 1,
        "levels_now": dict.fromkeys(LEVELS, 0) | {"none": 1001},
        "levels_then": dict.fromkeys(LEVELS, 0) | {"none": 1000, "blue": 1},
        "moves": [{"now": "none", "then": "none", "subjects": 1000}, {"now": "none", "then": "blue", "subjects": 1}],
        "steps": [
            {"indicator": "E01", "step": 1, "now": 7, "then": 7},
            {"indicator": "E09", "step": 2, "now": 7, "then": 9},
        ],
        "changes": [who],
    }


def test_every_fault_of_a_refused_draft_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    faults = [
        {"item": "E01", "reason": "its steps must rise"},
        {"item": "band_blue", "reason": "the colours must rise"},
    ]
    problem = {"title": "The drafted rules cannot be used", "check": "faults", "detail": "2 items", "errors": faults}
    with pytest.raises(Denied, match="faults"):
        answering(422, problem).post("", {})
    told = capfd.readouterr().err
    assert all(f"{fault['item']}: {fault['reason']}" in told for fault in faults)


def test_a_dry_run_is_drawn_as_a_matrix_with_the_steps_that_differ_and_examples() -> None:
    rows = "\n".join(shown(rules.moves(a_tally())))
    assert "无 none" in rows
    assert "1,000" in rows
    (step,) = [line for line in shown(rules.steps(a_tally())) if "E0" in line]
    assert "E09" in step
    (example,) = rules.examples(a_tally(), 10)
    assert example == "91330110MA2CEABC1A 某某公司 无 none → 蓝 blue: E01 社保欠缴1个月"


def test_every_state_deed_level_and_page_has_a_word() -> None:
    from typing import get_args

    assert set(rules.STATES) == set(get_args(lifecycle.State))
    assert set(rules.DEEDS) == set(get_args(lifecycle.Deed))
    assert tuple(rules.LEVELS) == LEVELS
    assert rules.PAGES == PAGES


def test_a_version_is_one_line_and_its_story_too() -> None:
    act = {
        "act": "approved",
        "actor": "zhou.jie",
        "reason": "好",
        "effective_from": None,
        "acted_at": "2026-11-26T01:00:00Z",
    }
    one = {"version": "2026.11-a", "state": "active", "author": "li", "approved_by": "zhou.jie", "effective_from": None}
    assert any("生效中 active" in line for line in shown(rules.versions({"rulebooks": [one | {"reason": "好"}]})))
    assert any("审批 approved" in line and "zhou.jie" in line for line in shown(rules.acts({"acts": [act]})))
    fields = [{"field": "value", "before": 20, "after": 5}]
    entry = {"page": "parameters", "code": "band_blue", "change": "changed", "fields": fields}
    assert any("band_blue" in line and "20" in line for line in shown(rules.changes({"entries": [entry]})))


def test_every_command_says_whom_it_acts_for() -> None:
    done = CliRunner().invoke(app, ["rules", "list"])
    assert done.exit_code == 2
    assert json.dumps("--as")[1:-1] in done.output
