"""What a model's probability means and what it stands on: its level, families, and reasons in words.

Pure. What the model says alone counts for no more than the level `live.alone_at_most` of model.yaml: until a person has
confirmed that a probability may do more, it points to whom to look at, and the indicators say why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from services.scoring.inputs import columns_of
from services.scoring.model import Model
from services.scoring.model import Reason as Part
from services.scoring.model.policy import Policy, shipped
from services.scoring.rules import LEVELS, Level
from shared.events import Reason

# Stands where indicators have their code: the model is no indicator, and gives no points.
CODE = "MODEL"


@dataclass(frozen=True)
class Why:
    """A column that raised the probability: its value (None: not known), how far (log odds), and both in words."""

    column: str
    value: float | None
    contribution: float
    zh: str
    en: str


@dataclass(frozen=True)
class Said:
    """A probability with its level, and the level that it counts for. families: log odds; empty where not asked for."""

    model_id: str
    probability: float
    level: Level
    counts_as: Level
    families: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[Why, ...] = ()

    def reason(self, policy: Policy | None = None) -> Reason:
        """The whole of it as one reason among those of the indicators."""
        days, share = (policy or shipped()).horizon_days, f"{self.probability:.1%}"
        zh = "；".join(each.zh for each in self.reasons) or "见各类贡献"
        en = "; ".join(each.en for each in self.reasons) or "see the families"
        return Reason(
            indicator=CODE,
            family="model",
            points=0,
            text_zh=f"模型估计 {days} 日内发生欠薪的概率为 {share}（{zh}）",
            text_en=f"The model puts wage arrears within {days} days at {share} ({en})",
            figures={"probability": self.probability, "level": self.level, "model_id": self.model_id},
        )


def graded(model_id: str, probability: float, policy: Policy | None = None) -> Said:
    """A probability as a level (the highest whose least probability it reaches), without reasons."""
    numbers = policy or shipped()
    reached: list[Level] = [level for level in LEVELS if numbers.levels.get(level, 2.0) <= probability]
    level: Level = reached[-1] if reached else "none"
    return Said(model_id, probability, level, min(level, numbers.live.alone_at_most, key=LEVELS.index))


def explained(model: Model, model_id: str, table: pl.DataFrame, policy: Policy | None = None) -> dict[str, Said]:
    """What a model says of each row of an input table, with families and reasons."""
    numbers = policy or shipped()
    if table.is_empty():
        return {}
    families = model.families(table).to_dicts()
    reasons = model.reasons(table, numbers.live.reasons)
    told = zip(table["subject"], model.predict(table).tolist(), families, reasons, strict=True)
    return {
        subject: _with_reasons(graded(model_id, probability, numbers), parts, whys)
        for subject, probability, parts, whys in told
    }


def _with_reasons(said: Said, families: Mapping[str, float], parts: Iterable[Part]) -> Said:
    ordered = sorted(families.items(), key=lambda each: -each[1])
    kept = {name: round(part, 4) for name, part in ordered if round(part, 4)}
    return Said(said.model_id, said.probability, said.level, said.counts_as, kept, tuple(_why(part) for part in parts))


def _why(part: Part) -> Why:
    named = columns_of([part.column])[part.column]
    zh, en = ("未知", "not known") if part.value is None else (_figure(part.value), _figure(part.value))
    return Why(part.column, part.value, round(part.contribution, 4), f"{named.zh} {zh}", f"{named.en} {en}")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def as_json(said: Said) -> dict[str, Any]:
    """As a line of the history keeps it."""
    reasons = [
        {"column": w.column, "value": w.value, "contribution": w.contribution, "text_zh": w.zh, "text_en": w.en}
        for w in said.reasons
    ]
    return {"families": dict(said.families), "reasons": reasons}
