"""A FlatBuffers table read by its numbers; an offset that leads out of the buffer is an error, never a read.

https://flatbuffers.dev/internals/
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass


class Unreadable(Exception):
    """Why the file cannot be read, in both languages."""

    def __init__(self, detail: str, detail_zh: str) -> None:
        super().__init__(detail)
        self.detail_zh = detail_zh


class Misplaced(Unreadable):
    """An offset or a length leads out of the buffer."""

    def __init__(self) -> None:
        super().__init__("The file is broken: an offset leads out of it.", "文件损坏：偏移超出文件。")


@dataclass(frozen=True)
class Table:
    """A table at a place of its buffer. Fields are asked for by their number in the schema."""

    buffer: bytes
    place: int

    def number(self, field: int, form: str) -> int:
        """A scalar of that `struct` form; 0 when the table does not have it."""
        found = self._field(field)
        return self._read(form, found) if found else 0

    def table(self, field: int) -> "Table":
        """The table that a field points to. Raises Misplaced when there is none."""
        found = self._field(field)
        if not found:
            raise Misplaced
        return Table(self.buffer, self._follow(found))

    def tables(self, field: int) -> Iterator["Table"]:
        """The tables of a vector."""
        found = self._field(field)
        if found:
            start = self._follow(found)
            for place in range(self._read("<I", start)):
                yield Table(self.buffer, self._follow(start + 4 + 4 * place))

    def text(self, field: int) -> str:
        """A text; an empty one when the table does not have it."""
        found = self._field(field)
        if not found:
            return ""
        start = self._follow(found)
        end = start + 4 + self._read("<I", start)
        if end > len(self.buffer):
            raise Misplaced
        return self.buffer[start + 4 : end].decode("utf-8", "replace")

    def _field(self, field: int) -> int:
        vtable = self.place - self._read("<i", self.place)
        slot = 4 + 2 * field
        offset = self._read("<H", vtable + slot) if slot < self._read("<H", vtable) else 0
        return self.place + offset if offset else 0

    def _follow(self, place: int) -> int:
        return place + self._read("<I", place)

    def _read(self, form: str, place: int) -> int:
        if place < 0:
            raise Misplaced
        try:
            (value,) = struct.unpack_from(form, self.buffer, place)
        except struct.error as error:
            raise Misplaced from error
        return int(value)


def root(buffer: bytes) -> Table:
    """The table that a buffer is about."""
    start = Table(buffer, 0)
    return Table(buffer, start._follow(0))
