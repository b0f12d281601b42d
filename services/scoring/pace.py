"""Whether there is time to score at once. A flood of records goes first; its scores follow when it ebbs."""

from collections.abc import Callable
from time import monotonic

# So many subjects are scored as they come; then so many a second. What is more waits for its turn.
BURST = 1000
A_SECOND = 100
QUIET_S = 0.5
LONGEST_WAIT_S = 60.0


class Pace:
    """An allowance of subjects that fills up with time, and how long it has been quiet. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._seen = self._last_turn = clock() - QUIET_S

    def allows(self, subjects: int) -> bool:
        """Whether so many subjects may be scored at once; counts them if so."""
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._seen) * A_SECOND)
        self._seen = now
        if subjects > self._left:
            return False
        self._left -= subjects
        return True

    def is_time(self) -> bool:
        """Whether those that wait have their turn: when no records come, or when they have waited long enough."""
        now = self._clock()
        if now - self._seen < QUIET_S and now - self._last_turn < LONGEST_WAIT_S:
            return False
        self._last_turn = now
        return True
