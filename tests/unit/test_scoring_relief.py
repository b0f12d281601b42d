"""What would bring a level down, by property; which act is said; how sure a level is."""

from itertools import combinations

import pytest
from hypothesis import given, settings

from services.scoring import relief, words
from services.scoring.certainty import Stopped, certainty
from services.scoring.relief import ways_down
from services.scoring.rulebook import features_of, shipped
from services.scoring.rules import Signal, assess, at_least
from services.scoring.words import Words, figures_in
from tests.unit.test_scoring_rules import SCALE, TODAY, a_signal, some_signals


@settings(max_examples=60)
@given(some_signals)
def test_ending_a_way_does_lower_the_level_and_ending_less_never_does(signals: list[Signal]) -> None:
    level = assess(signals, SCALE, TODAY).level
    ways = ways_down(signals, SCALE, TODAY)
    assert bool(ways) == (level != "none")
    for way in ways:
        left = [signal for signal in signals if signal not in way.ends]
        assert assess(left, SCALE, TODAY).level == way.level
        assert not at_least(way.level, level)
        for fewer in combinations(signals, len(way.ends) - 1):
            rest = [signal for signal in signals if signal not in fewer]
            assert assess(rest, SCALE, TODAY).level == level


@given(some_signals)
def test_where_there_are_too_many_sets_one_way_is_found_that_lowers_it_and_needs_each_of_its_ends(
    signals: list[Signal],
) -> None:
    level = assess(signals, SCALE, TODAY).level
    if level == "none":
        return
    way = relief._one_way(signals, level, SCALE, TODAY)
    assert not at_least(way.level, level)
    for signal in way.ends:
        left = [each for each in signals if each not in way.ends or each == signal]
        assert assess(left, SCALE, TODAY).level == level


def test_thirty_signals_are_answered_in_a_moment() -> None:
    many = [a_signal(f"E{n:02}", ("tax_si", "court", "market")[n % 3], 35, floor="red") for n in range(30)]
    (way,) = ways_down(many, SCALE, TODAY)
    assert (len(way.ends), way.level) == (30, "none")


def test_the_way_that_lowers_it_most_comes_first() -> None:
    signals = [a_signal(points=25, floor="orange"), a_signal("E19", "market", 20)]
    assert [([each.indicator for each in way.ends], way.level) for way in ways_down(signals, SCALE, TODAY)] == [
        (["E01"], "blue")
    ]
    both = [a_signal(points=35), a_signal("E14", "court", 30)]
    assert [way.level for way in ways_down(both, SCALE, TODAY)] == ["blue", "blue"]


def test_an_act_is_said_with_its_figures_and_without_them_in_general() -> None:
    book, titles = words.shipped(), Words("社保欠缴", "Social insurance arrears")
    known = book.act("E01", {"si_arrears": "42130.00", "si_months": 3}, titles)
    assert known.zh == "补缴社保欠费 42,130.00 元"
    assert book.act("E01", {"si_arrears": None}, titles).zh == "“社保欠缴”情形消除"
    assert book.act("E11", {"water_drop_2m": 0.6}, titles).zh == "用水量恢复"
    assert book.act("X99", {}, titles).en == "Social insurance arrears ends"


def test_every_indicator_of_the_book_has_an_act_whose_figures_its_sentences_speak_of() -> None:
    acts = words.shipped().acts
    for each in shipped().indicators:
        if each.kind == "wage":
            spoken = {name for tier in each.tiers for name in features_of(tier)}
            assert all(figures_in(act) <= spoken for act in acts[each.code]), each.code


def test_every_family_and_level_has_a_name() -> None:
    assert {each.family for each in shipped().indicators} <= words.shipped().families.keys()
    assert set(words.shipped().levels) == {"none", "blue", "yellow", "orange", "red"}


SAID = Words("社会保险费征缴已停报", "Social insurance: silent")


@pytest.mark.parametrize(
    ("stopped", "doubts", "placed", "grade"),
    [
        ([], [], True, "high"),
        ([], [], False, "medium"),
        ([], [Words("已3个工作日未上传考勤", "no attendance")], True, "medium"),
        ([Stopped("late", SAID, True)], [], True, "medium"),
        ([Stopped("silent", SAID, False)], [], True, "medium"),
        ([Stopped("silent", SAID, True)], [], True, "low"),
        ([Stopped("late", SAID, False)] * 3, [], True, "low"),
    ],
)
def test_how_sure_a_level_is_follows_from_what_is_not_known(
    stopped: list[Stopped], doubts: list[Words], placed: bool, grade: str
) -> None:
    found = certainty(stopped, doubts, is_placed=placed, is_heard_of=True, low_from=3)
    assert found.grade == grade
    assert len(found.because) == len(stopped) + len(doubts) + (not placed)


def test_who_was_never_heard_of_is_nobody_to_be_sure_of() -> None:
    assert certainty([], [], is_placed=True, is_heard_of=False, low_from=3).grade == "low"
