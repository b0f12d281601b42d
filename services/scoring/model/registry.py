"""A model in a folder: `entry.json` (everything but the trees), `trees.txt` (LightGBM's own text), `card.md`.

Nothing in it tells when it was written: the same data and the same seed give the same bytes.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from services.scoring.model import Calibration, Model
from services.scoring.model.scorers import Boosted, Scorecard, of_json

ENTRY, TREES, CARD = "entry.json", "trees.txt", "card.md"


def write(folder: Path, model: Model, facts: Mapping[str, Any], card: str) -> None:
    """Keep the model; `facts` is what else the entry tells (data window, hash, metrics). An older one is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = entry_of(model, facts)
    (folder / ENTRY).write_text(json.dumps(entry, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    (folder / CARD).write_text(card, "utf-8")
    (folder / TREES).unlink(missing_ok=True)
    if isinstance(model.scorer, Boosted):
        (folder / TREES).write_text(model.scorer.text, "utf-8")


def entry_of(model: Model, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Everything but the trees and the card, as JSON."""
    return {
        **facts,
        "name": model.name,
        "features": list(model.scorer.columns),
        "families": {column: model.family_of.get(column, "other") for column in model.scorer.columns},
        "calibration": model.calibration.as_json(),
        "scorer": model.scorer.as_json(),
    }


def read(folder: Path) -> Model:
    """The model of a folder. Raises OSError or ValueError when there is none, or it is not whole."""
    trees = folder / TREES
    return whole((folder / ENTRY).read_text("utf-8"), trees.read_text("utf-8") if trees.exists() else None)


def whole(entry: str, trees: str | None) -> Model:
    """The model of an entry's text and its trees. Raises ValueError or KeyError when it is not whole."""
    told = json.loads(entry)
    if told["scorer"]["kind"] == "boosted" and not trees:
        raise ValueError(f"there is no {TREES}")
    scorer = of_json(told["scorer"], trees)
    return Model(told["name"], scorer, Calibration.of_json(told["calibration"]), told["families"])


def must_answer(model: Model) -> None:
    """Ask it about someone of whom nothing is known. Raises ValueError when it has no probability for him."""
    told = model.predict(pl.DataFrame({"subject": ["nobody"]}))
    if len(told) != 1 or not 0 <= told[0] <= 1:
        raise ValueError(f"it says {told} of someone of whom nothing is known")


def weights(model: Model) -> dict[str, float]:
    """How much each column weighs: the gain of its splits, or how far it can move a score."""
    scorer = model.scorer
    if isinstance(scorer, Boosted):
        gains = scorer.booster.feature_importance("gain")
        return dict(zip(scorer.columns, (float(gain) for gain in gains), strict=True))
    if isinstance(scorer, Scorecard):
        spans = [[*each.woe, each.missing] for each in scorer.bins]
        return {
            each.column: abs(each.factor) * (max(span) - min(span))
            for each, span in zip(scorer.bins, spans, strict=True)
        }
    return dict.fromkeys(scorer.columns, 1.0)
