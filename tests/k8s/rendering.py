"""Overlays rendered as the cluster would get them, and the generated files compared with their templates."""

import subprocess
from pathlib import Path

from tests.k8s.generate import FOLDER, outputs
from tests.k8s.model import BINARIES, Document, Finding, parse


class RenderFailed(RuntimeError):
    """kustomize refused the folder; the message is kustomize's own."""


def render(overlay: Path) -> str:
    """The YAML stream of an overlay. Raises RenderFailed."""
    done = subprocess.run(
        [str(BINARIES / "kubectl"), "kustomize", str(overlay)], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode or "Warning" in done.stderr:
        raise RenderFailed(done.stderr.strip())
    return done.stdout


def documents(overlay: Path) -> list[Document]:
    """The rendered documents of an overlay. Raises RenderFailed."""
    return parse(render(overlay))


def check_generated(overlay: Path) -> list[Finding]:
    """Committed configurations must be what their templates render today, all of them and no other."""
    expected = outputs(overlay)
    present = {path: path.read_text(encoding="utf-8") for path in (overlay / FOLDER).iterdir()}
    return [
        Finding("generated", path.name, "differs from its template; run `python -m tests.k8s.generate`")
        for path in sorted(expected.keys() | present.keys())
        if present.get(path) != expected.get(path)
    ]
