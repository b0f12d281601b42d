"""Options that every command takes."""

from pathlib import Path
from typing import Annotated

import typer

from local.layout import Home, default_home

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="ANXIN_HOME", help="平台目录 The platform's folder (default ./.anxin)"),
]


def home_of(option: Path | None) -> Home:
    """The home, absolute: parts run in other folders."""
    return Home((option or default_home()).expanduser().resolve())
