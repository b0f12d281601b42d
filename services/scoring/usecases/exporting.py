"""Take out what a model is trained on, as it was known at a time: labels, random inspections, outcomes, facts."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from services.scoring.learning.outcomes import is_arrears, labels
from services.scoring.learning.policy import Policy
from services.scoring.measurebook import Measured
from services.scoring.model.policy import shipped as live_policy
from services.scoring.store import outcomes as store
from shared.db import Session

INSPECTIONS = ("employer_id", "inspected_on", "found", "selection", "probability", "sample_id", "stratum", "started_on")


@dataclass(frozen=True)
class Labels:
    """labels: learning.outcomes.LABELS; inspections: INSPECTIONS, random ones with an answer; outcomes: OUTCOMES."""

    labels: pl.DataFrame
    inspections: pl.DataFrame
    outcomes: pl.DataFrame


async def labels_known(session: Session, known_by: datetime, policy: Policy) -> Labels:
    """Everything that was found, ordered, paid, listed, complained of or inspected, as known by a time."""
    stands = await store.stands(session, known_by, policy.complaints)
    drawn = await store.drawn(session, known_by)
    random = stands.filter(pl.col("matter") == "inspection").with_columns(is_arrears().alias("found"))
    inspections = (
        random.drop_nulls("found")
        .join(drawn, left_on="matter_id", right_on="inspection_id")
        .with_columns(pl.col("subject_id").alias("employer_id"), pl.col("found_on").alias("inspected_on"))
        .select(INSPECTIONS)
        .sort("inspected_on", "employer_id")
    )
    # As the live service reads an employer's own past: a model meets what it was trained on.
    made = labels(stands, live_policy().live.one_arrears_days).sort("discovered_on", "employer_id")
    return Labels(made, inspections, stands)


async def facts_known(session: Session, dataset: Measured, known_by: datetime) -> pl.DataFrame:
    """Every version of a dataset's records as known by a time: its items as text, and `reported_at` (UTC).

    Whose a record of an employer is, ingest has found: it takes the place of whatever code the record says.
    """
    rows = await store.versions(session, dataset.dataset, dataset.about, known_by)
    items = [item for item in dataset.items if item != dataset.reported]
    kind = pl.Struct(dict.fromkeys(items, pl.String()))
    told = rows.with_columns(pl.col("body").str.json_decode(kind)).unnest("body")
    whose = [pl.col("subject_id").alias(dataset.code[0])] if dataset.about == "employer" and dataset.code else []
    return told.with_columns(whose).select(*items, pl.col("reported_at").alias(dataset.reported))
