"""Which requests leave spans: every one, up to so many a second; of what comes beyond, some, evenly in time.

The others keep the ids that the gateway gave them (logs, receipts, events), and nothing that they cause is kept either.
"""

import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, get_current_span
from starlette.datastructures import Headers

from shared.telemetry import context_of

_LEFT_OUT = "anxin.left_out"
# Spans of so many seconds may come at once.
_BURST_S = 1.0

Scope = MutableMapping[str, Any]


class Sampling:
    """Follows `a_second` requests a second (generic cell rate algorithm), of `_BURST_S` at once."""

    def __init__(self, a_second: float) -> None:
        self._each = 1 / a_second
        self._taken_until = 0.0

    def leaves_out(self, scope: Scope) -> bool:
        """Whether this request is one too many; it is remembered with the request."""
        now = time.monotonic()
        begins = max(now, self._taken_until)
        scope[_LEFT_OUT] = begins - now >= _BURST_S
        if not scope[_LEFT_OUT]:
            self._taken_until = begins + self._each
        return bool(scope[_LEFT_OUT])


@contextmanager
def as_sampled(scope: Scope) -> Iterator[None]:
    """What is done here for a request that is left out belongs to its trace, and is left out, too."""
    if not scope.get(_LEFT_OUT):
        yield
        return
    told = get_current_span(context_of(Headers(scope=scope).get("traceparent"))).get_span_context()
    ids = SpanContext(told.trace_id, told.span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.DEFAULT))
    token = context.attach(trace.set_span_in_context(NonRecordingSpan(ids)))
    try:
        yield
    finally:
        context.detach(token)
