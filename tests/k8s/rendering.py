"""Overlays rendered as the cluster would get them, and the generated files compared with their templates."""

import subprocess
from pathlib import Path

from tests.k8s.generate import outputs
from tests.k8s.model import BINARIES, Document, Finding, parse


class RenderFailed(RuntimeError):
    """kustomize refused the folder; the message is kustomize's own."""


def render(overlay: Path) -> str:
    """The YAML stream of an overlay. Raises RenderFailed."""
    done = subprocess.run(
        [str(BINARIES / "kubectl"), "kustomize", str(overlay)], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode or "Warning" in done.stderr:
        raise RenderFailed(done.stderr.strip())
    return done.stdout


def documents(overlay: Path) -> list[Document]:
    """The rendered documents of an overlay. Raises RenderFailed."""
    return parse(render(overlay))


def check_generated(overlay: Path) -> list[Finding]:
    """Committed configurations must be what their templates render today."""
    return [
        Finding("generated", str(path.name), "differs from its template; run `python -m tests.k8s.generate`")
        for path, text in outputs(overlay).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
