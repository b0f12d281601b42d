"""Whether there is time to score at once. A flood of records goes first; its scores follow when it ebbs.

Short of a flood, whom others' records wait behind is scored together with them a moment later: a batch costs nearly as
much for one subject as for fifty.
"""

from collections.abc import Callable
from math import exp
from time import monotonic

# So many subjects are scored as they come; then so many a second. What is more waits for its turn.
BURST = 1000
A_SECOND = 20
# More subjects a second than this, over some seconds, are a flood.
A_FLOOD = 1500
OVER_S = 2.0
QUIET_S = 0.5
LONGEST_WAIT_S = 60.0


class Pace:
    """An allowance of subjects that fills up with time, how many come, and how long it has been quiet.

    `clock` counts seconds. `has_let_wait`: somebody was told to wait since `all_had_their_turn`.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._came = 0.0
        self._seen = self._last_turn = clock() - QUIET_S
        self.has_let_wait = False

    def allows(self, subjects: int, behind: int = 0) -> bool:
        """Whether so many subjects may be scored at once; counts them if so. `behind`: messages that wait for that."""
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._seen) * A_SECOND)
        self._came = self._remembered(now) + subjects
        self._seen = now
        if behind or subjects > self._left:
            self.has_let_wait = True
            return False
        self._left -= subjects
        return True

    def is_time(self) -> bool:
        """Whether those that wait have their turn: when there is no flood, or when they have waited long enough."""
        now = self._clock()
        is_flood = self._remembered(now) > A_FLOOD * OVER_S
        if is_flood and not self.is_quiet() and now - self._last_turn < LONGEST_WAIT_S:
            return False
        self._last_turn = now
        return True

    def is_quiet(self) -> bool:
        """Whether nothing has come for a while."""
        return self._clock() - self._seen >= QUIET_S

    def all_had_their_turn(self) -> None:
        """Nobody was found who waits."""
        self.has_let_wait = False

    def _remembered(self, now: float) -> float:
        return self._came * exp((self._seen - now) / OVER_S)
