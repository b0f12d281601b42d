"""Every selector must choose a pod, every port must be one of the chosen pods, every pod must have its policies."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.k8s.model import Document, Finding, Pod, names, of_kind, pods, selects, title


def check(documents: list[Document]) -> list[Finding]:
    """Selectors that choose nothing, ports that nobody has, pods that no policy or budget knows."""
    every = pods(documents)
    return [
        *_check_workloads(documents),
        *(found for service in of_kind(documents, "Service") for found in _check_service(service, every)),
        *(found for pod in every for found in _check_probes(pod)),
        *_check_budgets(documents, every),
        *_check_scaling(documents),
        *_check_policies(documents, every),
    ]


def _chosen(selector: Mapping[str, Any], every: list[Pod]) -> list[Pod]:
    return [pod for pod in every if selects(selector, pod.labels)]


def _check_workloads(documents: list[Document]) -> Iterator[Finding]:
    headless = {each["metadata"]["name"] for each in of_kind(documents, "Service") if _is_headless(each)}
    for workload in of_kind(documents, "Deployment", "StatefulSet"):
        if not selects(workload["spec"]["selector"], workload["spec"]["template"]["metadata"]["labels"]):
            yield Finding("selectors", title(workload), "its selector does not choose its own pods")
        others = _chosen(workload["spec"]["selector"], pods(documents))
        if len(others) > 1:
            yield Finding("selectors", title(workload), f"its selector also chooses {[pod.owner for pod in others]}")
        if workload["kind"] == "StatefulSet" and workload["spec"]["serviceName"] not in headless:
            name = workload["spec"]["serviceName"]
            yield Finding("selectors", title(workload), f"serviceName {name} is not the name of a headless Service")


def _is_headless(service: Document) -> bool:
    return bool(service["spec"].get("clusterIP") == "None")


def _check_service(service: Document, every: list[Pod]) -> Iterator[Finding]:
    chosen = _chosen({"matchLabels": service["spec"]["selector"]}, every)
    if not chosen:
        yield Finding("selectors", title(service), f"chooses no pod: {service['spec']['selector']}")
    for port in service["spec"]["ports"]:
        target = port.get("targetPort", port["port"])
        yield from _check_port(title(service), target, chosen)


def _check_port(where: str, port: str | int, chosen: list[Pod]) -> Iterator[Finding]:
    """A name or number must be open on at least one chosen pod."""
    if chosen and not any(port in pod.ports or port in pod.ports.values() for pod in chosen):
        yield Finding("selectors", where, f"port {port} is open on none of {sorted({pod.owner for pod in chosen})}")


def _check_probes(pod: Pod) -> Iterator[Finding]:
    for container in pod.containers:
        open_here = {port["name"] for port in container.get("ports", ())}
        numbers = {port["containerPort"] for port in container.get("ports", ())}
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            port = container.get(kind, {}).get("httpGet", {}).get("port")
            if port is not None and port not in open_here | numbers:
                yield Finding("selectors", pod.owner, f"{kind} asks port {port}, which {container['name']} has not")


def _check_budgets(documents: list[Document], every: list[Pod]) -> Iterator[Finding]:
    guarded: dict[str, str] = {}
    for budget in of_kind(documents, "PodDisruptionBudget"):
        chosen = _chosen(budget["spec"]["selector"], every)
        if not chosen:
            yield Finding("selectors", title(budget), "chooses no pod")
        for pod in chosen:
            if pod.owner in guarded:
                # The eviction API refuses a pod with two budgets altogether.
                yield Finding("selectors", title(budget), f"{pod.owner} already has {guarded[pod.owner]}")
            guarded[pod.owner] = title(budget)
    if not guarded:
        return
    for workload in of_kind(documents, "Deployment", "StatefulSet"):
        if title(workload) not in guarded:
            yield Finding("selectors", title(workload), "no PodDisruptionBudget chooses its pods")


def _check_scaling(documents: list[Document]) -> Iterator[Finding]:
    workloads = {(each["kind"], each["metadata"]["name"]): each for each in of_kind(documents, "Deployment")}
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        workload = workloads.get((target["kind"], target["name"]))
        if workload is None:
            yield Finding("selectors", title(scaler), f"there is no {target['kind']} {target['name']} to scale")
        elif "replicas" in workload["spec"]:
            yield Finding("selectors", title(scaler), f"{target['name']} also sets replicas: every apply would undo it")
        elif not all("cpu" in _requests(container) for container in _containers(workload)):
            yield Finding("selectors", title(scaler), f"{target['name']} requests no cpu, so its use has no percentage")


def _containers(workload: Document) -> list[Mapping[str, Any]]:
    return list(workload["spec"]["template"]["spec"]["containers"])


def _requests(container: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(container.get("resources", {}).get("requests", {}))


def _check_policies(documents: list[Document], every: list[Pod]) -> Iterator[Finding]:
    policies = of_kind(documents, "NetworkPolicy")
    if not any(_denies_all(policy) for policy in policies):
        yield Finding("selectors", "NetworkPolicy", "no policy denies everything to every pod")
    for policy in policies:
        yield from _check_policy(policy, every)
    for pod in every:
        for direction in ("ingress", "egress"):
            if not _has_own(pod, policies, direction):
                yield Finding("selectors", pod.owner, f"no NetworkPolicy of its own says its {direction}")
    if names(documents, "Namespace") and not every:
        yield Finding("selectors", "Namespace", "there is no pod at all")


def _denies_all(policy: Document) -> bool:
    spec = policy["spec"]
    ruled = set(spec["policyTypes"]) == {"Ingress", "Egress"}
    return ruled and spec["podSelector"] == {} and not spec.get("ingress") and not spec.get("egress")


def _has_own(pod: Pod, policies: list[Document], direction: str) -> bool:
    return any(
        policy["spec"]["podSelector"] and selects(policy["spec"]["podSelector"], pod.labels)
        for policy in policies
        if direction.capitalize() in policy["spec"]["policyTypes"]
        and "app.kubernetes.io/part-of" not in policy["spec"]["podSelector"].get("matchLabels", {})
    )


def _check_policy(policy: Document, every: list[Pod]) -> Iterator[Finding]:
    chosen = _chosen(policy["spec"]["podSelector"], every)
    if not chosen:
        yield Finding("selectors", title(policy), "chooses no pod")
    for rule in policy["spec"].get("ingress", ()):
        yield from _check_ports(policy, rule, chosen)
        for peer in rule.get("from", ()):
            yield from _check_peer(policy, peer, every)
    for rule in policy["spec"].get("egress", ()):
        inside = [pod for peer in rule.get("to", ()) for pod in _peers(peer, every)]
        yield from _check_ports(policy, rule, inside)
        for peer in rule.get("to", ()):
            yield from _check_peer(policy, peer, every)


def _check_ports(policy: Document, rule: Mapping[str, Any], chosen: list[Pod]) -> Iterator[Finding]:
    for port in rule.get("ports", ()):
        yield from _check_port(title(policy), port["port"], chosen)


def _peers(peer: Mapping[str, Any], every: list[Pod]) -> list[Pod]:
    """The pods of this namespace that a peer means; other namespaces' pods are not ours to know."""
    if "namespaceSelector" in peer or "podSelector" not in peer:
        return []
    return _chosen(peer["podSelector"], every)


def _check_peer(policy: Document, peer: Mapping[str, Any], every: list[Pod]) -> Iterator[Finding]:
    if "podSelector" in peer and "namespaceSelector" not in peer and not _peers(peer, every):
        yield Finding("selectors", title(policy), f"names a peer that does not exist: {peer['podSelector']}")
