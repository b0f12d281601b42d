"""Answers at the front door: what a service saw of the request, and the whole form of a refusal."""

import time
from collections.abc import Callable
from typing import Any

import httpx

RECORDS = "/v1/datasets/tax_arrears/records"


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def received(answer: httpx.Response) -> dict[str, str]:
    """The headers that the service saw."""
    assert answer.status_code == 200, answer.text
    headers: dict[str, str] = answer.json()["headers"]
    return headers


def refused(answer: httpx.Response, status: int, check: str) -> dict[str, Any]:
    """The whole form of a refusal, whatever the reason."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert body["check"] == check
    assert (body["status"], body["type"]) == (status, f"urn:anxin:problem:{check.replace('_', '-')}")
    assert body["title"]
    assert any("\u4e00" <= character <= "\u9fff" for character in body["title_zh"])
    assert body["instance"] == answer.request.url.path
    assert body["request_id"] == answer.headers["x-request-id"]
    return body
