"""What a model's probability means and what it stands on: its level, families, and reasons in words.

Pure. What the model says alone counts for no more than the level `live.alone_at_most` of model.yaml: until a person has
confirmed that a probability may do more, it points to whom to look at, and the indicators say why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from services.scoring.inputs import named
from services.scoring.model import Foretold, Model
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
    """What a model foretells with its level, and the level that it counts for.

    families: log odds; empty where not asked for. The level is that of `told.ranked`.
    """

    model_id: str
    told: Foretold
    level: Level
    counts_as: Level
    families: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[Why, ...] = ()

    @property
    def probability(self) -> float:
        """That arrears start within the horizon."""
        return self.told.probability

    def reason(self, policy: Policy | None = None) -> Reason:
        """The whole of it as one reason among those of the indicators."""
        days = (policy or shipped()).horizon_days
        zh_share, en_share = _shares(self.told)
        zh = "；".join(each.zh for each in self.reasons) or "见各类贡献"
        en = "; ".join(each.en for each in self.reasons) or "see the families"
        return Reason(
            indicator=CODE,
            family="model",
            points=0,
            text_zh=f"模型估计 {days} 日内发生欠薪的概率为 {zh_share}（{zh}）",
            text_en=f"The model puts wage arrears within {days} days at {en_share} ({en})",
            figures={**self._figures(), "level": self.level, "model_id": self.model_id},
        )

    def _figures(self) -> dict[str, float]:
        return {name: share for name, share in self.told._asdict().items() if share is not None}


def _shares(told: Foretold) -> tuple[str, str]:
    share = f"{told.probability:.1%}"
    if told.owing is None:
        return share, share
    both = f"{told.owing:.1%}"
    return (
        f"{share}，连同可能已在拖欠而未被发现的为 {both}",
        f"{share}, or {both} with arrears that may be going on unseen",
    )


def graded(model_id: str, told: Foretold, policy: Policy | None = None) -> Said:
    """What is foretold as a level (the highest whose least probability is reached), without reasons."""
    numbers = policy or shipped()
    ranked = told.ranked
    # From the highest down: nearly all are below the lowest, and everyone of a population is asked.
    level = next((level for level in reversed(LEVELS) if numbers.levels.get(level, 2.0) <= ranked), LEVELS[0])
    return Said(model_id, told, level, min(level, numbers.live.alone_at_most, key=LEVELS.index))


def explained(model: Model, model_id: str, table: pl.DataFrame, policy: Policy | None = None) -> dict[str, Said]:
    """What a model says of each row of an input table, with families and reasons."""
    numbers = policy or shipped()
    if table.is_empty():
        return {}
    families = model.families(table).to_dicts()
    reasons = model.reasons(table, numbers.live.reasons)
    rows = zip(table["subject"], model.foretell(table), families, reasons, strict=True)
    return {subject: _with_reasons(graded(model_id, told, numbers), parts, whys) for subject, told, parts, whys in rows}


def _with_reasons(said: Said, families: Mapping[str, float], parts: Iterable[Part]) -> Said:
    ordered = sorted(families.items(), key=lambda each: -each[1])
    kept = {name: round(part, 4) for name, part in ordered if round(part, 4)}
    return replace(said, families=kept, reasons=tuple(_why(part) for part in parts))


def _why(part: Part) -> Why:
    column = named(part.column)
    zh, en = ("未知", "not known") if part.value is None else (_figure(part.value), _figure(part.value))
    return Why(part.column, part.value, round(part.contribution, 4), f"{column.zh} {zh}", f"{column.en} {en}")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def as_json(said: Said) -> dict[str, Any]:
    """As a line of the history keeps it."""
    reasons = [
        {"column": w.column, "value": w.value, "contribution": w.contribution, "text_zh": w.zh, "text_en": w.en}
        for w in said.reasons
    ]
    return {"families": dict(said.families), "reasons": reasons}
