"""`anxin city generate`: a synthetic district as a directory of files (the same as `python -m city`)."""

import typer

from city.__main__ import generate


def register(app: typer.Typer) -> None:
    room = typer.Typer(help="虚构的区。A synthetic district.", no_args_is_help=True)
    room.callback()(_room)
    room.command("generate")(generate)
    app.add_typer(room, name="city")


def _room() -> None:
    """虚构的区。A synthetic district."""
