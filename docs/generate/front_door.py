"""The tables of docs/front-door.md: routes, refusals and limits, from `gateway.envoy`."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from docs.generate.markdown import code, fill, table
from gateway.envoy.parameters import Parameters
from gateway.envoy.refusals import REFUSALS
from gateway.envoy.routes import AGENCIES, PEOPLE, Route

PAGE = Path(__file__).parent.parent / "front-door.md"
_LIMITS = {
    "agency_rate": "requests a second for each agency (certificate subject)",
    "agency_burst": "requests at once for each agency",
    "people_rate": "requests a second for each address of a person",
    "people_burst": "requests at once for each address of a person",
    "ingest_body_limit": "bytes of a body of records",
    "body_limit": "bytes of any other body",
    "upstream_timeout": "seconds a service may take to answer",
    "header_timeout": "seconds a client may take to send its headers",
    "idle_timeout": "seconds a connection may lie idle",
    "max_connections": "connections at once",
}


def pages() -> dict[str, str]:
    """The front-door page with its three tables."""
    page = PAGE.read_text(encoding="utf-8")
    for name, part in (("routes", routes()), ("refusals", refusals()), ("limits", limits())):
        page = fill(page, name, part)
    return {"front-door.md": page}


def routes() -> str:
    """One row a path: which service answers on which side, and whether a token is demanded."""
    paths = list(dict.fromkeys((route.match, route.service) for route in (*AGENCIES, *PEOPLE)))
    rows = [
        (code(path), service, _side(path, AGENCIES), _side(path, PEOPLE), "yes" if _needs_token(path) else "")
        for path, service in paths
    ]
    return table(("path (and below)", "service", "8443 agencies", "8444 people", "token"), rows)


def refusals() -> str:
    """One row a refusal, in the order in which they apply."""
    rows = [(code(r.check), r.status, r.title_zh, r.title, escape(r.detail)) for r in REFUSALS]
    return table(("check", "status", "中文", "title", "detail"), rows)


def limits() -> str:
    """The limits a gateway starts with when its values file says nothing else."""
    defaults = Parameters()
    rows = [(code(name), f"{getattr(defaults, name):,}", meaning) for name, meaning in _LIMITS.items()]
    return table(("value", "default", "meaning"), rows)


def _side(path: str, side: tuple[Route, ...]) -> str:
    found = next(_matching(path, side), None)
    if found is None:
        return ""
    # Envoy lets HEAD pass where GET may; of the services' routes only FastAPI's own OpenAPI document answers it.
    answered = [method for method in found.methods if method != "HEAD" or found.rewrite == "/openapi.json"]
    return ", ".join(answered) or "all methods"


def _needs_token(path: str) -> bool:
    return all(route.token for route in _matching(path, (*AGENCIES, *PEOPLE)))


def _matching(path: str, side: tuple[Route, ...]) -> Iterator[Route]:
    return (route for route in side if route.match == path or (not route.exact and path.startswith(f"{route.match}/")))
