"""How many subjects are judged at once, so that what is known of them takes no more memory than was meant for it.

An employer may have ten facts or five hundred. How many they have shows when they are read; the next are about alike.
"""

from collections.abc import Iterator, Sequence
from math import ceil

# What the facts of a portion take as a table (2 kB an employer with a dozen). To judge them takes some ten times that.
MOST_BYTES = 9 * 2**20
# As if so many had been judged before, each as heavy as makes a portion of them.
AT_FIRST = 500


class Portions:
    """Cuts those who wait into portions, by what the facts of the last few hundred subjects took."""

    def __init__(self, most_bytes: int = MOST_BYTES, at_first: int = AT_FIRST) -> None:
        self._most, self._remembered = most_bytes, at_first
        self._each = most_bytes / at_first

    def of(self, subjects: Sequence[str]) -> Iterator[list[str]]:
        """Them all, in their order, in portions about alike; how large the next is shows when it is asked for."""
        done = 0
        while done < len(subjects):
            left = len(subjects) - done
            take = ceil(left / ceil(left * self._each / self._most))
            yield list(subjects[done : done + take])
            done += take

    def weighed(self, subjects: int, size: int) -> None:
        """The facts of so many subjects took so many bytes."""
        self._each = (self._each * self._remembered + size) / (self._remembered + subjects)
