"""Who can speak to whom, worked out from the policies of both ends: exactly the flows the platform needs, no other."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from tests.k8s.model import Document, Finding, Pod, of_kind, pods, selects, title

_SERVICES = ("issuer", "ingest", "scoring", "alerts", "credit")
# From a part, to a part, at a port. A part is its app name; a service's API pods are `<name>/api`.
Flow = tuple[str, str, str]
WORLD = "world"

NEEDED: frozenset[Flow] = frozenset(
    {("gateway", f"{name}/api", "https") for name in _SERVICES}
    | {(name, store, port) for name in _SERVICES for store, port in (("postgres", "postgresql"), ("nats", "client"))}
    | {("migrate", "postgres", "postgresql"), ("streams", "nats", "client"), ("nats", "nats", "cluster")}
    | {("postgres", "postgres", port) for port in ("postgresql", "status")}
    | {(WORLD, "gateway", port) for port in ("agencies", "people")}
)
# Parts that may open connections to addresses outside the cluster.
OUTWARD = frozenset({"credit/worker", "postgres"})
# ... and the one that may only where a platform is asked for records, and then to that platform.
_CONNECTED, _CONNECTORS = "ingest/worker", "ingest-connectors"
_NOBODY, _LONGEST = ip_network("192.0.2.0/24"), 24


def check(documents: list[Document]) -> list[Finding]:
    """Needed flows that a policy stops, and flows that nobody needs."""
    policies = of_kind(documents, "NetworkPolicy")
    every = pods(documents)
    return [*_check_inside(every, policies), *_check_outside(every, policies), *_check_platforms(policies)]


def _check_inside(every: list[Pod], policies: list[Document]) -> Iterator[Finding]:
    for source in (*every, None):
        for target in every:
            for port, number in target.ports.items():
                needed = bool(_flows(source, target, port) & NEEDED)
                if needed != _is_allowed(source, target, (port, number), policies):
                    said = "is needed, but not allowed" if needed else "is allowed, but not needed"
                    yield Finding("flows", f"{_owner(source)} -> {target.owner} {port}", said)


def _check_outside(every: list[Pod], policies: list[Document]) -> Iterator[Finding]:
    for pod in every:
        outward = any(_leads_out(rule) for rule in _rules(pod, policies, "egress"))
        if outward != (bool(_parts(pod) & OUTWARD) or _is_connected(pod)):
            said = "may speak to the world, but need not" if outward else "must speak to the world, but may not"
            yield Finding("flows", pod.owner, said)


def _check_platforms(policies: list[Document]) -> Iterator[Finding]:
    """A platform has a few addresses of its own."""
    for policy in policies:
        if policy["metadata"]["name"] != _CONNECTORS:
            continue
        for peer in (peer for rule in policy["spec"]["egress"] for peer in rule.get("to") or [{}]):
            range_ = ip_network(peer.get("ipBlock", {}).get("cidr", "0.0.0.0/0"))
            if range_.version == 4 and range_.subnet_of(_NOBODY):  # type: ignore[arg-type]
                yield Finding("flows", title(policy), f"opens {range_}, which is nobody's: name the platform's address")
            elif range_.prefixlen < _LONGEST:
                yield Finding("flows", title(policy), f"opens {range_}, which is more than a platform")


def _is_connected(pod: Pod) -> bool:
    sources = [
        source for volume in pod.spec.get("volumes", ()) for source in volume.get("projected", {}).get("sources", ())
    ]
    return _CONNECTED in _parts(pod) and any(each["secret"]["name"] == _CONNECTORS for each in sources)


def _owner(pod: Pod | None) -> str:
    return pod.owner if pod else WORLD


def _parts(pod: Pod | None) -> set[str]:
    if pod is None:
        return {WORLD}
    name = pod.labels.get("app.kubernetes.io/name") or pod.labels.get("cnpg.io/cluster", pod.owner)
    return {name, f"{name}/{pod.labels.get('app.kubernetes.io/component')}"}


def _flows(source: Pod | None, target: Pod, port: str) -> set[Flow]:
    return {(one, other, port) for one in _parts(source) for other in _parts(target)}


def _is_allowed(source: Pod | None, target: Pod, port: tuple[str, int], policies: list[Document]) -> bool:
    leaves = source is None or any(_fits(rule, "to", target, port) for rule in _rules(source, policies, "egress"))
    enters = any(_fits(rule, "from", source, port) for rule in _rules(target, policies, "ingress"))
    return leaves and enters


def _rules(pod: Pod, policies: list[Document], direction: str) -> Iterator[Mapping[str, Any]]:
    """The rules of every policy that chooses the pod; a pod that no policy chooses may do everything."""
    chosen = [
        policy["spec"]
        for policy in policies
        if direction.capitalize() in policy["spec"]["policyTypes"]
        and selects(policy["spec"]["podSelector"], pod.labels)
    ]
    if not chosen:
        yield {}
    for spec in chosen:
        yield from spec.get(direction, ())


def _fits(rule: Mapping[str, Any], peers: str, other: Pod | None, port: tuple[str, int]) -> bool:
    ports = rule.get("ports")
    if ports and not any(each["port"] in port for each in ports):
        return False
    return not rule.get(peers) or any(_is_peer(peer, other) for peer in rule[peers])


def _is_peer(peer: Mapping[str, Any], other: Pod | None) -> bool:
    """Other namespaces' pods are neither ours nor the world; a public address range is the world, never a pod."""
    if other is None:
        return "ipBlock" in peer
    return "podSelector" in peer and "namespaceSelector" not in peer and selects(peer["podSelector"], other.labels)


def _leads_out(rule: Mapping[str, Any]) -> bool:
    return not rule.get("to") or any("ipBlock" in peer for peer in rule["to"])
