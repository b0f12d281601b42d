"""The states of a trained model, and which act leads from one to another. Pure.

candidate -> shadow (a challenger: it is worked out beside the champion and shown in no level) -> champion -> retired. A
promotion is proposed by one person and approved by another; a rollback puts back who was champion before.
"""

from typing import Literal

from shared.errors import Conflict, Forbidden

State = Literal["candidate", "shadow", "champion", "retired"]
Act = Literal["shadow", "propose", "approve", "refuse", "retire", "rollback"]

_NEXT: dict[tuple[State, Act], State] = {
    ("candidate", "shadow"): "shadow",
    ("retired", "shadow"): "shadow",
    ("shadow", "propose"): "shadow",
    ("shadow", "approve"): "champion",
    ("shadow", "refuse"): "shadow",
    ("candidate", "retire"): "retired",
    ("shadow", "retire"): "retired",
    ("champion", "retire"): "retired",
    ("retired", "rollback"): "champion",
}


class ModelNotThere(Conflict):
    """The model's state does not allow the act."""

    slug = "model-state"
    title = "The model's state does not allow this"
    title_zh = "模型当前状态不允许此操作"


class OneMindAlone(Forbidden):
    """Who proposed a promotion does not approve it."""

    slug = "second-person"
    title = "A second person has to approve"
    title_zh = "须由另一人批准"


def after(state: State, act: Act) -> State:
    """The state after an act. Raises ModelNotThere."""
    found = _NEXT.get((state, act))
    if found is None:
        raise ModelNotThere(
            f"The model is {state}; {act} is not possible.",
            detail_zh=f"模型状态为 {state}，不能执行 {act}。",
            state=state,
        )
    return found


def must_be_proposed(proposed_by: str | None, state: State) -> str:
    """Who proposed the promotion. Raises ModelNotThere when nobody did."""
    if proposed_by is None:
        raise ModelNotThere(
            "Nobody has proposed this model's promotion.", detail_zh="尚无人提出启用该模型。", state=state
        )
    return proposed_by


def must_be_another(proposed_by: str, approver: str) -> None:
    """Refuse who proposed the promotion."""
    if proposed_by == approver:
        raise OneMindAlone(
            "You proposed this promotion; another person approves it.",
            detail_zh="您是提出人，须由另一人批准。",
            check="second_person",
        )
