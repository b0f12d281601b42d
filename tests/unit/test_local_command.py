"""The `anxin` command's small print: ports, durations, sentences, exit statuses."""

import os
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from local import agency_client, checks, clock, refusals, state
from local.layout import Home, Ports
from local.logs import last_line
from local.parts import platform


@pytest.mark.parametrize(
    ("text", "duration"),
    [("9d", timedelta(days=9)), ("36h", timedelta(hours=36)), ("1d12h30m5s", timedelta(1, 12 * 3600 + 1805))],
)
def test_a_duration_is_read(text: str, duration: timedelta) -> None:
    assert clock.parse(text) == duration


@pytest.mark.parametrize("text", ["", "9", "d", "-9d", "9 days", "1w"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(refusals.Unusable):
        clock.parse(text)


def test_the_business_clock_only_adds_up(tmp_path: Path) -> None:
    home = Home(tmp_path)
    clock.advance(home, timedelta(days=9))
    clock.advance(home, timedelta(hours=1))
    assert clock.offset(home) == timedelta(days=9, hours=1)


def test_no_two_parts_want_the_same_port(tmp_path: Path) -> None:
    ports = [port for part in platform(Home(tmp_path), Ports(9000)) for port in part.ports]
    assert len(ports) == len(set(ports))
    assert all(9000 <= port < 10_000 for port in ports)


def test_everything_a_part_builds_on_exists_and_comes_first(tmp_path: Path) -> None:
    seen: set[str] = set()
    for part in platform(Home(tmp_path), Ports()):
        assert set(part.after) <= seen
        seen.add(part.name)


def test_no_secret_is_on_a_command_line_or_in_an_environment(tmp_path: Path) -> None:
    for part in platform(Home(tmp_path), Ports()):
        assert not [
            name
            for name in part.env
            if name.startswith("ANXIN_") and ("PASSWORD" in name or "KEY" in name[6:]) and name != "ANXIN_TLS_KEY"
        ]


def test_an_old_python_is_refused_in_one_sentence() -> None:
    with pytest.raises(refusals.Unusable, match=r"Python 3\.11"):
        checks.require_python((3, 10))


def test_a_full_disk_says_how_much_is_missing(tmp_path: Path) -> None:
    with pytest.raises(refusals.DiskFull) as refusal:
        checks.require_space(Home(tmp_path), least=2**62)
    assert refusal.value.exit_status == 5
    assert "MB" in refusal.value.en


def test_a_second_platform_with_the_same_home_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with state.locked(home), pytest.raises(refusals.HomeUnusable, match="already running"), state.locked(home):
        pass


def test_a_home_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(refusals.HomeUnusable):
        state.require_writable(Home(tmp_path / "file" / "home"))


def test_the_state_of_a_dead_platform_is_not_ready(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.run.mkdir()
    parts = [state.PartState("nats", 1, 1.0, "ready")]
    state.write(home, state.PlatformState(supervisor=1, began=1.0, port_base=8000, ready=True, parts=parts))
    found = state.current(home)
    assert found
    assert found.public() == {
        "ready": False,
        "agencies_url": "https://localhost:8443",
        "people_url": "https://localhost:8444",
        "parts": [{"name": "nats", "pid": 0, "state": "stopped"}],
    }


def test_exit_statuses_tell_refusals_apart() -> None:
    kinds = refusals.Refusal.__subclasses__()
    statuses = [kind.exit_status for kind in kinds if kind.__module__ == refusals.__name__]
    assert sorted(statuses) == [2, 3, 4, 5, 6, 7, 8, 9]


def test_the_same_file_has_the_same_key_and_another_dataset_another(tmp_path: Path) -> None:
    file = tmp_path / "arrears.csv"
    file.write_text("a,b\n1,2\n")
    key = agency_client.idempotency_key("tax_arrears", file)
    assert key == agency_client.idempotency_key("tax_arrears", file)
    assert key != agency_client.idempotency_key("ut_water", file)


def test_the_same_bytes_exported_again_are_another_file(tmp_path: Path) -> None:
    file = tmp_path / "arrears.csv"
    file.write_text("a,b\n1,2\n")
    os.utime(file, ns=(1, 1))
    before = agency_client.idempotency_key("tax_arrears", file)
    os.utime(file, ns=(2, 2))
    assert agency_client.idempotency_key("tax_arrears", file) != before


def test_a_refusal_names_the_check_that_failed() -> None:
    problem = {"title": "A scope is missing.", "title_zh": "缺少权限。", "detail": "needs x", "check": "scope_missing"}
    said = str(agency_client.refused(httpx.Response(403, json=problem)))
    assert said == "HTTP 403 [scope_missing] 缺少权限。 / A scope is missing.: needs x"


def test_the_reason_is_the_last_line_that_says_something(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("starting\nthe port is taken\n\n")
    assert last_line(log) == "the port is taken"
    assert last_line(tmp_path / "absent") == "no output"
