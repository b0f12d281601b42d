"""What a log line says of an error, and what it keeps to itself."""

import json
import logging

import pytest

from shared import telemetry

SAID = "violates check\nDETAIL:  Failing row contains (330106199001011234, 张三).\nHINT: none"


def test_a_failed_row_is_not_repeated_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        telemetry._start_logs("test")
        try:
            raise ValueError(SAID)
        except ValueError:
            logging.getLogger("test").exception("request.crashed")
    finally:
        root.handlers[:], root.level = before
    line = json.loads(capsys.readouterr().out)
    assert line["message"] == "request.crashed"
    assert "violates check" in line["exc_info"]
    assert "330106199001011234" not in line["exc_info"]
    assert "张三" not in line["exc_info"]
