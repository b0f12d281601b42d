"""`anxin doctor`: what is wrong with this machine or this platform, each finding one sentence."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local import checks, clock, front_door, nats, pki, postgres, state
from local.layout import DEFAULT_PORT_BASE, Home, Ports
from local.logs import last_line
from local.parts import platform
from local.refusals import Refusal

SOON = timedelta(days=2)


@dataclass(frozen=True)
class Finding:
    """grade: ok | warning | failure."""

    grade: str
    zh: str
    en: str


def examine(home: Home) -> list[Finding]:
    """Everything that can be seen from outside the parts."""
    found = state.current(home)
    findings = [*_machine(home), *certificates(home, datetime.now(UTC)), *_clock(home)]
    return [*findings, *(_alive(home, found) if found and found.is_alive else _at_rest(home, found))]


def _machine(home: Home) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield _asked(checks.require_python, f"Python {version}")
    for name, find in {
        "PostgreSQL": lambda: postgres.binary("postgres"),
        "NATS": nats.binary,
        "Envoy": front_door.binary,
    }.items():
        yield _program(name, find)
    if home.path.exists():
        yield _asked(lambda: state.require_writable(home), f"{home.path} 可写 is writable")
        free = checks.free_bytes(home) // 1024**2
        running = (found := state.current(home)) is not None and found.is_alive
        enough = checks.require_some_space if running else checks.require_space
        yield _asked(lambda: enough(home), f"磁盘剩余 free disk {free} MB")


def _asked(check: Callable[[], None], fine: str) -> Finding:
    try:
        check()
    except Refusal as refusal:
        return Finding("failure", refusal.zh, refusal.en)
    return Finding("ok", fine, "fine")


def _program(name: str, find: Callable[[], Path]) -> Finding:
    try:
        where = find()
    except FileNotFoundError as error:
        return Finding("failure", f"缺少 {name}", str(error))
    if not where.exists():
        return Finding("failure", f"缺少 {name}", f"{where} does not exist; run `uv sync`.")
    return Finding("ok", f"{name} 已安装", "installed")


def certificates(home: Home, now: datetime) -> Iterator[Finding]:
    files = sorted([*home.pki.directory.glob("*.crt"), *home.path.glob("agencies/*/*.crt")])
    for file in files:
        try:
            ends = pki.read_certificate(file).not_valid_after_utc
        except Refusal as refusal:
            yield Finding("failure", refusal.zh, refusal.en)
            continue
        if ends < now + SOON:
            word = "已过期 has expired" if ends < now else "即将过期 expires soon"
            yield Finding(
                "warning", f"证书 {file.relative_to(home.path)} {word}（{ends:%Y-%m-%d}）", "restart renews it"
            )
    if files:
        yield Finding("ok", f"检查了 {len(files)} 张证书", "certificates looked at")


def _clock(home: Home) -> Iterator[Finding]:
    ahead = clock.offset(home)
    if ahead:
        yield Finding("warning", f"业务时钟快 {ahead}", "the business clock is ahead of the system's")


def _alive(home: Home, found: state.PlatformState) -> Iterator[Finding]:
    for part in found.parts:
        if part.state in ("ready", "done"):
            again = f"，曾重启 {part.restarts} 次 (restarted)" if part.restarts else ""
            yield Finding("warning" if part.restarts else "ok", f"{part.name} {part.state}{again}", "running")
        else:
            reason = last_line(home.log(part.name))
            yield Finding("failure", f"{part.name} {part.state}", f"{reason} (log: {home.log(part.name)})")


def _at_rest(home: Home, found: state.PlatformState | None) -> Iterator[Finding]:
    yield Finding("ok", "平台未运行", "no platform is running with this home")
    base = found.port_base if found else DEFAULT_PORT_BASE
    yield _asked(lambda: checks.require_ports(platform(home, Ports(base))), f"端口 {base}+ 空闲 ports are free")
