"""A model in a folder: `entry.json` (everything but the trees), `trees.txt` (LightGBM's own text, of several one after
another), `card.md`.

Nothing in it tells when it was written: the same data and the same seed give the same bytes.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from services.scoring.model import Calibration, Head, Model, Scorer
from services.scoring.model.scorers import Blended, Boosted, Scorecard, digest, of_json, trees_of

ENTRY, TREES, CARD = "entry.json", "trees.txt", "card.md"
_FIRST_LINE = re.compile(r"^(?=tree\nversion=)", re.MULTILINE)


def write(folder: Path, model: Model, facts: Mapping[str, Any], card: str) -> None:
    """Keep the model; `facts` is what else the entry tells (data window, hash, metrics). An older one is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = entry_of(model, facts)
    (folder / ENTRY).write_text(json.dumps(entry, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    (folder / CARD).write_text(card, "utf-8")
    (folder / TREES).unlink(missing_ok=True)
    if texts := trees_text(model):
        (folder / TREES).write_text(texts, "utf-8")


def trees_text(model: Model) -> str:
    """The trees of all its heads, each once, as LightGBM writes them; empty where it has none."""
    texts = dict.fromkeys(text for head in _heads(model) for text in trees_of(head.scorer))
    return "".join(text.rstrip("\n") + "\n" for text in texts)


def _heads(model: Model) -> list[Head]:
    """The heads that have a scorer of their own."""
    ranks = model.ranks
    return [model.starts] if ranks.scorer is model.starts.scorer else [model.starts, ranks]


def entry_of(model: Model, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Everything but the trees and the card, as JSON."""
    told = {
        **facts,
        "name": model.name,
        "features": list(model.columns),
        "families": {column: model.family_of.get(column, "other") for column in model.columns},
        "calibration": model.starts.calibration.as_json(),
        "scorer": model.starts.scorer.as_json(),
    }
    if model.unseen:
        told["unseen"] = {"calibration": model.unseen.calibration.as_json()}
        if len(_heads(model)) > 1:
            told["unseen"]["scorer"] = model.unseen.scorer.as_json()
    return told


def read(folder: Path) -> Model:
    """The model of a folder. Raises OSError or ValueError when there is none, or it is not whole."""
    trees = folder / TREES
    return whole((folder / ENTRY).read_text("utf-8"), trees.read_text("utf-8") if trees.exists() else None)


def whole(entry: str, trees: str | None) -> Model:
    """The model of an entry's text and its trees. Raises ValueError or KeyError when it is not whole."""
    told = json.loads(entry)
    texts = {digest(text): text for text in _FIRST_LINE.split(trees or "") if text.strip()}
    starts = Head(of_json(told["scorer"], texts), Calibration.of_json(told["calibration"]))
    return Model(told["name"], starts, told["families"], _unseen(told.get("unseen"), starts.scorer, texts))


def _unseen(told: Mapping[str, Any] | None, starts: Scorer, trees: Mapping[str, str]) -> Head | None:
    """The other head; None of an entry that has none. Without a scorer of its own it reads the same score."""
    if told is None:
        return None
    scorer = of_json(told["scorer"], trees) if "scorer" in told else starts
    return Head(scorer, Calibration.of_json(told["calibration"]))


def must_answer(model: Model) -> None:
    """Ask it about someone of whom nothing is known. Raises ValueError when it has no probability for him."""
    nobody = pl.DataFrame({"subject": ["nobody"]})
    for told in (model.predict(nobody), model.owing(nobody)):
        if len(told) != 1 or not 0 <= told[0] <= 1:
            raise ValueError(f"it says {told} of someone of whom nothing is known")


def weights(model: Model) -> dict[str, float]:
    """How much each column weighs, as a share: the gain of its splits, or how far it can move a score."""
    heads = _heads(model)
    found = dict.fromkeys(model.columns, 0.0)
    for head in heads:
        for column, share in _shares(head.scorer).items():
            found[column] += share / len(heads)
    return found


def _shares(scorer: Scorer) -> dict[str, float]:
    if isinstance(scorer, Blended):
        total = sum(abs(weight) for weight, _ in scorer.parts) or 1.0
        found: dict[str, float] = {}
        for weight, part in scorer.parts:
            for column, share in _shares(part).items():
                found[column] = found.get(column, 0.0) + share * abs(weight) / total
        return found
    weighed = _weights(scorer)
    total = sum(weighed.values()) or 1.0
    return {column: weight / total for column, weight in weighed.items()}


def _weights(scorer: Scorer) -> dict[str, float]:
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
