"""A request as its sender signed it. Plain values."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """A request as it was sent: method, URL with the platform's public address, and its header lines in order."""

    method: str
    url: str
    lines: Sequence[tuple[str, str]]

    @property
    def headers(self) -> "_Lines":
        return _Lines(self.lines)

    def header(self, name: str) -> str | None:
        """A header's lines as one value; None when there is none."""
        found = [value for given, value in self.lines if given == name]
        return ", ".join(found) if found else None


@dataclass(frozen=True)
class _Lines:
    """What the library asks of headers."""

    lines: Sequence[tuple[str, str]]

    def items(self) -> Sequence[tuple[str, str]]:
        return self.lines
