"""`python -m tests.k8s.check`: everything that can be known of the manifests without a cluster. Part of `make lint`.

Prints each finding, and how long each check took. Exit code 1 if there is any finding.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from tests.k8s import agreements, environment, flows, references, rendering, scanners, schemas, selectors, shipped
from tests.k8s.model import ENVIRONMENTS, OVERLAYS, Document, Finding, parse

Check = Callable[[], list[Finding]]


def check_documents(documents: list[Document], name: str) -> dict[str, Check]:
    """Every check of one rendered overlay, by name."""
    return {
        "schema": lambda: schemas.check(documents),
        "references": lambda: references.check(documents, name),
        "selectors": lambda: selectors.check(documents),
        "flows": lambda: flows.check(documents),
        "environment": lambda: environment.check(documents),
        "agreements": lambda: agreements.check(documents, name),
        "shipped": lambda: shipped.check(documents),
        "generated": lambda: rendering.check_generated(OVERLAYS / name),
    }


def main() -> int:
    """0: nothing to say; 1: findings, or an overlay that can not be rendered."""
    try:
        rendered = {name: rendering.render(OVERLAYS / name) for name in ENVIRONMENTS}
    except rendering.RenderFailed as error:
        sys.stderr.write(f"render: {error}\n")
        return 1
    with ThreadPoolExecutor(max_workers=1) as beside:
        policies: Future[list[Finding]] = beside.submit(_timed, "checkov", lambda: scanners.check_policies(rendered))
        findings = _timed("hadolint", scanners.check_dockerfile)
        for name, text in rendered.items():
            for check, run in check_documents(parse(text), name).items():
                findings += _timed(f"{name}: {check}", run)
        findings += policies.result()
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    return 1 if findings else 0


def _timed(name: str, check: Check) -> list[Finding]:
    started = time.monotonic()
    findings = check()
    said = "ok" if not findings else f"{len(findings)} finding(s)"
    sys.stdout.write(f"{name:<20} {said:<16} {time.monotonic() - started:5.1f} s\n")
    return findings


if __name__ == "__main__":
    sys.exit(main())
