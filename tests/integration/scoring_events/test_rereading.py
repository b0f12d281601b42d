"""What the model said stands on what it had read, which is kept: its word comes out the same, and doctoring shows."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.scoring import usecases
from services.scoring.live import shelf
from services.scoring.usecases import Explanation
from services.scoring.usecases.explaining import Again
from shared.clock import now
from shared.db import Session, sql
from tests.integration.scoring_events.test_models import history
from tests.scoring_events import a_water_bill, accepted, social_fee
from tests.scoring_facts import a_uscc, recent_month
from tests.scoring_models import a_champion, a_person, moment, run_to_its_end


async def worked_out_again(session: Session, score_id: UUID) -> Again:
    shelf._models.clear()  # as years later: read anew
    found = await usecases.explain(session, score_id, a_person("he", "scores:read"), is_again=True)
    assert isinstance(found, Explanation)
    assert found.again
    return found.again


async def every_score(session: Session, uscc: str) -> list[UUID]:
    return [line["score_id"] for line in await history(session, uscc)]


async def a_score_by_the_model_alone(session: Session) -> UUID:
    uscc = a_uscc()
    await usecases.take_in(session, a_water_bill(uscc), moment())
    await a_champion(session, least=0.03, most=0.9)
    await run_to_its_end(session)
    return (await every_score(session, uscc))[-1]


async def test_the_models_word_comes_out_the_same_of_what_it_had_read_whatever_came_later(session: Session) -> None:
    """By the run over everyone, by a record, and with news in between that nobody could know then."""
    uscc = a_uscc()
    await usecases.take_in(session, social_fee(uscc, 1), moment())
    champion = await a_champion(session, least=0.03, most=0.9)
    await run_to_its_end(session)
    for months in (2, 4):
        await usecases.take_in(session, social_fee(uscc, months), moment())
    said = []
    for score_id in await every_score(session, uscc):
        again = await worked_out_again(session, score_id)
        assert (again.reason, again.differences) == (None, ())
        if again.model is None:  # nobody had spoken yet
            continue
        assert (again.model.said.model_id, again.model.columns, again.model.otherwise) == (champion, 1, ())
        said.append(again.model.said.probability)
    assert said == pytest.approx([0.03, 0.03, 0.9])


async def test_late_news_that_counts_as_known_then_is_told_and_changes_no_word(session: Session) -> None:
    uscc = a_uscc()
    await usecases.take_in(session, social_fee(uscc, 1), moment())
    await a_champion(session, least=0.03, most=0.9)
    await run_to_its_end(session)
    score_id = (await every_score(session, uscc))[-1]
    months = [recent_month(back) for back in (1, 2, 3)]
    columns = {"uscc": [uscc] * 3, "period": months, "arrears": ["7.00"] * 3}
    long_ago = now() - timedelta(days=1)
    late = accepted(
        "tax_social_fee", [uscc] * 3, columns, keys=[f"late|{month}" for month in months], reported_at=long_ago
    )
    await usecases.take_in(session, late, moment())
    again = await worked_out_again(session, score_id)
    assert (again.reason, again.differences) == (None, ())
    assert again.model
    assert again.model.said.probability == pytest.approx(0.03)
    assert [(each.column, each.read, each.now) for each in again.model.otherwise] == [
        ("tax_social_fee.arrears.months", 1.0, 3.0)
    ]


async def test_a_probability_that_was_changed_behind_our_back_is_noticed(session: Session) -> None:
    score_id = await a_score_by_the_model_alone(session)
    await sql(session, "update scoring.score set probability = 0.001 where score_id = :id", id=score_id)
    again = await worked_out_again(session, score_id)
    assert [(each.item, each.told) for each in again.differences] == [("probability", 0.001)]


async def test_of_a_score_from_before_its_readings_were_kept_the_models_word_is_taken_as_given(
    session: Session,
) -> None:
    score_id = await a_score_by_the_model_alone(session)
    await sql(session, "update scoring.score_evidence set reading = null where score_id = :id", id=score_id)
    again = await worked_out_again(session, score_id)
    assert (again.reason, again.differences, again.model) == (None, (), None)
