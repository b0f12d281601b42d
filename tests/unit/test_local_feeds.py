"""`anxin quality` shows what `/v1/quality` answers, a line a feed, and refuses calls that make no sense."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from local.cli import app
from local.commands import quality
from local.feeds import STATES, drawn, summed
from local.refusals import NotRunning, Unusable
from services.ingest.feeds import judging


def a_feed(**changes: Any) -> dict[str, Any]:
    calm: dict[str, Any] = {
        "dataset": "tax_arrears",
        "label": {"zh": "企业欠税信息", "en": "Tax arrears"},
        "agency": "tax-bureau",
        "state": "on_time",
        "last_received_at": "2026-11-24T01:00:00Z",
        "expected_at": None,
        "recent": {"received": 1234567},
        "rates": {"error_rate": 0.125, "unmatched_rate": None},
        "disputes": {"open": 3, "overdue": 1},
        "problems": [],
    }
    return calm | changes


def shown(*feeds: dict[str, Any]) -> list[str]:
    text = io.StringIO()
    drawn(feeds).print(Console(file=text))
    return text.getvalue().splitlines()


def test_a_feed_is_one_line_with_its_state_its_figures_and_its_disputes() -> None:
    (line,) = [line for line in shown(a_feed()) if "tax_arrears" in line]
    for told in ("企业欠税信息 Tax arrears", "tax-bureau", "正常 on time", "1,234,567", "12.5%", "1/3"):
        assert told in line


def test_what_is_wrong_is_said_in_both_languages() -> None:
    problem = {"text_zh": "未按时报送。请联系税务局。", "text_en": "It has not come. Call Tax."}
    (line,) = [line for line in shown(a_feed(state="late", problems=[problem])) if "tax_arrears" in line]
    assert "迟报 late" in line
    assert "请联系税务局。 It has not come. Call Tax." in line


def test_a_dataset_that_nobody_sends_is_shown_without_an_agency() -> None:
    (line,) = [line for line in shown(a_feed(agency=None, state="never")) if "tax_arrears" in line]
    assert "从未报送 never" in line


def test_every_state_has_its_words() -> None:
    assert set(STATES) == set(judging.STATES)
    assert summed({"late": 2, "on_time": 40}) == "正常 on time: 40  迟报 late: 2"
    assert summed({}) == "没有数据源 no feeds"


def test_a_state_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(Unusable, match="say one of"):
        quality.quality(state="tardy")


def test_a_person_and_an_agency_at_once_are_refused() -> None:
    with pytest.raises(Unusable, match="exclude each other"):
        quality.quality(login="wang.fang", agency="tax-bureau")


def test_without_a_platform_it_says_so(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["quality", "--as", "wang.fang", "--home", str(tmp_path)])
    assert isinstance(found.exception, NotRunning)
