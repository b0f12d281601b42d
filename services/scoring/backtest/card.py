"""The model card: what a model is for, what it learned from, how good it is, and what it must not be used for."""

from collections.abc import Mapping
from importlib import resources
from typing import Any


def card(told: Mapping[str, Any], horizon: int) -> str:
    """The card of an entry's facts, as Markdown, Chinese and English."""
    training = told["training"]
    days = training["days"]
    text = resources.files("services.scoring").joinpath("data/card.md").read_text("utf-8")
    return text.format(
        name=told["ships"],
        horizon=horizon,
        until=training["until"],
        labels=training["labels"],
        days=len(days),
        first=days[0],
        last=days[-1],
        rows=training["rows"],
        positives=training["positives"],
        rate=training["negatives_sampled"],
        sha256=told["data_sha256"],
        validation=training["validation"],
        contenders="\n".join(_line(name, each) for name, each in training["contenders"].items()),
        beats=_listed(training["beats"]),
        tells=_listed(training["tells"]),
        settings=_listed(training["settings"]),
        seed=told["seed"],
        features=_listed(told["features"]),
    )


def _line(name: str, figures: Mapping[str, float | None]) -> str:
    cells = ("-" if each is None else f"{each:.4f}" for each in figures.values())
    return f"| {name} | {' | '.join(cells)} |"


def _listed(pairs: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs.items()) or "-"
