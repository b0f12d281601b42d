"""The manifests that ship pass every check, and each check fails on a manifest that is wrong in its way."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.k8s import flows, rendering, scanners
from tests.k8s.check import check_documents
from tests.k8s.generate import FOLDER
from tests.k8s.model import ENVIRONMENTS, OVERLAYS, Document
from tests.k8s.spoiling import WRONG, Wrong, read, spoil

# Other programs do the work here; on a busy machine they are slow, which is no fault of the manifests.
pytestmark = pytest.mark.timeout(600)

WRONGS = [read(path) for path in sorted(WRONG.glob("*.yaml"))]
CHECKS = {"schema", "references", "selectors", "flows", "environment", "agreements", "shipped", "checkov"}


@pytest.fixture(scope="module")
def production() -> list[Document]:
    return rendering.documents(OVERLAYS / "prod")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_overlay_that_ships_passes_every_check(environment: str) -> None:
    documents = rendering.documents(OVERLAYS / environment)
    found = [str(found) for check in check_documents(documents, environment).values() for found in check()]
    assert found == []


def test_a_platform_that_is_asked_for_records_is_opened_to_ingests_worker_alone() -> None:
    documents = rendering.documents(Path(__file__).with_name("overlays") / "connected")
    found = [str(found) for check in check_documents(documents, "prod").values() for found in check()]
    assert found == []


def test_a_connector_whose_address_nobody_said_is_found(production: list[Document]) -> None:
    egress = read(WRONG / "flows-connector-open.yaml").changes
    egress[0]["spec"]["egress"][0]["to"] = [{"ipBlock": {"cidr": "192.0.2.1/32"}}]
    assert any("nobody's" in str(found) for found in flows.check(spoil(production, egress)))


@pytest.mark.parametrize("wrong", [wrong for wrong in WRONGS if wrong.check != "checkov"], ids=lambda wrong: wrong.name)
def test_a_wrong_manifest_is_found_and_named(wrong: Wrong, production: list[Document]) -> None:
    spoiled = spoil(production, wrong.changes)
    if wrong.check == "schema":  # looks at one document at a time, so the others need not be read again
        spoiled = [each for each in spoiled if each not in production]
    found = [str(found) for found in check_documents(spoiled, "prod")[wrong.check]()]
    assert any(wrong.says in line for line in found), f"nothing says {wrong.says!r}, only {found}"


def test_a_container_with_power_over_its_node_is_found(production: list[Document]) -> None:
    wrongs = [wrong for wrong in WRONGS if wrong.check == "checkov"]
    rendered = {}
    for wrong in wrongs:
        names = {change["metadata"]["name"] for change in wrong.changes}
        spoiled = [each for each in spoil(production, wrong.changes) if each["metadata"]["name"] in names]
        rendered[wrong.name] = yaml.safe_dump_all(spoiled)
    found = [str(found) for found in scanners.check_policies(rendered)]
    for wrong in wrongs:
        assert any(wrong.name in line and wrong.says in line for line in found), f"{wrong.says} is not in {found}"


def test_a_careless_dockerfile_is_found() -> None:
    found = " ".join(str(found) for found in scanners.check_dockerfile(WRONG / "Dockerfile"))
    assert "DL3006" in found  # no version of the base image
    assert "DL3002" in found  # root at the end


def test_a_scanner_that_looked_at_nothing_is_found() -> None:
    report = {"check_type": "dockerfile", "summary": {"resource_count": 1}, "results": {"failed_checks": []}}
    assert [str(found) for found in scanners.failures(report)] == ["checkov: kubernetes: looked at nothing"]


def test_a_folder_that_names_what_is_not_there_can_not_be_rendered() -> None:
    with pytest.raises(rendering.RenderFailed, match=r"missing\.yaml"):
        rendering.render(WRONG / "render")


def test_a_configuration_edited_by_hand_is_found(tmp_path: Path) -> None:
    overlay = shutil.copytree(OVERLAYS / "prod", tmp_path / "prod")
    assert rendering.check_generated(overlay) == []
    edited = overlay / FOLDER / "nats.conf"
    edited.write_text(edited.read_text(encoding="utf-8").replace("always", "never"), encoding="utf-8")
    assert [found.where for found in rendering.check_generated(overlay)] == ["nats.conf"]


def test_every_check_has_a_wrong_manifest() -> None:
    assert {wrong.check for wrong in WRONGS} == CHECKS
