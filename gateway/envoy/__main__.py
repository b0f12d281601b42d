"""`python -m gateway.envoy render --values FILE [--secrets DIR]`: the configuration of a deployment.

It goes to standard output; with --secrets, the files of file-based SDS are written into DIR as well.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

from gateway.envoy.parameters import InvalidParameters, Parameters
from gateway.envoy.render import render, secret_files


def main(arguments: list[str] | None = None) -> int:
    """0: rendered; 2: the values are wrong, said in one line."""
    parser = argparse.ArgumentParser(prog="gateway.envoy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("render")
    command.add_argument("--values", type=Path, help="YAML, keys are Parameters' field names")
    command.add_argument("--secrets", type=Path, help="folder to write the SDS files into")
    given = parser.parse_args(arguments)
    try:
        values = yaml.safe_load(given.values.read_text(encoding="utf-8")) if given.values else {}
        params = Parameters.of(values or {})
        for name, text in secret_files(params).items() if given.secrets else ():
            (given.secrets / name).write_text(text, encoding="utf-8")
        sys.stdout.write(render(params))
    except (InvalidParameters, TypeError, OSError, yaml.YAMLError) as problem:
        sys.stderr.write(f"gateway.envoy: {problem}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
