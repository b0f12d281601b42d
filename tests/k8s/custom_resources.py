"""Schemas of custom resources: from a project's CustomResourceDefinition to a strict JSON Schema.

`python -m tests.k8s.custom_resources FOLDER` writes those we use into `tests/k8s/crds/`.
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

VENDORED = Path(__file__).with_name("crds")
OURS = {
    ("cert-manager.io", "Certificate"),
    ("cert-manager.io", "Issuer"),
    ("postgresql.cnpg.io", "Cluster"),
    ("postgresql.cnpg.io", "ScheduledBackup"),
}
Schema = dict[str, Any]
# (apiVersion, kind) -> schema
Schemas = dict[tuple[str, str], Schema]

_KEPT = (
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "required",
)
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_METADATA = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 253, "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"},
        "namespace": {"type": "string"},
        "labels": _TEXTS,
        "annotations": _TEXTS,
    },
}


def vendored() -> Schemas:
    """The schemas kept in the project."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(VENDORED.glob("*.json"))]
    return {(schema["x-api-version"], schema["x-kind"]): schema for schema in found}


@cache
def published(folder: Path) -> Schemas:
    """The same schemas, from the CustomResourceDefinitions in a folder (searched deep)."""
    schemas: Schemas = {}
    for path in sorted(folder.rglob("*.yaml")):
        if any(path.name == f"{group}_{kind.lower()}s.yaml" for group, kind in OURS):
            schemas.update(_schemas(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)))
    return schemas


def _schemas(definition: dict[str, Any]) -> Schemas:
    group, kind = definition["spec"]["group"], definition["spec"]["names"]["kind"]
    return {
        (f"{group}/{version['name']}", kind): _document(f"{group}/{version['name']}", kind, version)
        for version in definition["spec"]["versions"]
        if version["served"]
    }


def _document(api_version: str, kind: str, version: dict[str, Any]) -> Schema:
    source = version["schema"]["openAPIV3Schema"]
    schema = strict(source)
    schema["properties"]["metadata"] = _METADATA
    # `kind` and `apiVersion` chose this schema; what the cluster writes (status) has no place in a manifest.
    schema["properties"].pop("status", None)
    schema["required"] = sorted({"metadata", *source.get("required", [])})
    return {"x-api-version": api_version, "x-kind": kind, **schema}


def strict(source: Schema) -> Schema:
    """An OpenAPI structural schema as JSON Schema in which an unknown field is an error."""
    if source.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    schema: Schema = {key: source[key] for key in _KEPT if key in source}
    if "type" in source:
        schema["type"] = [source["type"], "null"] if source.get("nullable") else source["type"]
    if "items" in source:
        schema["items"] = strict(source["items"])
    if "properties" in source:
        schema["properties"] = {name: strict(each) for name, each in source["properties"].items()}
    if "additionalProperties" in source:
        extra = source["additionalProperties"]
        schema["additionalProperties"] = strict(extra) if isinstance(extra, dict) else extra
    elif "properties" in source and not source.get("x-kubernetes-preserve-unknown-fields"):
        schema["additionalProperties"] = False
    return schema


def main() -> None:
    """Write the schemas we use from a folder of CustomResourceDefinitions."""
    for (api_version, kind), schema in published(Path(sys.argv[1])).items():
        path = VENDORED / f"{api_version.replace('/', '_')}_{kind.lower()}.json"
        path.write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
