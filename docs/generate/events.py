"""docs/events.md: what happened, who says it, who hears it, and every field, from `shared.events` and the topology."""

from docs.generate.asyncapi import followers, listeners
from docs.generate.markdown import WARNING, code, table
from docs.generate.schemas import Schema, components, words
from shared import events as e
from shared import topology


def pages() -> dict[str, str]:
    """The events page."""
    schemas = components()
    parts = [_HEAD, "```mermaid", picture(), "```\n", _STREAMS, streams(), _DELIVERY, _EVENTS, overview(), _ENVELOPE]
    return {"events.md": "\n".join([*parts, *(_section(event, schemas) for event in e.ALL), _structures(schemas)])}


def picture() -> str:
    """Who tells whom what, as a Mermaid flowchart."""
    lines = [
        "flowchart LR",
        *(f"    {name}([{name}])" for name in topology.SPEAKERS),
        '    world(["订阅方 subscribers"])',
    ]
    for event in e.ALL:
        hearers = [*listeners(event), *(["world"] if event.subject.startswith("credit.") else [])]
        lines += [f"    {event.source} -- {event.__name__} --> {hearer}" for hearer in hearers]
    return "\n".join(lines)


def streams() -> str:
    """The JetStream streams."""
    rows = [
        (code(stream.name), ", ".join(map(code, stream.subjects)), f"{stream.days} days" if stream.days else "for ever")
        for stream in topology.STREAMS
    ]
    return table(("stream", "subjects", "kept"), rows)


def overview() -> str:
    """One row an event."""
    rows = [(_link(event), code(event.subject), event.source, _hearers(event), _fact(event)) for event in e.ALL]
    return table(("event", "subject", "from", "heard by", "fact"), rows)


def _link(event: type[e.Event]) -> str:
    return f"[{event.__name__}](#{event.__name__.lower()})"


def _hearers(event: type[e.Event]) -> str:
    if followers(event):
        return "every service"
    outside = ["subscribers"] if event.subject.startswith("credit.") else []
    return ", ".join([*listeners(event), *outside]) or "no service yet"


def _fact(event: type[e.Event]) -> str:
    """The docstring's first line without its `from -> to.`"""
    return (event.__doc__ or "").strip().split("\n")[0].split(". ", 1)[-1]


def _section(event: type[e.Event], schemas: dict[str, Schema]) -> str:
    durables = ", ".join(code(topology.durable(service, event)) for service in listeners(event)) or "none"
    about = [
        f"### {event.__name__}\n",
        " ".join((event.__doc__ or "").split()) + "\n",
        f"type {code(event.type())}, subject {code(event.subject)}, stream {code(topology.stream_of(event.subject))}, "
        f"durable consumers: {durables}.\n",
    ]
    return "\n".join([*about, _fields(schemas[event.__name__])])


def _structures(schemas: dict[str, Schema]) -> str:
    events = {event.__name__ for event in e.ALL}
    parts = [
        f"### {name}\n\n{' '.join(schema.get('description', '').split())}\n\n{_fields(schema)}"
        for name, schema in schemas.items()
        if name not in events
    ]
    return "## 内含结构 Structures inside\n\n" + "\n".join(parts)


def _fields(schema: Schema) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (code(name), words(field), "yes" if name in required else "") for name, field in schema["properties"].items()
    ]
    return table(("field", "type", "always there"), rows)


_HEAD = f"""{WARNING}
# 事件 Events

服务之间只通过事件往来，本页是唯一的契约（机器可读版本：[asyncapi.yaml](asyncapi.yaml)）。
Services speak to each other by events only; this page is the whole contract, and
[asyncapi.yaml](asyncapi.yaml) is its machine-readable form. Source: `shared/events/`, `shared/topology.py`.
"""
_STREAMS = """## 流 Streams

A full stream refuses new messages and never drops old ones; publishers then wait with their outbox.
"""
_DELIVERY = f"""
Each listener has one durable pull consumer per event, created by `python -m shared.topology apply`: explicit
acknowledgement, {topology.ACK_WAIT_S} s to acknowledge, {topology.MAX_DELIVER} tries with growing pauses, then a dead
letter on `dead.<service>.<consumer>` with its reason (`anxin dead-letters list` / `replay`). A message that can never
succeed goes there at once. Delivery is at least once, so every listener can run twice and out of order.
"""
_EVENTS = "## 事件一览 The events\n"
_ENVELOPE = """## 信封 The envelope

Every message body is a CloudEvents 1.0 event in structured JSON; `data` is the event below. Times are UTC with an
offset, dates are `yyyy-MM-dd`, money is a decimal string in CNY, `uscc` is the 18-character unified social credit code.
An optional field may be added at any time: readers ignore what they do not know. A new meaning is a new event.

```json
{
  "specversion": "1.0",
  "id": "019a9c5e-7a50-7c3b-9a7d-2f1f5b0f6a11",
  "source": "/anxin/scoring",
  "type": "cn.anxin.scores.employer.v1",
  "time": "2026-11-23T02:00:00.000000Z",
  "datacontenttype": "application/json",
  "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "data": {}
}
```

NATS headers: `Nats-Msg-Id` (the event's id), `Content-Type: application/cloudevents+json`, `traceparent`.
"""
