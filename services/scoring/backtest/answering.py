"""The parts of a backtest's answer, as they go into its JSON (docs/backtest.md tells what each means)."""

from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from services.scoring.backtest.figures import LEADS, Scored
from services.scoring.backtest.learning import Learned
from services.scoring.backtest.replay import Replay
from services.scoring.backtest.source import Column
from services.scoring.backtest.truth import Truth
from services.scoring.evaluation import Drawn

if TYPE_CHECKING:
    from services.scoring.backtest import Ask

VERSION = 1
JUDGED = ("precision", "pr_auc", "roc_auc", "log_loss")
COMPARED = ("precision", "recall", "pr_auc", "roc_auc", "pr_auc_truly")


def asked(ask: "Ask", budget: int, replayed: Replay, found: Truth) -> dict[str, Any]:
    """What was asked for, and on what it was tested."""
    return {
        "version": VERSION,
        "test": {
            "train_until": ask.train_until.isoformat(),
            "test_until": ask.test_until.isoformat(),
            "days": [day.isoformat() for day in replayed.days],
            "budget": budget,
            "seed": ask.seed,
            "employers": replayed.subject[-1].len(),
            "events": found.events.height,
            "rows_at_risk": len(found.row),
            "rows_positive": int(found.positive.sum()),
            "labels_cover_until": found.covered_until.isoformat(),
        },
    }


def trained(learned: Learned, described: Callable[[Sequence[str]], Mapping[str, Column]]) -> dict[str, Any]:
    """What was learned from, how the contenders did in training, and which ships."""
    contest = learned.contest
    return {
        "training": {
            "until": learned.until.isoformat(),
            "days": [day.isoformat() for day in learned.days],
            "labels": learned.labels,
            "rows": learned.rows,
            "positives": learned.positives,
            "negatives_sampled": round(learned.rate, 6),
            "validation": contest.splits.kind,
            "inspections": None if learned.hidden is None else learned.hidden.as_json(),
            "settings": dict(contest.settings),
            "beats": {name: round(share, 4) for name, share in contest.beats.items()},
            "tells": {name: round(share, 4) for name, share in contest.tells.items()},
            "contenders": {
                name: {key: _round(getattr(judged, key)) for key in JUDGED} for name, judged in contest.judged.items()
            },
        },
        "ships": contest.ships,
        "features": _features(contest.champion.columns, described),
    }


def _round(value: float) -> float | None:
    return None if isnan(value) else round(value, 6)


def _features(columns: Sequence[str], described: Callable[[Sequence[str]], Mapping[str, Column]]) -> dict[str, int]:
    """How many features of each family the shipped model reads."""
    counted: dict[str, int] = {}
    for column in described(columns).values():
        counted[column.family] = counted.get(column.family, 0) + 1
    return dict(sorted(counted.items()))


def compared(
    ready: Mapping[str, Scored], drawn: Mapping[str, Mapping[str, Drawn]], ships: str, interval: float
) -> dict[str, Any]:
    """Every contender's figures; the shipped one's on top too, and against the oracle's where there is one."""
    contenders = {name: _figures(ready[name], drawn[name], interval) for name in ready}
    told: dict[str, Any] = {**contenders[ships], "contenders": contenders}
    if "oracle" in drawn:
        told["of_oracle"] = {
            name: {
                key: drawn[name][key].over(drawn["oracle"][key]).figure(interval).as_json()
                for key in COMPARED
                if key in drawn[name]
            }
            for name in drawn
            if name != "oracle"
        }
    return told


def _figures(each: Scored, drawn: Mapping[str, Drawn], interval: float) -> dict[str, Any]:
    told: dict[str, Any] = {"alerts": len(each.outcome.right), "right": int(each.outcome.right.sum())}
    told |= {key: drawn[key].figure(interval).as_json() for key in ("precision", "recall")}
    told["lead_days"] = {name: drawn[f"lead_{name}"].figure(interval).as_json() for name in LEADS}
    areas = ("pr_auc", "roc_auc", "pr_auc_truly")
    told |= {key: drawn[key].figure(interval).as_json() for key in areas if key in drawn}
    return told | {"ece": drawn["ece"].centred().figure(interval).as_json()}
