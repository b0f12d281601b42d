"""`python -m docs.generate [--check] [NAME...]`: write the generated pages, or say which have drifted from the code."""

import sys
from pathlib import Path

from docs.generate.pages import HERE, PAGES, drifted, write


def main(arguments: list[str], home: Path = HERE) -> int:
    """0 when all is well; 1 when a page has drifted (`--check`); 2 on a name nobody knows or a file
    of data that cannot be read."""
    wanted = [name for name in arguments if not name.startswith("-")] or list(PAGES)
    if unknown := sorted(set(wanted) - set(PAGES)):
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(PAGES)}", file=sys.stderr)
        return 2
    try:
        if "--check" in arguments:
            return _report(drifted(wanted, home))
        for path in write(wanted, home):
            print(f"written: {path}")
    except ValueError as error:  # a file of data that its loader refuses, by name
        print(f"refused: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def _report(paths: list[str]) -> int:
    for path in paths:
        print(f"drifted: {path} (run: make docs)", file=sys.stderr)
    return 1 if paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
