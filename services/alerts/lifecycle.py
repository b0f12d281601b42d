"""State machines as data and one small engine that applies a transition. Pure: values in, values out.

`ALERT` and `ORDER` come from `data/*.yaml`. Where a thing stands is a `Standing(state, stage)`: the stage differs from
the state only while it is escalated or suspended, and then says where the work itself stands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal

import msgspec

from shared.errors import Conflict, Forbidden, Unprocessable

SYSTEM = "system"
Unit = Literal["h", "d", "wd"]


class IllegalTransition(Conflict):
    """The event has no transition from the present state; `state`, `stage` and `allowed` are in the answer."""

    slug = "illegal-transition"
    title = "The present state does not allow this step"
    title_zh = "当前状态不允许此操作"


class FieldsMissing(Unprocessable):
    """The transition asks for more than was given."""

    slug = "fields-missing"
    title = "Something that this step needs is missing"
    title_zh = "缺少此步骤所需的内容"


class Limit(msgspec.Struct, frozen=True):
    """So many hours, calendar days or working days; 0 wd is the same day."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """From "4 h", "30 d" or "5 wd"."""
        count, unit = text.split()
        return msgspec.convert({"count": int(count), "unit": unit}, cls)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}"


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state and its names. `keeps_stage`: remembers where the work stood; `acts_as_stage`: and the work goes on."""

    zh: str
    en: str
    open: bool = True
    keeps_stage: bool = False
    acts_as_stage: bool = False


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A limit by level (or `all`) that runs while the stage is one of `runs_in`."""

    runs_in: list[str]
    limits: dict[str, str]
    tag: Literal["V", "P", "M", "D"]
    article: str | None = None

    def limit(self, level: str) -> Limit:
        """The limit for a level; KeyError when the data forgot one."""
        return Limit.parse(self.limits.get("all") or self.limits[level])


class Transition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"sources": "from"}):
    """One line of the table: from these states, by this event, to that state, by these roles, under these guards."""

    event: str
    sources: list[str]
    to: str
    roles: list[str]
    tag: Literal["V", "P", "M", "D"]
    scope: str | None = None
    guards: list[str] = []
    requires: list[str] = []
    documents: list[str] = []
    article: str | None = None


@dataclass(frozen=True)
class Standing:
    """Where a thing stands: its state, and the stage that its work has reached."""

    state: str
    stage: str


@dataclass(frozen=True)
class Move:
    """What somebody wants to do: event, who, in which roles, when (aware), with which inputs and document kinds."""

    event: str
    actor: str
    roles: tuple[str, ...]
    at: datetime
    inputs: Mapping[str, Any]
    documents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A transition that may happen: from here to there, by this line of the table."""

    before: Standing
    after: Standing
    transition: Transition


Guard = Callable[[Mapping[str, Any], Move], None]


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """States, clocks and transitions of one kind of thing."""

    machine: str
    initial: str
    states: dict[str, State]
    clocks: dict[str, Clock]
    transitions: list[Transition]

    @cached_property
    def by_event(self) -> Mapping[str, Sequence[Transition]]:
        """Event -> its lines of the table."""
        events = dict.fromkeys(line.event for line in self.transitions)
        return {event: [line for line in self.transitions if line.event == event] for event in events}

    def roles_of(self, event: str) -> frozenset[str]:
        """Everybody who may cause an event from some state."""
        return frozenset(role for line in self.by_event[event] for role in line.roles)

    def scope_of(self, event: str) -> str:
        """The scope that a token needs for an event; ValueError for events of the system."""
        scopes = {line.scope for line in self.by_event[event] if line.scope}
        (scope,) = scopes
        return scope

    def standing(self, state: str, previous: Standing) -> Standing:
        """The standing after entering a state; escalation and suspension keep the stage."""
        return Standing(state, previous.stage if self.states[state].keeps_stage else state)

    def allowed(self, standing: Standing) -> list[str]:
        """The events that people may cause now."""
        lines = {event: self._line(event, standing) for event in self.by_event}
        return [event for event, line in lines.items() if line and set(line.roles) != {SYSTEM}]

    def _line(self, event: str, standing: Standing) -> Transition | None:
        lines = self.by_event.get(event, ())
        direct = next((line for line in lines if standing.state in line.sources), None)
        if direct or not self.states[standing.state].acts_as_stage:
            return direct
        # What is escalated already is not escalated again by way of its stage.
        return next((line for line in lines if standing.stage in line.sources and line.to != standing.state), None)


def apply(
    machine: Machine, standing: Standing, move: Move, facts: Mapping[str, Any], guards: Mapping[str, Guard]
) -> Step:
    """The step that a move makes, or the refusal: state (409), role (403), missing inputs (422), the guards' own."""
    line = machine._line(move.event, standing)
    if line is None:
        raise IllegalTransition(
            f"The {machine.machine} is {standing.state}; {move.event} is not possible now.",
            detail_zh=f"当前状态为 {standing.state}，不能执行 {move.event}。",
            state=standing.state,
            stage=standing.stage,
            allowed=machine.allowed(standing),
        )
    _check_role(line, move)
    _check_inputs(line, move)
    for guard in line.guards:
        guards[guard](facts, move)
    return Step(standing, _target(machine, line, standing), line)


def _check_role(line: Transition, move: Move) -> None:
    if not set(line.roles) & set(move.roles):
        people = [role for role in line.roles if role != SYSTEM]
        raise Forbidden(
            f"This needs one of the roles: {', '.join(people) or SYSTEM}.",
            detail_zh=f"需要下列角色之一：{'、'.join(people) or SYSTEM}。",
            check="role",
        )


def _check_inputs(line: Transition, move: Move) -> None:
    missing = [name for name in line.requires if move.inputs.get(name) in (None, "", [])]
    errors = [_required(name, f"{line.event} needs {name}", f"步骤 {line.event} 须填写 {name}") for name in missing]
    if line.documents and not set(line.documents) & set(move.documents):
        kinds = ", ".join(line.documents)
        errors.append(_required("documents", f"one document of the kinds {kinds}", f"须附其中一种文书：{kinds}"))
    if errors:
        raise FieldsMissing(
            f"The step {line.event} is not complete.", detail_zh=f"步骤 {line.event} 的内容不完整。", errors=errors
        )


def _required(item: str, message: str, message_zh: str) -> dict[str, str]:
    return {"item": item, "code": "required", "message": message, "message_zh": message_zh}


def _target(machine: Machine, line: Transition, standing: Standing) -> Standing:
    if line.to == "same":
        return standing
    if line.to == "stage":
        return Standing(standing.stage, standing.stage)
    return machine.standing(line.to, standing)


def load(name: str) -> Machine:
    """The machine of `data/<name>_lifecycle.yaml`; msgspec.ValidationError when the table is wrong."""
    text = files("services.alerts").joinpath(f"data/{name}_lifecycle.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Machine)


ALERT = load("alert")
ORDER = load("order")
