"""`python -m gateway.envoy render|secrets --values FILE`: the configuration of a deployment, on standard output."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

from gateway.envoy.parameters import InvalidParameters, Parameters
from gateway.envoy.render import render, render_secrets

RENDERERS = {"render": render, "secrets": render_secrets}


def main(arguments: list[str] | None = None) -> int:
    """0: rendered; 2: the values are wrong, said in one line."""
    parser = argparse.ArgumentParser(prog="gateway.envoy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in RENDERERS:
        commands.add_parser(name).add_argument("--values", type=Path, help="YAML, keys are Parameters' field names")
    given = parser.parse_args(arguments)
    try:
        values = yaml.safe_load(given.values.read_text(encoding="utf-8")) if given.values else {}
        sys.stdout.write(RENDERERS[given.command](Parameters.of(values or {})))
    except (InvalidParameters, TypeError, OSError, yaml.YAMLError) as problem:
        sys.stderr.write(f"gateway.envoy: {problem}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
