"""Indicators: the rules of the book, evaluated over the features of many subjects at once. Pure, on columns."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import polars as pl

from services.scoring import arrears, features, payrolls, projects, sites
from services.scoring.features import COMPARE, Features
from services.scoring.frames import Facts
from services.scoring.rulebook import Condition, Indicator, Rulebook, Scored
from services.scoring.rules import Assessment, Signal, assess


def features_at(facts: Facts, book: Rulebook, subject: Scored) -> Features:
    """Every feature of a kind of subject, as known at the facts' time."""
    found = features.compute(facts, book, book.of_subject(subject))
    if subject == "project":
        projects.build(facts, book, found)
        payrolls.build(facts, book, found)
        sites.build(facts, book, found)
        arrears.build(facts, book, found)
    else:
        arrears.build_grace(facts, book, found)
    features.derive(found, book)
    return found


def assess_signalled(found: Features, book: Rulebook, subject: Scored, today: date) -> dict[str, Assessment]:
    """The assessment of every subject that has a signal; who has none is calm."""
    scale = book.scale(today)
    by_subject = signals(found.values, book.in_force(today, subject))
    return {code: assess(given, scale, today) for code, given in by_subject.items()}


def signals(values: pl.DataFrame, indicators: Sequence[Indicator]) -> dict[str, list[Signal]]:
    """The triggered indicators of each subject that has any."""
    if not indicators:
        return {}
    places = range(len(indicators))
    steps = [_step(indicator).alias(f"{place}") for place, indicator in enumerate(indicators)]
    days = [_as_of(indicator).alias(f"{place}@") for place, indicator in enumerate(indicators)]
    any_met = pl.any_horizontal(pl.col(f"{place}").is_not_null() for place in places)
    # All of them at once: what a step costs by itself is much more than what it does to a subject.
    table = values.lazy().select("subject", *steps, *days).filter(any_met).collect(engine="in-memory")
    found: dict[str, list[Signal]] = {}
    subjects = table["subject"].to_list()
    for place, indicator in enumerate(indicators):
        for subject, tier, as_of in zip(
            subjects, table[f"{place}"].to_list(), table[f"{place}@"].to_list(), strict=True
        ):
            if tier is not None:
                found.setdefault(subject, []).append(_signal(indicator, tier, as_of))
    return found


def _signal(indicator: Indicator, tier: int, as_of: date) -> Signal:
    step = indicator.tiers[tier]
    return Signal(
        indicator=indicator.code,
        family=indicator.family,
        points=step.points,
        as_of=as_of,
        floor=step.floor or "none",
        tier=tier,
        needs_other=indicator.needs_other,
    )


@lru_cache(maxsize=1024)  # an expression costs more to write than to evaluate
def _step(indicator: Indicator) -> pl.Expr:
    """The gravest step whose conditions are all met; null when none is."""
    steps = [pl.when(_all_met(tier.when)).then(pl.lit(number)) for number, tier in enumerate(indicator.tiers)]
    return pl.coalesce(*reversed(steps))


@lru_cache(maxsize=1024)
def _as_of(indicator: Indicator) -> pl.Expr:
    days = [
        pl.when(_all_met(tier.when)).then(pl.max_horizontal(*(f"{condition.feature}@" for condition in tier.when)))
        for tier in indicator.tiers
    ]
    return pl.coalesce(*reversed(days))


def _all_met(conditions: Sequence[Condition]) -> pl.Expr:
    return pl.all_horizontal(*(_met(condition) for condition in conditions))


def _met(condition: Condition) -> pl.Expr:
    return COMPARE[condition.op](pl.col(condition.feature), condition.value)
