"""The tables of docs/security.md: what each role may do, and who may say and hear what on the bus."""

from collections.abc import Iterable
from pathlib import Path

from docs.generate.markdown import code, fill, table
from docs.generate.roles import role_table
from shared import topology

PAGE = Path(__file__).parent.parent / "security.md"


def pages() -> dict[str, str]:
    """The security page with its tables of roles and of subjects."""
    page = fill(PAGE.read_text(encoding="utf-8"), "roles", role_table())
    return {"security.md": fill(page, "nats-permissions", subjects())}


def subjects() -> str:
    """One row a NATS user: nothing that a user may do is left out."""
    rows = [_row(user, may["publish"], may["subscribe"]) for user, may in sorted(topology.permissions().items())]
    return table(("user (certificate)", "announces", "pulls and acknowledges", "JetStream calls beside", "hears"), rows)


def _row(user: str, publish: list[str], subscribe: list[str]) -> tuple[str, ...]:
    pulled = [pattern.split(".")[2:4] for pattern in publish if pattern.startswith("$JS.ACK.")]
    own = {f"$JS.ACK.{s}.{d}.>" for s, d in pulled}
    own |= {f"$JS.API.CONSUMER.{verb}.{s}.{d}" for s, d in pulled for verb in ("MSG.NEXT", "INFO")}
    rest = set(publish) - own
    said = {pattern for pattern in rest if not pattern.startswith("$")}
    consumers = [f"{stream}/{durable}" for stream, durable in pulled]
    return code(user), _list(said), _list(consumers), _list(rest - said), _list(subscribe)


def _list(patterns: Iterable[str]) -> str:
    return "<br>".join(code(pattern) for pattern in sorted(set(patterns)))
