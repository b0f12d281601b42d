"""JSON Schemas of the events, from their types. One place, so that events.md and asyncapi.yaml say the same."""

import types
import typing
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from shared import events as e

REFERENCE = "#/components/schemas/{name}"
Schema = dict[str, Any]
_TIME = {"format": "date-time"}


def components() -> dict[str, Schema]:
    """Name -> schema of every event and of the structures inside them."""
    _, schemas = msgspec.json.schema_components(e.ALL, ref_template=REFERENCE)
    for struct in _structs(e.ALL):
        _mark_times(struct, schemas[struct.__name__])
    return {name: schemas[name] for name in sorted(schemas)}


def _structs(roots: tuple[Any, ...]) -> Iterator[type[msgspec.Struct]]:
    """Every structure that the roots are made of, each at least once."""
    for root in roots:
        if isinstance(root, type) and issubclass(root, msgspec.Struct):
            yield root
            yield from _structs(tuple(typing.get_type_hints(root).values()))
        else:
            yield from _structs(typing.get_args(root))


def _mark_times(struct: type[msgspec.Struct], schema: Schema) -> None:
    # msgspec gives a datetime no format, because a naive one has none in JSON Schema; ours are always aware.
    for name, hint in typing.get_type_hints(struct).items():
        if hint is datetime:
            schema["properties"][name].update(_TIME)
        elif typing.get_origin(hint) is list and typing.get_args(hint) == (datetime,):
            schema["properties"][name]["items"].update(_TIME)
        elif typing.get_origin(hint) is types.UnionType and datetime in typing.get_args(hint):
            options = schema["properties"][name]["anyOf"]
            options[:] = [{**option, **_TIME} if option.get("type") == "string" else option for option in options]


def words(schema: Schema) -> str:
    """A schema in a few words: `string (date)`, `list of Reason`, `none / blue / red`, `string or null`."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " or ".join(words(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " / ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {words(schema.get('items', {}))}"
    return _plain(schema)


def _plain(schema: Schema) -> str:
    kind = str(schema.get("type", "any value"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind
