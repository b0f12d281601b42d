"""Envoy's own check of the configuration that ships."""

import subprocess
from pathlib import Path

import pytest

from gateway.envoy import Parameters, render
from local import pki as local_pki
from tests.gateway_door import ENVOY, write_secrets


@pytest.mark.parametrize("with_secrets", [False, True], ids=["files", "sds"])
@pytest.mark.parametrize("otlp", ["", "http://127.0.0.1:4318", "https://collector:4318"])
def test_envoy_itself_finds_the_configuration_valid(tmp_path: Path, with_secrets: bool, otlp: str) -> None:
    pki = local_pki.ensure(tmp_path / "pki")
    parameters = Parameters(
        pki_dir=str(pki.directory), otlp_endpoint=otlp, ops_port=9901, secrets_dir=str(tmp_path) if with_secrets else ""
    )
    write_secrets(parameters, tmp_path)
    assert _validate(render(parameters), tmp_path).returncode == 0


def test_the_check_of_the_configuration_can_fail(tmp_path: Path) -> None:
    pki = local_pki.ensure(tmp_path / "pki")
    wrong = render(Parameters(pki_dir=str(pki.directory))).replace("ACCEPT_UNTRUSTED", "ACCEPT_ANYTHING")
    assert _validate(wrong, tmp_path).returncode != 0


def test_the_configuration_uses_nothing_that_envoy_is_about_to_drop(tmp_path: Path) -> None:
    pki = local_pki.ensure(tmp_path / "pki")
    text = render(Parameters(pki_dir=str(pki.directory), otlp_endpoint="http://127.0.0.1:4318", ops_port=9901))
    assert "deprecated" not in _validate(text, tmp_path).stderr.lower()


def _validate(configuration: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "envoy.yaml"
    file.write_text(configuration, encoding="utf-8")
    command = [ENVOY, "--mode", "validate", "-c", str(file), "--log-level", "warning"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
