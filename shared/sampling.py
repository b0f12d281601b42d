"""Which requests leave spans: every one, up to so many a second; of what comes beyond, some, evenly in time.

The others keep the ids that the gateway gave them (logs, receipts, events), and nothing that they cause is kept either.
"""

import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

# Spans of so many seconds may come at once.
_BURST_S = 1.0
_READER = TraceContextTextMapPropagator()

Scope = MutableMapping[str, Any]


class Sampling:
    """Follows `a_second` requests a second (generic cell rate algorithm), of `_BURST_S` at once."""

    def __init__(self, a_second: float) -> None:
        self._each = 1 / a_second
        self._taken_until = 0.0

    def leaves_out(self) -> bool:
        """Whether the request that comes now is one too many."""
        now = time.monotonic()
        begins = max(now, self._taken_until)
        if begins - now >= _BURST_S:
            return True
        self._taken_until = begins + self._each
        return False


@contextmanager
def as_left_out(scope: Scope) -> Iterator[None]:
    """What is done here for the request belongs to its trace, and leaves no spans either."""
    told = get_current_span(_READER.extract({"traceparent": _traceparent(scope)})).get_span_context()
    ids = SpanContext(told.trace_id, told.span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.DEFAULT))
    token = context.attach(trace.set_span_in_context(NonRecordingSpan(ids)))
    try:
        yield
    finally:
        context.detach(token)


def _traceparent(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), "")
