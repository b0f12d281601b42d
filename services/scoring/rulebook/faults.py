"""What is wrong with a book: every fault with the item that it is in."""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong: `item` is the entry's code, or its page and place."""

    item: str
    reason: str


class BadBook(ValueError):
    """A book that is refused. `faults` are all of them, in the order of the pages."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.item}: {fault.reason}" for fault in faults))
        self.faults = tuple(faults)
