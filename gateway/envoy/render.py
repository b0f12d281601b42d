"""Parameters in, Envoy's configuration out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.envoy.parameters import Parameters, Upstream
from gateway.envoy.refusals import REFUSALS, Refusal
from gateway.envoy.routes import AGENCIES, PEOPLE

_OWN = ("front", "edge")
_TRUSTED = ("ca", "mesh-ca")
_HERE = Path(__file__).parent
# The output is YAML, not HTML: every value goes through `json`, and JSON is YAML.
_TEMPLATES = Environment(  # noqa: S701
    loader=FileSystemLoader(_HERE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.filters["json"] = lambda value: json.dumps(value, ensure_ascii=False)


def render(params: Parameters) -> str:
    """The whole bootstrap configuration as YAML text. Same parameters, same text."""
    return _TEMPLATES.get_template("envoy.yaml.j2").render(
        p=params,
        sides=_sides(params),
        refusals=[(each, problem(each)) for each in REFUSALS],
        fallback=problem(_FALLBACK),
        certificate_filter=(_HERE / "certificate.lua").read_text(encoding="utf-8"),
        otlp=_collector(params.otlp_endpoint),
    )


def secret_files(params: Parameters) -> dict[str, str]:
    """The files of `params.secrets_dir`, name -> text: which certificate to read, and to read again when it changes.

    Envoy wants one file a secret.
    """
    template = _TEMPLATES.get_template("secret.yaml.j2")
    return {f"{name}.yaml": template.render(p=params, name=name, own=name in _OWN) for name in (*_OWN, *_TRUSTED)}


def problem(refusal: Refusal) -> dict[str, Any]:
    """The body Envoy writes; %...% are its own placeholders. The path stands without its query (secrets)."""
    return {
        "type": f"urn:anxin:problem:{refusal.slug}",
        "title": refusal.title,
        "title_zh": refusal.title_zh,
        "status": refusal.status or "%RESPONSE_CODE%",
        "detail": refusal.detail,
        "detail_zh": refusal.detail_zh,
        "check": refusal.check,
        "instance": "%PATH(NQ:ORIG_OR_PATH)%",
        "request_id": "%REQ(X-REQUEST-ID)%",
    }


_FALLBACK = Refusal(
    check="request_refused",
    status=0,
    title="The request was refused at the front door.",
    title_zh="请求在网关处被拒绝。",
    detail="The request did not reach a service.",
    detail_zh="请求没有到达任何服务。",
    when="true",
)


def _sides(params: Parameters) -> list[dict[str, Any]]:
    agencies = {
        "name": "agencies",
        "port": params.agencies_port,
        "issuer": params.agencies_url,
        "routes": AGENCIES,
        "certificates": True,
        "rate": params.agency_rate,
        "burst": params.agency_burst,
    }
    people = {
        "name": "people",
        "port": params.people_port,
        "issuer": params.people_url,
        "routes": PEOPLE,
        "certificates": False,
        "rate": params.people_rate,
        "burst": params.people_burst,
    }
    return [agencies, people]


def _collector(endpoint: str) -> dict[str, Any] | None:
    if not endpoint:
        return None
    url = urlsplit(endpoint)
    secure = url.scheme == "https"
    collector = Upstream(host=url.hostname or "", port=url.port or (443 if secure else 4318))
    return {
        "host": collector.host,
        "port": collector.port,
        "discovery": collector.discovery,
        # An address is no name: then the certificate must be that of the part called collector.
        "san": "collector" if collector.discovery == "STATIC" else collector.host,
        "secure": secure,
        "traces": f"{endpoint.rstrip('/')}/v1/traces",
    }
