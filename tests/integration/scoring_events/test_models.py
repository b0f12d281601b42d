"""Trained models at work on a real PostgreSQL: who decides, what they say of whom, and the run over everyone."""

from typing import Any

import pytest

from services.scoring import live, usecases
from services.scoring.model.lifecycle import ModelNotThere, OneMindAlone
from services.scoring.store import predictions, registry
from services.scoring.usecases import models as use
from services.scoring.usecases.models import LeansOnTheMissing, NotAModel
from shared.clock import now
from shared.db import Session, sql
from shared.ids import new_id
from tests.scoring_events import a_water_bill, social_fee
from tests.scoring_facts import a_uscc
from tests.scoring_models import (
    HEAD,
    a_champion,
    a_content,
    a_model,
    a_model_of_two_heads,
    a_policy_without,
    moment,
    run_to_its_end,
    wish,
)


async def subject(session: Session, uscc: str) -> dict[str, Any]:
    return dict((await sql(session, "select * from scoring.subject where subject_id = :id", id=uscc)).mappings().one())


async def history(session: Session, uscc: str) -> list[dict[str, Any]]:
    rows = await sql(session, "select * from scoring.score where subject_id = :id order by score_id", id=uscc)
    return [dict(row) for row in rows.mappings()]


async def told(session: Session, uscc: str) -> int:
    await session.flush()  # events are rows that wait to be written
    wanted = "select count(*) from scoring.outbox where convert_from(body, 'UTF8') like '%' || :id || '%'"
    return int((await sql(session, wanted, id=uscc)).scalar_one())


async def test_without_a_model_nothing_is_said_and_no_run_is_asked_for(session: Session) -> None:
    uscc = a_uscc()
    await usecases.take_in(session, social_fee(uscc, 1), moment())
    (line,) = await history(session, uscc)
    assert (line["model_id"], line["probability"], line["model_level"]) == (None, None, None)
    assert not await usecases.request_due_run(session, now(), new_id)
    assert (await sql(session, "select count(*) from scoring.prediction")).scalar_one() == 0


async def test_a_promotion_needs_a_second_person_and_a_rollback_brings_back_the_former_champion(
    session: Session,
) -> None:
    first, _ = await use.register(session, a_content(), wish())
    with pytest.raises(ModelNotThere):
        await use.propose(session, first, wish())
    await use.challenge(session, first, wish())
    with pytest.raises(ModelNotThere):
        await use.approve(session, first, wish(HEAD), new_id)
    await use.propose(session, first, wish())
    with pytest.raises(OneMindAlone):
        await use.approve(session, first, wish(), new_id)
    await use.approve(session, first, wish(HEAD), new_id)
    second = await a_champion(session, most=0.5)
    assert await registry.active(session) == {second: "champion"}
    assert await use.roll_back(session, wish(), new_id) == first
    assert await registry.active(session) == {first: "champion"}
    acts = [(step.act, step.state, step.actor) for step in await registry.steps(session, first)]
    assert acts == [
        ("register", "candidate", "li"),
        ("shadow", "shadow", "li"),
        ("propose", "shadow", "li"),
        ("approve", "champion", "chen"),
        ("retire", "retired", "chen"),
        ("rollback", "champion", "li"),
    ]
    wanted = "select count(*) from scoring.audit where subject = :id and action like 'model.%'"
    audited = await sql(session, wanted, id=first)
    assert audited.scalar_one() == len(acts)


async def test_what_is_no_model_is_refused_and_the_same_content_is_one_model(session: Session) -> None:
    good = a_content()
    assert await use.register(session, good, wish()) == (use.name_of(good), True)
    assert await use.register(session, good, wish()) == (use.name_of(good), False)
    for bad in (
        good._replace(entry="{}"),
        good._replace(entry="no JSON"),
        good._replace(entry=good.entry.replace("scorecard", "boosted"), trees="no trees"),
        a_content(horizon=90),
        a_content(a_model("no.such.column")),
    ):
        with pytest.raises(NotAModel):
            await use.register(session, bad, wish())


