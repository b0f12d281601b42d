"""The report of a day looks at what the champion reads and says, too: a model that meets another world is noticed."""

from datetime import timedelta

from services.scoring import usecases
from services.scoring.learning.drift import Drift
from services.scoring.learning.policy import shipped as policy
from services.scoring.live import shelf
from services.scoring.usecases import quality
from shared.clock import now
from shared.db import Session
from shared.events import RecordsAccepted
from tests.scoring_events import accepted, social_fee
from tests.scoring_facts import a_uscc, recent_month
from tests.scoring_models import COLUMN, a_champion, moment, run_to_its_end

EMPLOYERS = 12


def owed_long_ago(uscc: str) -> RecordsAccepted:
    """One month behind, as it was told before the champion learned."""
    period, told_at = recent_month(8), now() - timedelta(days=210)
    columns = {"uscc": [uscc], "period": [period], "arrears": ["100.00"]}
    return accepted("tax_social_fee", [uscc], columns, keys=[f"{uscc}|{period}"], reported_at=told_at)


async def drifts(session: Session) -> dict[str, Drift]:
    report = await quality.make(session, moment(), policy())
    return {each.feature: each for each in report.drifts}


async def test_a_column_of_the_champion_and_its_word_drift_with_the_world_it_reads(session: Session) -> None:
    employers = [a_uscc() for _ in range(EMPLOYERS)]
    for uscc in employers:
        await usecases.take_in(session, owed_long_ago(uscc), moment())
    assert f"model.{COLUMN}" not in await drifts(session)  # without a champion there is nothing of it
    await a_champion(session)
    await run_to_its_end(session)
    calm = await drifts(session)
    for uscc in employers:
        await usecases.take_in(session, social_fee(uscc, 4), moment())
    found = await drifts(session)
    for name in (f"model.{COLUMN}", "model.probability"):
        assert calm[name].psi < 0.01
        assert found[name].psi > 1
        assert found[name].missing_now == 0


async def test_a_champion_that_fails_takes_nothing_else_out_of_the_report(session: Session) -> None:
    for _ in range(EMPLOYERS):
        await usecases.take_in(session, owed_long_ago(a_uscc()), moment())
    champion = await a_champion(session)
    await run_to_its_end(session)
    whole = await shelf.model(session, champion)
    shelf._models[champion] = whole.__class__(whole.name, object(), {})  # type: ignore[arg-type]
    try:
        found = await drifts(session)
    finally:
        shelf._models.clear()
    assert found
    assert not [name for name in found if name.startswith("model.")]
