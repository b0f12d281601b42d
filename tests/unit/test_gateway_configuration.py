"""The front door's configuration, by value: what is routed where, what may be changed, what never appears."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.envoy import InvalidParameters, Parameters, Upstream, render, secret_files
from gateway.envoy.__main__ import main
from gateway.envoy.parameters import SERVICES
from gateway.envoy.refusals import REFUSALS
from gateway.envoy.routes import AGENCIES, PEOPLE, Route


def listeners(**changes: Any) -> dict[str, dict[str, Any]]:
    """The rendered listeners by name."""
    found = yaml.safe_load(render(Parameters(**changes)))["static_resources"]["listeners"]
    return {each["name"]: each for each in found}


def manager(listener: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return config


def filters(listener: dict[str, Any]) -> list[str]:
    return [each["name"].rsplit(".", 1)[-1] for each in manager(listener)["http_filters"]]


def test_the_same_parameters_give_the_same_text() -> None:
    assert render(Parameters()) == render(Parameters())


def test_every_service_is_behind_mutual_tls_and_its_name_is_verified() -> None:
    clusters = yaml.safe_load(render(Parameters()))["static_resources"]["clusters"]
    assert {each["name"] for each in clusters} == set(SERVICES)
    for cluster in clusters:
        tls = cluster["transport_socket"]["typed_config"]
        trust = tls["common_tls_context"]["validation_context"]
        assert tls["sni"] == cluster["name"]
        assert trust["match_typed_subject_alt_names"][0]["matcher"]["exact"] == cluster["name"]
        assert trust["trusted_ca"]["filename"].endswith("mesh-ca.crt")
        assert "edge.crt" in tls["common_tls_context"]["tls_certificates"][0]["certificate_chain"]["filename"]


def test_the_certificate_is_looked_at_before_anything_else_that_decides() -> None:
    assert filters(listeners()["agencies"]) == [
        "header_mutation", "lua", "local_ratelimit", "jwt_authn", "body_size_limit", "buffer", "router",
    ]  # fmt: skip


def test_every_route_of_the_agencies_demands_a_verified_certificate() -> None:
    routes = manager(listeners()["agencies"])["route_config"]["virtual_hosts"][0]["routes"]
    assert all(
        route["match"].get("tls_context") == {"presented": True, "validated": True}
        for route in routes
        if "route" in route
    )


def test_no_session_is_resumed() -> None:
    for listener in listeners().values():
        tls = listener["filter_chains"][0]["transport_socket"]["typed_config"]
        assert tls["disable_stateless_session_resumption"] is True
        assert tls["disable_stateful_session_resumption"] is True


def test_a_token_is_asked_for_everywhere_but_at_the_issuer_and_for_health() -> None:
    for listener in listeners().values():
        rules = next(each for each in manager(listener)["http_filters"] if each["name"].endswith("jwt_authn"))
        *free, last = rules["typed_config"]["rules"]
        open_paths = [next(iter(rule["match"].values())) for rule in free]
        assert open_paths == ["/.well-known/receipt-keys", "/.well-known", "/oauth", "/health"]
        assert last["match"] == {"prefix": "/"}
        assert last["requires"]


def test_an_agency_brings_records_and_people_do_not() -> None:
    assert [route.bulk for route in AGENCIES if route.match == "/v1/datasets"] == [True]
    assert [route.methods for route in PEOPLE if route.match == "/v1/datasets"] == [("GET", "HEAD")]
    # A trained model is the one large body that people bring.
    assert [route.match for route in PEOPLE if route.bulk] == ["/v1/models"]


def test_agencies_reach_no_alert_no_order_and_no_case() -> None:
    reached = {route.match for route in AGENCIES}
    assert not {"/v1/alerts", "/v1/orders", "/v1/credit", "/v1/employers", "/v1/projects"} & reached


@pytest.mark.parametrize("table", [AGENCIES, PEOPLE])
def test_every_route_leads_to_a_service_that_exists(table: tuple[Route, ...]) -> None:
    assert {route.service for route in table} <= set(SERVICES)


def test_every_refusal_speaks_both_languages_and_names_a_check() -> None:
    for refusal in REFUSALS:
        assert re.fullmatch(r"[a-z_]+", refusal.check)
        assert all(re.search("[\u4e00-\u9fff]", told) for told in (refusal.title_zh, refusal.detail_zh))
        assert 400 <= refusal.status <= 599


def test_every_unauthorised_answer_says_how_to_authenticate() -> None:
    assert all(refusal.challenge for refusal in REFUSALS if refusal.status == 401)


def test_what_may_succeed_later_says_when() -> None:
    assert all(refusal.retry_after for refusal in REFUSALS if refusal.status in {503, 504})


def test_without_a_collector_nothing_is_sent_anywhere() -> None:
    text = render(Parameters())
    assert "opentelemetry" not in text
    assert "collector" not in text


def test_an_unknown_value_is_named() -> None:
    with pytest.raises(InvalidParameters, match="agencies_prot"):
        Parameters.of({"agencies_prot": 1})


def test_a_missing_service_is_named() -> None:
    with pytest.raises(InvalidParameters, match="scoring"):
        Parameters(upstreams={name: Upstream(host=name, port=1) for name in SERVICES if name != "scoring"})


@pytest.mark.parametrize("name", ["agency_rate", "agency_burst", "people_rate", "body_limit", "jwks_cache"])
def test_a_limit_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(InvalidParameters, match=name):
        Parameters.of({name: 0})


def test_a_name_is_looked_up_and_an_address_is_not() -> None:
    assert Upstream(host="ingest", port=1).discovery == "STRICT_DNS"
    assert Upstream(host="127.0.0.1", port=1).discovery == "STATIC"
    assert Upstream(host="::1", port=1).discovery == "STATIC"


@pytest.mark.parametrize("text", ['x"y', "a: b", "{{ 1 }}", "line\nbreak", "中文"])
def test_no_value_can_break_out_of_its_place(text: str) -> None:
    agencies = listeners(agencies_url=text)["agencies"]
    provider = next(each for each in manager(agencies)["http_filters"] if each["name"].endswith("jwt_authn"))
    assert provider["typed_config"]["providers"]["agencies"]["issuer"] == text


def test_each_secret_is_a_file_of_its_own() -> None:
    files = secret_files(Parameters(pki_dir="/pki"))
    assert set(files) == {"front.yaml", "edge.yaml", "ca.yaml", "mesh-ca.yaml"}
    assert all(len(yaml.safe_load(text)["resources"]) == 1 for text in files.values())
    assert "key" not in files["ca.yaml"]


def test_the_command_renders_a_values_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(
        "agencies_port: 9443\nupstreams:\n" + "".join(f"  {n}: {{host: {n}, port: 1}}\n" for n in SERVICES)
    )
    assert main(["render", "--values", str(values), "--secrets", str(tmp_path)]) == 0
    assert "port_value: 9443" in capsys.readouterr().out
    assert (tmp_path / "front.yaml").exists()


def test_the_command_says_what_is_wrong_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("nonsense: 1\n")
    assert main(["render", "--values", str(values)]) == 2
    assert capsys.readouterr().err == "gateway.envoy: unknown values: nonsense\n"


def test_every_parameter_is_explained() -> None:
    explained = Parameters.__doc__ or ""
    assert [each.name for each in fields(Parameters) if each.name not in explained] == []
