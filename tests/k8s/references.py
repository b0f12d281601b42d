"""Every name that a document mentions must be the name of something: maps, secrets, accounts, issuers, volumes."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.k8s.model import ROOT, Document, Finding, Pod, names, of_kind, pods, title

EXTERNAL = ROOT / "k8s" / "external-secrets.yaml"
_OF_A_CERTIFICATE = frozenset({"tls.crt", "tls.key", "ca.crt"})
# A secret's name and the keys that are read from it (none: whatever it holds).
Reference = tuple[str, frozenset[str]]


def check(documents: list[Document], environment: str) -> list[Finding]:
    """References to nothing, and external secrets that nothing needs."""
    external = _external(environment)
    available = external | _optional() | _issued(documents)
    return [
        *_check_identities(documents),
        *(found for document in documents for found in _check_secrets(document, available)),
        *_check_unused(documents, external),
        *(found for document in documents for found in _check_config_maps(document, documents)),
        *_check_issuers(documents),
        *(found for pod in pods(documents) if pod.is_ours for found in _check_pod(pod, documents)),
    ]


def _external(environment: str) -> dict[str, frozenset[str]]:
    listed = yaml.safe_load(EXTERNAL.read_text(encoding="utf-8"))
    return {each["name"]: frozenset(each["keys"]) for each in listed if environment in each["overlays"]}


def _optional() -> dict[str, frozenset[str]]:
    """What only a component needs: every overlay may mention it, none must."""
    listed = yaml.safe_load(EXTERNAL.read_text(encoding="utf-8"))
    return {each["name"]: frozenset(each["keys"]) for each in listed if not each["overlays"]}


def _issued(documents: list[Document]) -> dict[str, frozenset[str]]:
    """cert-manager writes a Secret for each Certificate."""
    return {each["spec"]["secretName"]: _OF_A_CERTIFICATE for each in of_kind(documents, "Certificate")}


def _check_identities(documents: list[Document]) -> Iterator[Finding]:
    namespaces = names(documents, "Namespace")
    seen: set[tuple[str, str]] = set()
    for document in documents:
        identity = (document["kind"], document["metadata"]["name"])
        if identity in seen:
            yield Finding("references", title(document), "appears twice")
        seen.add(identity)
        if document["kind"] != "Namespace" and document["metadata"].get("namespace") not in namespaces:
            yield Finding("references", title(document), "lies in no namespace of this overlay")


def secrets(document: Document) -> Iterator[Reference]:
    """Every secret that a document mentions, wherever it stands (a Certificate's own secretName is its product)."""
    content = {key: value for key, value in document.items() if document["kind"] != "Certificate" or key != "spec"}
    yield from _secrets(content)


def _secrets(node: Any) -> Iterator[Reference]:
    if isinstance(node, list):
        for each in node:
            yield from _secrets(each)
    elif isinstance(node, dict):
        if node.keys() == {"name", "key"}:
            yield node["name"], frozenset({node["key"]})
        for key, value in node.items():
            yield from _secret_at(key, value)


def _secret_at(key: str, value: Any) -> Iterator[Reference]:
    if key == "configMapKeyRef":
        return
    if key == "secretName" or (key.endswith("Secret") and isinstance(value, str)):
        yield value, frozenset()
    elif key in ("secret", "secretRef", "passwordSecret") and isinstance(value, dict) and "name" in value:
        read = frozenset(item["key"] for item in value.get("items", ()))
        # CloudNativePG reads both keys of a basic-auth secret.
        yield value["name"], read or (frozenset({"username", "password"}) if key == "passwordSecret" else frozenset())
    else:
        yield from _secrets(value)


def _check_secrets(document: Document, available: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    for name, keys in secrets(document):
        if name not in available:
            message = f"Secret {name} comes from no Certificate and is not in k8s/external-secrets.yaml"
            yield Finding("references", title(document), message)
        elif not keys <= available[name]:
            yield Finding("references", title(document), f"Secret {name} has no key {sorted(keys - available[name])}")


def _check_unused(documents: list[Document], external: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    used = {name for document in documents for name, _ in secrets(document)}
    for name in sorted(external.keys() - used):
        yield Finding("references", f"Secret/{name}", "is in k8s/external-secrets.yaml, but nothing reads it")


def config_maps(node: Any) -> Iterator[tuple[str, frozenset[str]]]:
    """Every ConfigMap that is mentioned, and the keys that are read from it."""
    if isinstance(node, list):
        for each in node:
            yield from config_maps(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("configMap", "configMapRef") and isinstance(value, dict):
                yield value["name"], frozenset(item["key"] for item in value.get("items", ()))
            elif key == "configMapKeyRef":
                yield value["name"], frozenset({value["key"]})
            else:
                yield from config_maps(value)


def _check_config_maps(document: Document, documents: list[Document]) -> Iterator[Finding]:
    available = {each["metadata"]["name"]: set(each.get("data", ())) for each in of_kind(documents, "ConfigMap")}
    for name, keys in config_maps(document.get("spec")):
        if name not in available:
            yield Finding("references", title(document), f"there is no ConfigMap {name}")
        elif not keys <= available[name]:
            missing = sorted(keys - available[name])
            yield Finding("references", title(document), f"ConfigMap {name} has no key {missing}")


def _check_issuers(documents: list[Document]) -> Iterator[Finding]:
    issuers = names(documents, "Issuer")
    authorities = {each["spec"]["secretName"] for each in of_kind(documents, "Certificate") if each["spec"].get("isCA")}
    for certificate in of_kind(documents, "Certificate"):
        issuer = certificate["spec"]["issuerRef"]["name"]
        if issuer not in issuers:
            yield Finding("references", title(certificate), f"there is no Issuer {issuer}")
    for issuer in of_kind(documents, "Issuer"):
        signing = issuer["spec"].get("ca", {}).get("secretName")
        if signing is not None and signing not in authorities:
            yield Finding("references", title(issuer), f"Secret {signing} is not of a Certificate with isCA")


def _check_pod(pod: Pod, documents: list[Document]) -> Iterator[Finding]:
    account = pod.spec.get("serviceAccountName")
    if account not in names(documents, "ServiceAccount"):
        yield Finding("references", pod.owner, f"there is no ServiceAccount {account}")
    yield from _check_volumes(pod, documents)


def _check_volumes(pod: Pod, documents: list[Document]) -> Iterator[Finding]:
    volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", ())}
    claimed = {
        template["metadata"]["name"]
        for document in of_kind(documents, "StatefulSet")
        if title(document) == pod.owner
        for template in document["spec"].get("volumeClaimTemplates", ())
    }
    mounted = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", ())}
    for name in sorted(mounted - volumes.keys() - claimed):
        yield Finding("references", pod.owner, f"mounts the volume {name}, which it does not have")
    for name in sorted((volumes.keys() | claimed) - mounted):
        yield Finding("references", pod.owner, f"has the volume {name}, which nothing mounts")
    claims = names(documents, "PersistentVolumeClaim")
    for volume in volumes.values():
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim is not None and claim not in claims:
            yield Finding("references", pod.owner, f"there is no PersistentVolumeClaim {claim}")
