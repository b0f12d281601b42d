"""Strict schemas: every document against the oldest and the newest Kubernetes we promise, and custom resources too."""

from pathlib import Path

import jsonschema
import kubernetes_validate

from tests.k8s import custom_resources
from tests.k8s.custom_resources import Schemas
from tests.k8s.model import ROOT, Document, Finding, title

# The two ends of what the Kubernetes project supports today; the minors between them lie between them.
MINORS = ("1.35", "1.37")
PUBLISHED = ROOT.parent / "shared" / "crds"


def check(documents: list[Document], published: Path = PUBLISHED) -> list[Finding]:
    """An unknown kind, an unknown field, a wrong type or a missing field is a finding each."""
    schemas = custom_resources.vendored()
    findings = [found for document in documents for found in _check_document(document, schemas)]
    return [*findings, *check_copies(schemas, published)]


def _check_document(document: Document, schemas: Schemas) -> list[Finding]:
    custom = schemas.get((document["apiVersion"], document["kind"]))
    if custom is not None:
        return _check_custom(document, custom)
    return [found for minor in MINORS if (found := _check_native(document, minor))]


def _check_native(document: Document, minor: str) -> Finding | None:
    try:
        kubernetes_validate.validate(document, minor, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        kind = f"{document['apiVersion']} {document['kind']}"
        return Finding("schema", title(document), f"{kind} is unknown to Kubernetes {minor}, and no CRD describes it")
    except kubernetes_validate.ValidationError as error:
        return Finding("schema", title(document), f"Kubernetes {minor}: {_said(error)}")
    return None


def _check_custom(document: Document, schema: custom_resources.Schema) -> list[Finding]:
    content = {key: value for key, value in document.items() if key not in ("apiVersion", "kind")}
    errors = jsonschema.Draft202012Validator(schema).iter_errors(content)
    return [Finding("schema", title(document), f"{document['apiVersion']}: {_said(error)}") for error in errors]


def _said(error: jsonschema.ValidationError) -> str:
    place = ".".join(str(step) for step in error.absolute_path) or "(document)"
    return f"{place}: {error.message[:300]}"


def check_copies(schemas: Schemas, published: Path) -> list[Finding]:
    """Our copies of the CRDs must be complete, and equal to the published ones where those lie beside the project."""
    have = {(version.split("/")[0], kind) for version, kind in schemas}
    missing = [
        Finding("schema", kind, f"no schema of {group} in tests/k8s/crds")
        for group, kind in sorted(custom_resources.OURS - have)
    ]
    if not published.is_dir():
        return missing
    fresh = custom_resources.published(published)
    return missing + [
        Finding(
            "schema", key[1], f"tests/k8s/crds differs from {published}: run `python -m tests.k8s.custom_resources`"
        )
        for key in fresh
        if fresh[key] != schemas.get(key)
    ]
