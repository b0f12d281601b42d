"""How sure a level is: a grade, and what it is that is not known. Missing is not zero, and never good news. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from services.scoring.words import Words

Grade = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Stopped:
    """A feed that is late, silent or broken; `bears`: a reason of the level stands on what it said last."""

    state: str
    said: Words
    bears: bool


@dataclass(frozen=True)
class Certainty:
    """A grade with what speaks against being surer."""

    grade: Grade
    because: tuple[Words, ...]


def certainty(
    stopped: Sequence[Stopped], doubts: Iterable[Words], *, is_placed: bool, is_heard_of: bool, low_from: int | None
) -> Certainty:
    """How sure a level is. `is_placed`: the town of the workplace is known; `is_heard_of`: any feed ever spoke of it.

    `low_from`: from so many stopped feeds on little is sure (None: no such bound).
    """
    borne = [feed for feed in stopped if feed.bears and feed.state != "late"]
    gaps = [
        *(feed.said for feed in borne),
        *(feed.said for feed in stopped if feed not in borne),
        *doubts,
        *([] if is_placed else [Words("经营地所属镇街未知", "the town of the workplace is not known")]),
    ]
    if not is_heard_of:
        return Certainty("low", (Words("尚无任何数据源报送过该对象", "no feed has ever spoken of it"), *gaps))
    is_low = bool(borne) or (low_from is not None and len(stopped) >= low_from)
    return Certainty("low" if is_low else "medium" if gaps else "high", tuple(gaps))