async def test_a_model_that_leans_on_what_is_not_there_is_not_promoted(session: Session) -> None:
    content, policy = a_content(a_model("hc_attendance.punches.level")), a_policy_without("hc_attendance.")
    model_id, _ = await use.register(session, content, wish(), policy)
    await use.challenge(session, model_id, wish())
    with pytest.raises(LeansOnTheMissing, match=r"100\.0%.*hc_attendance\.punches\.level"):
        await use.propose(session, model_id, wish())


async def test_a_model_that_leans_on_attendance_is_promoted_since_it_is_read(session: Session) -> None:
    model_id, _ = await use.register(session, a_content(a_model("hc_attendance.punches.level")), wish())
    await use.challenge(session, model_id, wish())
    await use.propose(session, model_id, wish())
    await use.approve(session, model_id, wish(HEAD), new_id)
    assert await registry.active(session) == {model_id: "champion"}


async def test_a_run_scores_everyone_and_the_model_alone_raises_to_yellow_at_most(session: Session) -> None:
    owing, calm = a_uscc(), a_uscc()
    # The indicators' floor of three months is orange: of what the rules do not know the model alone can speak.
    await usecases.take_in(session, social_fee(owing, 2), moment())
    await usecases.take_in(session, a_water_bill(calm), moment())
    champion = await a_champion(session, least=0.3, most=0.9)
    assert await run_to_its_end(session) == 3  # what needs everyone, one part, the end
    now_calm = await subject(session, calm)
    assert now_calm["level"] == "yellow"
    (line,) = await history(session, calm)
    assert (line["model_id"], line["model_level"], line["indicator_level"]) == (champion, "red", "none")
    assert line["probability"] == pytest.approx(0.3)
    kept = (await sql(session, "select population_id from scoring.population")).scalar_one()
    assert line["population_id"] == kept
    (reason,) = line["reasons"]
    assert (reason["indicator"], reason["points"]) == ("MODEL", 0)
    assert "30.0%" in reason["text_zh"]
    assert "30.0%" in reason["text_en"]
    run = (await sql(session, "select * from scoring.population_run")).mappings().one()
    assert (run["state"], run["done"], run["total"]) == ("done", 2, 2)


async def test_beside_a_champion_a_single_record_counts_for_more_in_the_pace(session: Session) -> None:
    asked: list[int] = []

    def allows(subjects: int) -> bool:
        asked.append(subjects)
        return False

    await usecases.take_in(session, social_fee(a_uscc(), 1), moment(), allows)
    await a_champion(session)
    await usecases.take_in(session, social_fee(a_uscc(), 1), moment(), allows)
    assert asked == [1, 1 + 10]


async def test_a_second_run_without_news_announces_nothing(session: Session) -> None:
    uscc = a_uscc()
    await usecases.take_in(session, social_fee(uscc, 2), moment())
    await a_champion(session, least=0.03, most=0.9)
    await run_to_its_end(session)
    lines, events = len(await history(session, uscc)), await told(session, uscc)
    await usecases.request_run(session, "once more", "li", now(), new_id)
    await run_to_its_end(session)
    assert (len(await history(session, uscc)), await told(session, uscc)) == (lines, events)


async def test_a_record_changes_what_the_champion_says_at_once(session: Session) -> None:
    uscc, other = a_uscc(), a_uscc()
    await usecases.take_in(session, social_fee(uscc, 1), moment())
    await usecases.take_in(session, social_fee(other, 1), moment())
    champion = await a_champion(session)
    await run_to_its_end(session)
    before = await predictions.of_champion(session, uscc)
    await usecases.take_in(session, social_fee(uscc, 4), moment())
    after, untouched = await predictions.of_champion(session, uscc), await predictions.of_champion(session, other)
    assert before
    assert after
    assert untouched
    assert before.probability == pytest.approx(0.001)
    assert after.probability == pytest.approx(0.4)
    assert untouched.probability == pytest.approx(0.001)
    line = (await history(session, uscc))[-1]
    assert (line["level"], line["indicator_level"], line["model_level"]) == ("orange", "orange", "red")
    assert line["model_id"] == champion
    assert line["probability"] == pytest.approx(0.4)


