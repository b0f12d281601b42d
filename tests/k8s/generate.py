"""`python -m tests.k8s.generate`: the configurations that ship, rendered from the same templates as on one machine."""

import sys
from pathlib import Path
from typing import Any

import yaml

from gateway.envoy import Parameters, render, secret_files
from local import nats_configuration
from tests.k8s.model import ENVIRONMENTS, OVERLAYS, ROOT

FOLDER = "generated"


def outputs(overlay: Path) -> dict[Path, str]:
    """What belongs into an overlay's folder `generated`, where nothing is written by hand: path -> text."""
    gateway = Parameters.of(_values(overlay / "gateway.values.yaml"))
    files = {
        "envoy.yaml": render(gateway),
        **secret_files(gateway),
        "nats.conf": nats_configuration.render(**_values(overlay / "nats.values.yaml")),
    }
    return {overlay / FOLDER / name: text for name, text in files.items()}


def _values(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return values


def main() -> None:
    """Write every generated file, and take away what is no longer generated."""
    for environment in ENVIRONMENTS:
        expected = outputs(OVERLAYS / environment)
        for stale in set((OVERLAYS / environment / FOLDER).iterdir()) - expected.keys():
            stale.unlink()
        for path, text in expected.items():
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
