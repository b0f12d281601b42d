"""What gives a subject its score: trees, a scorecard, one column as it is, or several of these together. Each tells how
its columns contributed.

A score is a margin: the log odds of arrears, but for `Plain`, whose score has no unit and gets one by calibration.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from services.scoring.model.arrays import Floats


class Scorer(Protocol):
    """Reads a matrix (rows, columns) with its columns in this order."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def margin(self, values: Floats) -> Floats:
        """(rows,)"""

    def contributions(self, values: Floats) -> Floats:
        """(rows, columns): how far each column moved the margin from that of a calm subject, or of the mean one."""

    def as_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Plain:
    """One column as it is; missing counts as nothing."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def margin(self, values: Floats) -> Floats:
        return np.nan_to_num(values[:, 0].astype(np.float64))

    def contributions(self, values: Floats) -> Floats:
        return self.margin(values)[:, None]

    def as_json(self) -> dict[str, Any]:
        return {"kind": "plain", "column": self.column}


@dataclass(frozen=True)
class Binned:
    """A column of a scorecard: value <= edges[i] has woe[i]; above all of them woe[-1]; missing has `missing`."""

    column: str
    edges: tuple[float, ...]
    woe: tuple[float, ...]
    missing: float
    factor: float

    def evidence(self, values: Floats) -> Floats:
        """The weight of evidence (rows,) of values (rows,)."""
        found: Floats = np.asarray(self.woe)[
            np.searchsorted(np.asarray(self.edges, dtype=values.dtype), values, side="left")
        ]
        return np.where(np.isnan(values), self.missing, found)


@dataclass(frozen=True)
class Scorecard:
    """Logistic regression on weights of evidence."""

    bins: tuple[Binned, ...]
    intercept: float

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(each.column for each in self.bins)

    def margin(self, values: Floats) -> Floats:
        total: Floats = self.intercept + self.contributions(values).sum(axis=1)
        return total

    def contributions(self, values: Floats) -> Floats:
        parts = [each.factor * each.evidence(values[:, place]) for place, each in enumerate(self.bins)]
        return np.column_stack(parts) if parts else np.zeros((len(values), 0))

    def as_json(self) -> dict[str, Any]:
        bins = [
            {"column": b.column, "edges": b.edges, "woe": b.woe, "missing": b.missing, "factor": b.factor}
            for b in self.bins
        ]
        return {"kind": "scorecard", "intercept": self.intercept, "bins": bins}


class Boosted:
    """LightGBM trees. `base`: the log odds that the trees start from. `text` is LightGBM's own model file."""

    def __init__(self, text: str, columns: tuple[str, ...], base: float) -> None:
        from services.scoring.model.boosting import lightgbm

        self.text = text
        self.columns = columns
        self.base = base
        self.booster = lightgbm.Booster(model_str=text)

    def margin(self, values: Floats) -> Floats:
        return self.base + np.asarray(self.booster.predict(values, raw_score=True)) if len(values) else np.zeros(0)

    def contributions(self, values: Floats) -> Floats:
        if not len(values):  # LightGBM divides by the number of rows
            return np.zeros((0, len(self.columns)))
        return np.asarray(self.booster.predict(values, pred_contrib=True))[:, :-1]

    def as_json(self) -> dict[str, Any]:
        return {"kind": "boosted", "columns": list(self.columns), "base": self.base, "trees": digest(self.text)}


@dataclass(frozen=True)
class Blended:
    """The sum of several scores, each times its weight."""

    parts: tuple[tuple[float, Scorer], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for _, part in self.parts for name in part.columns))

    def margin(self, values: Floats) -> Floats:
        total = np.zeros(len(values))
        for weight, part in self.parts:
            total = total + weight * part.margin(values[:, self._places(part)])
        return total

    def contributions(self, values: Floats) -> Floats:
        total = np.zeros(values.shape)
        for weight, part in self.parts:
            places = self._places(part)
            total[:, places] += weight * part.contributions(values[:, places])
        return total

    def _places(self, part: Scorer) -> list[int]:
        place = {name: at for at, name in enumerate(self.columns)}
        return [place[name] for name in part.columns]

    def as_json(self) -> dict[str, Any]:
        return {"kind": "blended", "parts": [{"weight": w, "scorer": part.as_json()} for w, part in self.parts]}


def trees_of(scorer: Scorer) -> list[str]:
    """The texts of LightGBM's files in a scorer."""
    if isinstance(scorer, Blended):
        return [text for _, part in scorer.parts for text in trees_of(part)]
    return [scorer.text] if isinstance(scorer, Boosted) else []


def digest(text: str) -> str:
    """By which the trees of an entry are named."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:16]


def of_json(told: Mapping[str, Any], trees: Mapping[str, str]) -> Scorer:
    """The scorer that was written; `trees`: LightGBM's texts by digest. Raises ValueError when one is missing."""
    if told["kind"] == "plain":
        return Plain(told["column"])
    if told["kind"] == "blended":
        return Blended(tuple((each["weight"], of_json(each["scorer"], trees)) for each in told["parts"]))
    if told["kind"] == "boosted":
        # An entry of before does not name its trees: it has but one text.
        name = told.get("trees") or next(iter(trees), "")
        if name not in trees:
            raise ValueError(f"the trees {name} are missing")
        text = trees[name]
        return Boosted(text, tuple(told["columns"]), told["base"])
    bins = (Binned(b["column"], tuple(b["edges"]), tuple(b["woe"]), b["missing"], b["factor"]) for b in told["bins"])
    return Scorecard(tuple(bins), told["intercept"])
