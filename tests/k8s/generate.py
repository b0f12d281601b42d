"""`python -m tests.k8s.generate`: the configurations that ship, rendered from the same templates as on one machine."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from gateway.envoy import Parameters, render_secrets
from gateway.envoy import render as render_envoy
from local.nats_configuration import render as render_nats

ROOT = Path(__file__).parents[2]
OVERLAYS = ROOT / "k8s" / "overlays"
ENVIRONMENTS = ("dev", "prod")

# What is written -> (from which values, by which template).
_RENDERERS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "envoy.yaml": ("gateway.values.yaml", lambda values: render_envoy(Parameters.of(values))),
    "secrets.yaml": ("gateway.values.yaml", lambda values: render_secrets(Parameters.of(values))),
    "nats.conf": ("nats.values.yaml", lambda values: render_nats(**values)),
}


def outputs(overlay: Path) -> dict[Path, str]:
    """The files of an overlay that are never written by hand: path -> text."""
    return {overlay / name: _rendered(overlay / values, render) for name, (values, render) in _RENDERERS.items()}


def _rendered(values: Path, render: Callable[[dict[str, Any]], str]) -> str:
    return render(yaml.safe_load(values.read_text(encoding="utf-8")))


def main() -> None:
    """Write every generated file."""
    for environment in ENVIRONMENTS:
        for path, text in outputs(OVERLAYS / environment).items():
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
