"""What people know of arrears (`labels.csv`), what is true (`truth`), who was inspected, and the hazard itself."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from city.building import City
from city.discovery import INSPECTION, ROUTES, inspections
from city.draws import Ints, uniform, whole
from city.months import DAY


def labels(city: City) -> pl.DataFrame:
    """employer_id, started_on, discovered_on, workers, amount: discovered within the window; a few are wrong."""
    cases, calendar = city.history.cases, city.calendar
    rows = np.flatnonzero((cases.discovered >= calendar.first_day(0)) & (cases.discovered < calendar.ends_on))
    known = cases.at(rows)
    stream, wrong = city.draws.of("labels"), city.numbers.discovery.wrong_share
    chance = uniform(stream, len(rows))
    # Half of the wrong ones name a firm that owed nothing, the other half another beginning.
    employer = np.where(chance < wrong / 2, whole(stream, 0, city.people.count, len(rows)), known.employer)
    shift = np.where((chance >= wrong / 2) & (chance < wrong), whole(stream, 30, 120, len(rows)), 0)
    started = np.minimum(known.started - shift * DAY, known.discovered)
    frame = pl.DataFrame({
        "employer_id": _codes(city, employer), "started_on": started, "discovered_on": known.discovered,
        "workers": known.workers, "amount": known.amount.astype(np.float64).round(2),
    })  # fmt: skip
    return frame.sort("discovered_on", "employer_id")


def truth(city: City) -> pl.DataFrame:
    """All arrears that were owed within the window, known or not; `discovered_on` null where nobody found out."""
    cases, calendar = city.history.cases, city.calendar
    rows = np.flatnonzero((cases.settled >= calendar.first_day(0)) & (cases.started < calendar.ends_on))
    all_ = cases.at(rows)
    return pl.DataFrame({
        "employer_id": _codes(city, all_.employer), "started_on": all_.started, "complained_on": all_.complained,
        "discovered_on": all_.discovered, "settled_on": all_.settled, "workers": all_.workers,
        "amount": all_.amount.astype(np.float64).round(2), "route": pl.Series(ROUTES).gather(all_.route),
    }).sort("started_on", "employer_id")  # fmt: skip


def inspected(city: City) -> pl.DataFrame:
    """employer_id, inspected_on, found: the random inspections of the window."""
    visits = inspections(city.ground)
    months = range(city.calendar.months)
    who = np.concatenate([visits.employer[month] for month in months])
    day = np.concatenate([visits.day[month] for month in months])
    cases = city.history.cases
    found = cases.at(np.flatnonzero(cases.route == INSPECTION))
    hits = pl.DataFrame(
        {"who": found.employer, "inspected_on": found.discovered, "found": np.ones(len(found.employer), bool)}
    )
    told = pl.DataFrame({"who": who, "inspected_on": day}).join(
        hits, on=["who", "inspected_on"], how="left", maintain_order="left"
    )
    return told.select(
        employer_id=_codes(city, who), inspected_on="inspected_on", found=pl.col("found").fill_null(value=False)
    )


def oracle(city: City) -> Iterator[pl.DataFrame]:
    """employer_id, as_of, hazard, owes_unseen: a frame a month, of those in business at its end.

    `hazard` is of arrears that start; whoever owes wages has none. `owes_unseen`: he owes, and nobody has found out.
    """
    cases = city.history.cases
    for month in range(city.calendar.months):
        who = np.flatnonzero(city.history.is_alive(month, city.people))
        as_of = city.calendar.first_day(month + 1) - DAY
        unseen = np.isnat(cases.discovered) | (cases.discovered > as_of)
        owes = np.isin(who, cases.employer[unseen & (cases.started <= as_of) & (cases.settled > as_of)])
        yield pl.DataFrame({
            "employer_id": _codes(city, who), "as_of": np.full(len(who), as_of),
            "hazard": city.history.hazard[month, who], "owes_unseen": owes,
        })  # fmt: skip


def _codes(city: City, who: Ints) -> pl.Series:
    return city.register.get_column("uscc").gather(who)
