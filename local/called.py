"""How the `anxin` command is called from here, for hints that can be copied."""

import shlex
import shutil
import sys
from pathlib import Path


def anxin(*words: str) -> str:
    """`anxin` where the PATH finds this very one, else its path, as short as it goes; then the words, quoted."""
    return " ".join([_command(), *map(shlex.quote, words)])


def _command() -> str:
    ours = Path(sys.executable).with_name("anxin")
    found = shutil.which("anxin")
    if found is not None and Path(found).resolve() == ours.resolve():
        return "anxin"
    here = Path.cwd()
    return shlex.quote(str(ours.relative_to(here) if ours.is_relative_to(here) else ours))
