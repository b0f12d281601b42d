"""What people have set, from what is stored to what is answered. Pure."""

from collections.abc import Sequence
from datetime import date

from services.scoring.models import OverrideAct, Subject
from services.scoring.schemas.overrides import OverridesOut
from services.scoring.schemas.risk import OverrideActOut


def overrides_view(subject: Subject, acts: Sequence[OverrideAct], today: date) -> OverridesOut:
    """A subject's level with what people did about it. `acts`: the newest first."""
    levels = {"subject_kind", "subject_id", "level", "computed_level", "level_source", "level_until"}
    return OverridesOut(
        **subject.model_dump(include=levels),
        in_force=in_force_view(acts, today),
        acts=[OverrideActOut.model_validate(act.model_dump()) for act in acts],
    )


def in_force_view(acts: Sequence[OverrideAct], today: date) -> OverrideActOut | None:
    """The newest act, if it set a level and its term has not ended."""
    newest = acts[0] if acts else None
    if newest is None or newest.act != "set" or newest.valid_until < today:
        return None
    return OverrideActOut.model_validate(newest.model_dump())
