"""What a part said last."""

from pathlib import Path


def last_line(log: Path, size: int = 4096) -> str:
    """The last line that says something, as the reason to show; "no output" when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - size))
            lines = file.read().decode(errors="replace").split("\n")
    except FileNotFoundError:
        lines = []
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:400] if said else "no output"
