"""docs/openapi/*.json: each service's HTTP interface as OpenAPI 3.1, from its application, without starting it."""

import json
from functools import cache
from importlib import import_module
from typing import Any, cast

from fastapi import FastAPI

from shared.service import Runtime, Service, create_app

# name -> module with `create_service()`
SERVICES = {
    "ingest": "services.ingest.main",
    "scoring": "services.scoring.main",
    "alerts": "services.alerts.main",
    "credit": "services.credit.main",
    "issuer": "gateway.issuer.main",
}


def pages() -> dict[str, str]:
    """One document a service."""
    return {f"openapi/{name}.json": _text(document(name)) for name in SERVICES}


@cache
def document(name: str) -> dict[str, Any]:
    """The OpenAPI document of a service; not to be changed by the caller."""
    return application(name).openapi()


def application(name: str) -> FastAPI:
    """The service's application over no runtime: nothing connects, nothing starts."""
    service: Service = import_module(SERVICES[name]).create_service()
    return create_app(service, cast(Runtime, None))


def _text(described: dict[str, Any]) -> str:
    return json.dumps(described, ensure_ascii=False, indent=2) + "\n"
