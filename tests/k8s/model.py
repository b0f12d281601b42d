"""What every check speaks of: documents, the pods they make, and findings."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]

ROOT = Path(__file__).parents[2]
OVERLAYS = ROOT / "k8s" / "overlays"
ENVIRONMENTS = ("dev", "prod")
BINARIES = ROOT / ".venv" / "bin"

_WORKLOADS = ("Deployment", "StatefulSet", "Job")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: which check says so, about what, and how to see it."""

    check: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.check}: {self.where}: {self.message}"


@dataclass(frozen=True)
class Pod:
    """A pod as a workload makes it. `ports` maps port names to numbers; an operator's pods have an empty `spec`."""

    owner: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        return [*self.spec.get("initContainers", ()), *self.spec.get("containers", ())]

    @property
    def is_ours(self) -> bool:
        """Whether its specification is in our hands, not an operator's."""
        return bool(self.spec)


def uv() -> str:
    """The environment's own uv, which `make` put there; else the one on the PATH."""
    beside = BINARIES / "uv"
    return str(beside) if beside.exists() else shutil.which("uv") or "uv"


def parse(text: str) -> list[Document]:
    """The documents of a YAML stream, empty ones left out."""
    return [document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document]


def title(document: Document) -> str:
    """`Kind/name`, as findings name a document."""
    return f"{document.get('kind', '?')}/{document.get('metadata', {}).get('name', '?')}"


def of_kind(documents: list[Document], *kinds: str) -> list[Document]:
    """Those documents that are of one of the kinds."""
    return [document for document in documents if document["kind"] in kinds]


def names(documents: list[Document], *kinds: str) -> set[str]:
    """The names of the documents of these kinds."""
    return {document["metadata"]["name"] for document in of_kind(documents, *kinds)}


def unhashed(name: str) -> str:
    """A generated ConfigMap's name without the hash that kustomize appends."""
    return re.sub(r"-[a-z0-9]{10}$", "", name)


def pods(documents: list[Document]) -> list[Pod]:
    """Every pod that these documents lead to, an operator's included."""
    return [*_own_pods(documents), *_postgres_pods(documents)]


def _own_pods(documents: list[Document]) -> Iterator[Pod]:
    for document in of_kind(documents, *_WORKLOADS):
        template = document["spec"]["template"]
        spec = template["spec"]
        yield Pod(title(document), template["metadata"].get("labels", {}), spec, _ports(spec))


def _ports(spec: Mapping[str, Any]) -> dict[str, int]:
    return {
        port["name"]: port["containerPort"] for container in spec["containers"] for port in container.get("ports", ())
    }


def _postgres_pods(documents: list[Document]) -> Iterator[Pod]:
    # CloudNativePG labels its pods so: https://cloudnative-pg.io/documentation/current/labels_annotations/
    for document in of_kind(documents, "Cluster"):
        inherited = document["spec"].get("inheritedMetadata", {}).get("labels", {})
        labels = {"cnpg.io/cluster": document["metadata"]["name"], "cnpg.io/podRole": "instance", **inherited}
        yield Pod(title(document), labels, {}, {"postgresql": 5432, "metrics": 9187, "status": 8000})


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector (matchLabels, matchExpressions) chooses these labels; an empty one chooses all."""
    wanted = selector.get("matchLabels", {})
    expressions = selector.get("matchExpressions", ())
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _expression_holds(expression, labels) for expression in expressions
    )


def _expression_holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise ValueError(f"unknown operator {expression['operator']}")
