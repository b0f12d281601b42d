"""What makes a level up, what would bring it down, and how sure it is: made of what is stored, when it is shown."""

from collections.abc import Mapping, Sequence
from datetime import date

from services.scoring import words
from services.scoring.certainty import Stopped, certainty
from services.scoring.judgement import cool_down
from services.scoring.models import Subject
from services.scoring.relief import Way, ways_down
from services.scoring.rulebook import Indicator, Rulebook
from services.scoring.rules import LEVELS, Level, Signal
from services.scoring.schemas.explained import ActOut, CertaintyOut, ContributionOut, WayDownOut, WayOut, WordsOut
from services.scoring.schemas.risk import DisputedOut, MissingFeedOut, ReasonOut
from services.scoring.words import Words

_GRADES = {
    "high": Words("把握较大", "fairly sure"),
    "medium": Words("把握中等", "not quite sure"),
    "low": Words("把握较小", "not sure"),
}


def contributions(reasons: Sequence[ReasonOut], families: Mapping[str, int]) -> list[ContributionOut]:
    """What each family adds, the most first. `families`: the points after the cap."""
    total = sum(families.values())
    made = [_contribution(family, points, total, reasons) for family, points in families.items()]
    return sorted(made, key=lambda each: (-each.points, each.family))


def way_down(subject: Subject, reasons: Sequence[ReasonOut], book: Rulebook, today: date) -> WayDownOut:
    """The smallest sets of acts that lower what the rules work out, and what stands in between."""
    rules = _rules(book, today)
    signals = [_signal(reason, rules[reason.indicator], today) for reason in reasons if reason.indicator in rules]
    figures = {reason.indicator: reason.figures for reason in reasons}
    ways = [_way(way, rules, figures) for way in ways_down(signals, book.scale(today), today)]
    return WayDownOut(ways=ways, notes=_notes(subject, bool(ways), book, today))


def certainty_view(
    subject: Subject,
    reasons: Sequence[ReasonOut],
    missing: Sequence[MissingFeedOut],
    disputed: Sequence[DisputedOut],
    book: Rulebook,
    *,
    heard: int,
    today: date,
) -> CertaintyOut:
    """How sure the level is. `heard`: how many datasets ever spoke of the subject."""
    behind = book.datasets_behind()
    borne = {dataset for reason in reasons for dataset in behind.get(reason.indicator, ())}
    stopped = [Stopped(each.state, Words(each.text_zh, each.text_en), each.dataset in borne) for each in missing]
    doubts = [Words(each["text_zh"], each["text_en"]) for each in subject.data_quality]
    doubts += [Words(each.text_zh, each.text_en) for each in disputed]
    bound = _bound(book, today)
    is_placed = subject.division is not None
    found = certainty(stopped, doubts, is_placed=is_placed, is_heard_of=heard > 0, low_from=bound)
    grade = _GRADES[found.grade]
    because = [WordsOut(zh=each.zh, en=each.en) for each in found.because]
    return CertaintyOut(grade=found.grade, title_zh=grade.zh, title_en=grade.en, because=because)


def _bound(book: Rulebook, today: date) -> int | None:
    try:
        return book.parameter("certainty_low_stopped", today)
    except KeyError:  # a book of before there was such a thing
        return None


def _contribution(family: str, points: int, total: int, reasons: Sequence[ReasonOut]) -> ContributionOut:
    own = [reason for reason in reasons if reason.family == family]
    title = words.shipped().family(family)
    return ContributionOut(
        family=family,
        title_zh=title.zh,
        title_en=title.en,
        points=points,
        before_cap=sum(reason.points for reason in own),
        share=round(points / total, 4) if total else 0.0,
        floor=max((reason.floor for reason in own if reason.floor), key=LEVELS.index, default=None),
        indicators=[reason.indicator for reason in own],
    )


def _rules(book: Rulebook, today: date) -> dict[str, Indicator]:
    in_force = (*book.in_force(today, "employer"), *book.in_force(today, "project"))
    return {each.code: each for each in in_force}


def _signal(reason: ReasonOut, rule: Indicator, today: date) -> Signal:
    return Signal(
        indicator=reason.indicator,
        family=reason.family,
        points=reason.points,
        as_of=reason.as_of or today,
        floor=reason.floor or "none",
        needs_other=rule.needs_other,
    )


def _way(way: Way, rules: Mapping[str, Indicator], figures: Mapping[str, Mapping[str, object]]) -> WayOut:
    acts = [_act(signal.indicator, rules[signal.indicator], figures[signal.indicator]) for signal in way.ends]
    level = words.shipped().levels[way.level]
    return WayOut(
        level=way.level,
        text_zh="、".join(act.act_zh for act in acts) + f"后降为{level.zh}",
        text_en="; ".join(act.act_en for act in acts) + f": then {level.en}",
        acts=acts,
    )


def _act(code: str, rule: Indicator, figures: Mapping[str, object]) -> ActOut:
    said = words.shipped().act(code, figures, Words(rule.title_zh, rule.title_en))
    return ActOut(indicator=code, act_zh=said.zh, act_en=said.en)


def _notes(subject: Subject, may_fall: bool, book: Rulebook, today: date) -> list[WordsOut]:
    level, until = words.shipped().levels[subject.level], subject.level_until
    if subject.level_source == "cool_down":
        return [
            WordsOut(
                zh=f"规则等级已下降，{level.zh}保留至{until}，其间无新情况即自动下降",
                en=f"what the rules work out has fallen; {level.en} is held until {until} and ends by itself",
            )
        ]
    if subject.level_source == "model":
        return [WordsOut(zh=f"{level.zh}由模型给出，规则等级更低", en=f"{level.en} is the model's; the rules say less")]
    if subject.level_source in ("override", "law_floor"):
        return [WordsOut(zh=f"人工定级有效至{until}", en=f"a person has set the level until {until}")]
    days = cool_down(book, today).get(_level(subject.computed_level), 0)
    if may_fall and days:
        return [WordsOut(zh=f"下降后{level.zh}再保留{days}天", en=f"{level.en} is held for {days} days after the fall")]
    return []


def _level(name: str) -> Level:
    return next(level for level in LEVELS if level == name)