async def test_challengers_speak_beside_the_champion_and_change_no_level(session: Session) -> None:
    uscc = a_uscc()
    await usecases.take_in(session, a_water_bill(uscc), moment())
    await a_champion(session)
    challengers = []
    for most in (0.6, 0.7):
        model_id, _ = await use.register(session, a_content(a_model(least=0.5, most=most)), wish())
        await use.challenge(session, model_id, wish())
        challengers.append(model_id)
    await run_to_its_end(session)
    assert (await subject(session, uscc))["level"] == "none"
    compared = await usecases.compared(session, challengers[0], now())
    assert (compared.employers, compared.days) == (1, (compared.day,))
    assert compared.champion
    assert compared.challenger
    assert compared.champion.levels == {"none": 1}
    assert compared.challenger.levels == {"red": 1}
    kept = (await sql(session, "select count(distinct model_id) from scoring.prediction")).scalar_one()
    assert kept == 3


async def test_a_champion_of_two_heads_ranks_by_those_who_owe_unseen_and_says_the_same_again(session: Session) -> None:
    uscc = a_uscc()
    await usecases.take_in(session, a_water_bill(uscc), moment())
    model_id, _ = await use.register(session, a_content(a_model_of_two_heads(0.001, 0.1)), wish())
    await use.challenge(session, model_id, wish())
    await use.propose(session, model_id, wish())
    await use.approve(session, model_id, wish(HEAD), new_id)
    await run_to_its_end(session)
    (line,) = await history(session, uscc)
    assert (line["level"], line["model_level"], line["probability"]) == ("yellow", "orange", pytest.approx(0.001))
    assert line["reasons"][0]["figures"]["owing"] == pytest.approx(0.1)
    kept = await predictions.of_champion(session, uscc)
    assert kept
    assert (kept.probability, kept.owing) == pytest.approx((0.001, 0.1))
    again = await live.explain(session, uscc, kept)
    assert (again.told, again.level) == (kept.said, "orange")
    challenger, _ = await use.register(session, a_content(a_model(least=0.3, most=0.3)), wish())
    await use.challenge(session, challenger, wish())
    await usecases.take_in(session, social_fee(uscc, 1), moment())
    compared = await usecases.compared(session, challenger, now())
    assert compared.champion
    assert compared.champion.levels == {"orange": 1}
    assert compared.champion.mean_probability == pytest.approx(0.001)


async def test_a_model_that_fails_stops_no_score_and_what_it_said_last_stands(session: Session) -> None:
    uscc = a_uscc()
    await usecases.take_in(session, a_water_bill(uscc), moment())
    champion = await a_champion(session, least=0.3, most=0.9)
    await run_to_its_end(session)
    from services.scoring.live import shelf

    broken = a_model("no.such.column")
    shelf._models[champion] = broken.__class__(broken.name, object(), {})  # type: ignore[arg-type]
    try:
        await usecases.take_in(session, social_fee(uscc, 1), moment())
    finally:
        shelf._models.clear()
    assert (await subject(session, uscc))["level"] == "yellow"
    assert (await history(session, uscc))[-1]["probability"] == pytest.approx(0.3)


async def test_a_challenger_that_cannot_even_be_read_takes_the_word_from_no_champion(session: Session) -> None:
    uscc = a_uscc()
    await usecases.take_in(session, a_water_bill(uscc), moment())
    champion = await a_champion(session, least=0.3, most=0.9)
    # Like no other test's: what was read once is read no more.
    challenger, _ = await use.register(session, a_content(a_model(least=0.51, most=0.71)), wish())
    await use.challenge(session, challenger, wish())
    await sql(session, "update scoring.model set entry = '{}' where model_id = :id", id=challenger)
    await run_to_its_end(session)
    kept = await sql(session, "select model_id, probability from scoring.prediction where subject_id = :id", id=uscc)
    assert {row.model_id: row.probability for row in kept} == {champion: pytest.approx(0.3)}
    assert (await subject(session, uscc))["level"] == "yellow"
