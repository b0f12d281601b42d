"""A model in a folder: `entry.json` (everything but the trees), `trees.txt` (LightGBM's own text), `card.md`.

Nothing in it tells when it was written: the same data and the same seed give the same bytes.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.scoring.model import Calibration, Model
from services.scoring.model.scorers import Boosted, of_json

ENTRY, TREES, CARD = "entry.json", "trees.txt", "card.md"


def write(folder: Path, model: Model, facts: Mapping[str, Any], card: str) -> None:
    """Keep the model; `facts` is what else the entry tells (data window, hash, metrics). An older one is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = {
        **facts,
        "name": model.name,
        "features": list(model.scorer.columns),
        "families": {column: model.family_of.get(column, "other") for column in model.scorer.columns},
        "calibration": model.calibration.as_json(),
        "scorer": model.scorer.as_json(),
    }
    (folder / ENTRY).write_text(json.dumps(entry, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    (folder / CARD).write_text(card, "utf-8")
    (folder / TREES).unlink(missing_ok=True)
    if isinstance(model.scorer, Boosted):
        (folder / TREES).write_text(model.scorer.text, "utf-8")


def read(folder: Path) -> Model:
    """The model of a folder. Raises OSError or ValueError when there is none, or it is not whole."""
    entry = json.loads((folder / ENTRY).read_text("utf-8"))
    trees = (folder / TREES).read_text("utf-8") if entry["scorer"]["kind"] == "boosted" else None
    scorer = of_json(entry["scorer"], trees)
    return Model(entry["name"], scorer, Calibration.of_json(entry["calibration"]), entry["families"])
