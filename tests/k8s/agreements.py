"""Values that stand in two places must agree: addresses, servers, replicas, sizes, images, names in certificates."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from local.pki import MESH_NAMES
from services.ingest.settings import IngestSettings
from shared.settings import Settings
from tests.k8s.model import Document, Finding, of_kind, pods, title, unhashed

_POOL = int(Settings.model_fields["database_pool"].default)
# For migrations, replication and the operator.
_RESERVED = 50
_SPOOLED = ("max_import_spool_bytes", "max_file_bytes", "import_workers")
_SIZES = {"Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}


def check(documents: list[Document], environment: str) -> list[Finding]:
    """Everything that would only be noticed when the parts meet."""
    return [
        *_check_addresses(documents),
        *_check_upstreams(documents),
        *_check_bus(documents),
        *_check_certificates(documents),
        *_check_images(documents, environment),
        *_check_connections(documents),
        *_check_spools(documents),
    ]


def config(documents: list[Document], name: str) -> dict[str, str]:
    """The data of a (generated) ConfigMap; empty if there is none."""
    found = [each["data"] for each in of_kind(documents, "ConfigMap") if unhashed(each["metadata"]["name"]) == name]
    return dict(found[0]) if found else {}


def _check_spools(documents: list[Document]) -> Iterator[Finding]:
    """Where columnar files are read from the disk, there is room for as many as are read at once."""
    given = {name: int(field.default) for name, field in IngestSettings.model_fields.items() if name in _SPOOLED}
    large, small = given["max_import_spool_bytes"], given["max_file_bytes"]
    needed = {"ingest-worker": given["import_workers"] * large, "ingest-api": large + 2 * small}
    for each in of_kind(documents, "Deployment"):
        name = each["metadata"]["name"]
        volumes = {one["name"]: one for one in each["spec"]["template"]["spec"].get("volumes", ())}
        limit = volumes.get("tmp", {}).get("emptyDir", {}).get("sizeLimit", "0Mi")
        if name in needed and int(limit[:-2]) * _SIZES[limit[-2:]] < needed[name]:
            yield Finding("agreements", title(each), f"tmp has {limit}; columnar files need {needed[name]} bytes")


def _check_addresses(documents: list[Document]) -> Iterator[Finding]:
    """Tokens name their issuer; gateway and services must mean the same two."""
    settings, envoy = config(documents, "platform-settings"), config(documents, "gateway-config").get("envoy.yaml", "")
    accepted = set(re.findall(r'issuer: "(https://[^"]+)"', envoy))
    given = {settings.get("ANXIN_AGENCY_ISSUER"), settings.get("ANXIN_PEOPLE_ISSUER")}
    if accepted != given:
        message = f"the gateway accepts tokens of {sorted(accepted)}, the services of {sorted(map(str, given))}"
        yield Finding("agreements", "gateway-config", message)
    certified = {name for each in _certificates(documents, "front") for name in each["spec"].get("dnsNames", ())}
    for address in sorted(accepted):
        host = re.sub(r"^https://|:\d+$", "", address)
        if host not in certified:
            yield Finding("agreements", "Certificate/front", f"does not name {host}, where {address} is served")


def _certificates(documents: list[Document], name: str) -> list[Document]:
    return [each for each in of_kind(documents, "Certificate") if each["metadata"]["name"] == name]


def _check_upstreams(documents: list[Document]) -> Iterator[Finding]:
    services = {
        (each["metadata"]["name"], port["port"])
        for each in of_kind(documents, "Service")
        for port in each["spec"]["ports"]
    }
    envoy = yaml.safe_load(config(documents, "gateway-config").get("envoy.yaml", "{}"))
    for cluster in envoy.get("static_resources", {}).get("clusters", ()):
        if cluster["name"] in {"collector", "admin"}:
            continue
        for host, port in _endpoints(cluster):
            if not host.startswith("127.") and (host, port) not in services:
                yield Finding(
                    "agreements", "gateway-config", f"no Service answers at {host}:{port} ({cluster['name']})"
                )


def _endpoints(cluster: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for group in cluster["load_assignment"]["endpoints"]:
        for each in group["lb_endpoints"]:
            address = each["endpoint"]["address"].get("socket_address")
            if address:
                yield address["address"], address["port_value"]


def _check_bus(documents: list[Document]) -> Iterator[Finding]:
    text = config(documents, "nats-config").get("nats.conf", "")
    for server in of_kind(documents, "StatefulSet"):
        count, spec = server["spec"]["replicas"], server["spec"]
        expected = {f"nats-{i}.{spec['serviceName']}:6222" for i in range(count)} if count > 1 else set()
        routes = set(re.findall(r"(nats-\d+\.[\w-]+:\d+)", text))
        if routes != expected:
            message = f"{count} servers, but routes to {sorted(routes)} in nats.conf"
            yield Finding("agreements", title(server), message)
        yield from _check_streams(documents, count, _file_store(text))
        yield from _check_capacity(server, text)
    if "sync_interval: always" not in text:
        yield Finding("agreements", "nats-config", "an acknowledgement must mean the disk: sync_interval: always")


def _check_streams(documents: list[Document], servers: int, store: int) -> Iterator[Finding]:
    for job in of_kind(documents, "Job"):
        if job["metadata"]["name"] != "streams":
            continue
        command = job["spec"]["template"]["spec"]["containers"][0]["command"]
        wanted = ["python", "-m", "shared.topology", "apply", str(min(servers, 3)), str(store)]
        if command != wanted:
            message = f"{servers} NATS servers that keep {store} bytes need {' '.join(wanted)}, not {' '.join(command)}"
            yield Finding("agreements", title(job), message)


def _file_store(text: str) -> int:
    return int((re.findall(r"max_file_store: (\d+)", text) or ["0"])[0])


def _check_capacity(server: Document, text: str) -> Iterator[Finding]:
    """Streams refuse at max_file_store with an answer; a full volume would refuse without one."""
    reserved = _file_store(text)
    for claim in server["spec"].get("volumeClaimTemplates", ()):
        size = claim["spec"]["resources"]["requests"]["storage"]
        if not 0 < reserved < 0.95 * int(size[:-2]) * _SIZES[size[-2:]]:
            yield Finding(
                "agreements", title(server), f"max_file_store {reserved} must leave 5% of its volume of {size}"
            )


def _check_certificates(documents: list[Document]) -> Iterator[Finding]:
    """NATS maps the first DNS name to a user; the services accept no certificate but one of the edge CA."""
    for name in sorted(MESH_NAMES):
        found = _certificates(documents, f"mesh-{name}")
        if not found:
            yield Finding("agreements", f"Certificate/mesh-{name}", "is missing, but local/pki.py knows the name")
        for each in found:
            spec = each["spec"]
            if spec.get("dnsNames", [""])[0] != name or spec["issuerRef"]["name"] != "mesh":
                yield Finding("agreements", title(each), f"must name {name} first and be issued by mesh")
    of_the_edge = {each["metadata"]["name"] for each in of_kind(documents, "Certificate") if _is_by(each, "edge")}
    if of_the_edge != {"edge"}:
        yield Finding("agreements", "Issuer/edge", f"must sign the gateway's certificate alone, not {of_the_edge}")


def _is_by(certificate: Document, issuer: str) -> bool:
    return bool(certificate["spec"]["issuerRef"]["name"] == issuer)


def _check_connections(documents: list[Document]) -> Iterator[Finding]:
    """When every service has scaled out and is being upgraded, PostgreSQL must still have a connection for each pod."""
    for cluster in of_kind(documents, "Cluster"):
        roles = {each["name"]: each.get("connectionLimit", 0) for each in cluster["spec"]["managed"]["roles"]}
        for name, limit in roles.items():
            if limit and limit < (wanted := _connections(documents, name)):
                yield Finding(
                    "agreements", title(cluster), f"{name} may want {wanted} connections, its role has {limit}"
                )
        most = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
        if sum(roles.values()) > most - _RESERVED:
            yield Finding("agreements", title(cluster), f"the roles' limits leave too little of {most} connections")


def _connections(documents: list[Document], service: str) -> int:
    most = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"]["maxReplicas"]
        for each in of_kind(documents, "HorizontalPodAutoscaler")
    }
    return sum(
        # One more than there are: an upgrade starts a new pod before it stops an old one.
        (most.get(each["metadata"]["name"], each["spec"].get("replicas", 1)) + 1) * _POOL
        for each in of_kind(documents, "Deployment")
        if each["metadata"]["labels"].get("app.kubernetes.io/name") == service
    )


def _check_images(documents: list[Document], environment: str) -> Iterator[Finding]:
    used = [(pod.owner, each["image"]) for pod in pods(documents) for each in pod.containers]
    used += [(title(each), each["spec"]["imageName"]) for each in of_kind(documents, "Cluster")]
    for owner, image in used:
        if environment == "prod" and not re.search(r"@sha256:[0-9a-f]{64}$", image):
            yield Finding("agreements", owner, f"production takes images by digest only, not {image}")
        elif not re.search(r"@sha256:|:v?\d|:[a-z]+-v\d", image):
            yield Finding("agreements", owner, f"{image} names no version")
    versions: dict[str, set[str]] = {}
    for _, image in used:
        versions.setdefault(re.split(r"[:@](?!.*/)", image)[0], set()).add(image)
    for name, images in versions.items():
        if len(images) > 1:
            yield Finding("agreements", name, f"is used in {len(images)} versions: {sorted(images)}")
