"""The life of a version of the rules: draft -> submitted -> approved -> (scheduled ->) active -> retired. Pure.

Nothing is ever changed: a version's state follows from what was done with it and with the others. Two people stand
behind what is in force, its author (or who submitted it) and who approved it; a release brings its own.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

from shared.errors import Conflict, Forbidden

Deed = Literal["drafted", "submitted", "returned", "approved", "activated", "rolled_back"]
State = Literal["draft", "submitted", "approved", "scheduled", "active", "retired"]

# Who brings the shipped book: no person, so no person's decision is ever undone by it.
RELEASE = "release"
IN_FORCE: frozenset[Deed] = frozenset({"activated", "rolled_back"})
_STATES: dict[Deed, State] = {
    "drafted": "draft",
    "submitted": "submitted",
    "returned": "draft",
    "approved": "approved",
}


class WrongState(Conflict):
    """The version of the rules is in a state that does not allow this."""

    slug = "rulebook-state"
    title = "This version of the rules is in another state"
    title_zh = "该规则版本当前状态不允许此操作"


class OwnWork(Forbidden):
    """Nobody approves what he wrote or submitted himself."""

    slug = "rulebook-own-work"
    title = "A second person must approve"
    title_zh = "须由另一人审批，不得自批"


class Act(NamedTuple):
    """What was done with a version. `effective_from`: of an activation, the day from which it counts."""

    act_no: int
    version: str
    act: Deed
    actor: str
    reason: str
    effective_from: date | None
    dry_run_id: str | None
    acted_at: datetime


def in_force(activations: Sequence[Act], today: date) -> Act | None:
    """The activation that counts on a day: the last decision whose day has come."""
    begun = [each for each in activations if each.effective_from is not None and each.effective_from <= today]
    return max(begun, key=lambda each: each.act_no, default=None)


def state(version: str, acts: Sequence[Act], activations: Sequence[Act], today: date) -> State:
    """The state of a version. `acts`: its own, oldest first; `activations`: those of every version."""
    current = in_force(activations, today)
    if current and current.version == version:
        return "active"
    if any(each.act in IN_FORCE for each in acts):
        return "scheduled" if _is_scheduled(version, activations, today) else "retired"
    return _STATES[acts[-1].act]


def _is_scheduled(version: str, activations: Sequence[Act], today: date) -> bool:
    """Whether it will count on a day to come; of several that wait, each does until the next one's day."""
    waiting = [each for each in activations if each.effective_from is not None and each.effective_from > today]
    coming = (in_force(activations, each.effective_from) for each in waiting if each.effective_from)
    return any(each in waiting and each.version == version for each in coming if each)


def must_be(found: State, *wanted: State, version: str) -> None:
    """Refuse unless the version is in one of these states."""
    if found not in wanted:
        raise WrongState(
            f"{version} is {found}; this needs {' or '.join(wanted)}.",
            detail_zh=f"版本 {version} 状态为 {found}，此操作需要 {' 或 '.join(wanted)}。",
            check="state",
            state=found,
        )


def must_be_second(actor: str, author: str, acts: Sequence[Act]) -> None:
    """Refuse an approval by who wrote the version or brought it forward."""
    own = {author} | {each.actor for each in acts if each.act in ("drafted", "submitted")}
    if actor in own:
        raise OwnWork(
            "Who wrote or submitted a version of the rules does not approve it.",
            detail_zh="规则版本的编写人或提交人不能自行批准。",
            check="second_person",
        )


def release_may_activate(activations: Sequence[Act], version: str) -> bool:
    """Whether a shipped book comes into force by itself: once, and only while no person has decided which one is.

    One that a newer release's book has replaced stays replaced: an old process may start again during a roll-out.
    """
    newest = max(activations, key=lambda each: each.act_no, default=None)
    has_counted = any(each.actor == RELEASE and each.version == version for each in activations)
    return newest is None or (newest.actor == RELEASE and not has_counted)
