"""Models and runs, from what is stored to what is answered. Pure."""

import json
from collections.abc import Sequence

from services.scoring.comparing import Comparison
from services.scoring.schemas.models import (
    AboutBothOut,
    ComparisonOut,
    ModelLineOut,
    ModelOut,
    ModelsOut,
    ProposalOut,
    RunOut,
    StepOut,
)
from services.scoring.store.registry import Content, Line, Step
from services.scoring.store.runs import Run

_NOTE_ZH = (
    "两个模型在同一日、对同一批用人单位、读同一份输入；挑战者不影响任何等级。"
    "已发现的欠薪只来自被检查过的单位，只可互比，不是准确率。"
)
_NOTE_EN = (
    "Both read the same inputs of the same employers on the same day; a challenger changes no level. Arrears are known"
    " only of those who were looked at: the figures compare two models, they are not how right either is."
)


def models_view(lines: Sequence[Line]) -> ModelsOut:
    """Every model, and which is champion."""
    champion = next((line.model_id for line in lines if line.state == "champion"), None)
    return ModelsOut(champion=champion, models=[ModelLineOut(**_line(line)) for line in lines])


def model_view(line: Line, content: Content, steps: Sequence[Step]) -> ModelOut:
    """A model with what it stands on."""
    entry = json.loads(content.entry)
    return ModelOut(
        **_line(line),
        training=entry.get("training", {}),
        features=len(entry.get("families", ())),
        data_sha256=entry.get("data_sha256"),
        card=content.card,
        steps=[StepOut(**step._asdict()) for step in steps],
    )


def _line(line: Line) -> dict[str, object]:
    told = line._asdict()
    by, at, reason = (told.pop(name) for name in ("proposed_by", "proposed_at", "proposal"))
    return told | {"proposal": ProposalOut(by=by, at=at, reason=reason) if by else None}


def run_view(run: Run) -> RunOut:
    """A run as it stands."""
    return RunOut(**{name: value for name, value in run._asdict().items() if name in RunOut.model_fields})


def comparison_view(found: Comparison) -> ComparisonOut:
    """Two models side by side."""
    champion, challenger = (AboutBothOut(**vars(each)) if each else None for each in (found.champion, found.challenger))
    return ComparisonOut(
        day=found.day,
        days=list(found.days),
        employers=found.employers,
        champion=champion,
        challenger=challenger,
        rank_correlation=found.rank_correlation,
        first=found.first,
        first_in_common=found.first_in_common,
        found=found.found,
        note_zh=_NOTE_ZH,
        note_en=_NOTE_EN,
    )
