"""A risk and the rules, from what is stored to what is answered. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from services.scoring.models import OverrideAct, Score, Subject
from services.scoring.rulebook import Condition, Dataset, Indicator, Parameter, Rulebook
from services.scoring.saying import Said
from services.scoring.schemas.risk import (
    ConditionOut,
    FeedOut,
    FeedState,
    IndicatorOut,
    MissingFeedOut,
    ModelSaysOut,
    ParameterOut,
    ReasonOut,
    RiskOut,
    RulebookOut,
    ScoreOut,
    TierOut,
    WhyOut,
)
from services.scoring.store.disputes import OpenDispute
from services.scoring.store.feeds import StoppedFeed
from services.scoring.store.scores import FeedTimes
from services.scoring.views.disputed import disputed_view
from services.scoring.views.explained import certainty_view, contributions, way_down
from services.scoring.views.overrides import in_force_view
from shared.clock import local_date

_STOPPED = {
    "late": ("迟报", "late"),
    "silent": ("已停报", "silent"),
    "broken": ("报送内容异常", "broken"),
}


def risk_view(
    subject: Subject,
    score: Score | None,
    history: Sequence[Score],
    feeds: Sequence[FeedTimes],
    stopped: Sequence[StoppedFeed],
    *,
    disputes: Sequence[OpenDispute],
    acts: Sequence[OverrideAct],
    book: Rulebook,
    at: datetime,
) -> RiskOut:
    """A subject's risk; without any score yet it is "none" with no points."""
    present = score_view(score) if score else None
    tellers = {times.dataset: times.agency for times in feeds}
    missing = [_missing(each, book) for each in stopped if tellers.get(each.dataset, each.agency) == each.agency]
    reasons, families = (present.reasons, present.families) if present else ([], {})
    _note(reasons, missing, book)
    disputed = disputed_view(disputes, reasons, book, local_date(at))
    # By the day on which it was worked out: the dates of signals count from there.
    worked_out_on = local_date(subject.reviewed_at or at)
    return RiskOut(
        **subject.model_dump(include={"subject_kind", "subject_id", "name", "division", "gc_uscc", "gc_name", "level"}),
        **subject.model_dump(include={"computed_level", "level_source", "level_until"}),
        override=in_force_view(acts, local_date(at)),
        **subject.model_dump(include={"score_id", "reviewed_at", "next_review_on", "rules_version"}),
        points=present.points if present else 0,
        floor=present.floor if present else "none",
        families=families,
        reasons=reasons,
        contributions=contributions(reasons, families),
        way_down=way_down(subject, reasons, book, worked_out_on),
        certainty=certainty_view(subject, reasons, missing, disputed, book, heard=len(feeds), today=local_date(at)),
        data_quality=[ReasonOut.model_validate(each) for each in subject.data_quality],
        scored_at=present.scored_at if present else None,
        feeds=[
            _feed(times, {(each.dataset, each.agency): each.state for each in missing}, book, at) for times in feeds
        ],
        missing_feeds=missing,
        disputed=disputed,
        history=[score_view(line) for line in history],
    )


def score_view(line: Score) -> ScoreOut:
    """A line of the history; one of before there were several sources was what the rules worked out."""
    return ScoreOut.model_validate({**line.model_dump(), "computed_level": line.computed_level or line.level})


def model_view(said: Said, as_of: datetime, horizon_days: int) -> ModelSaysOut:
    """What the model says, with its reasons in words."""
    reasons = [
        WhyOut(column=why.column, value=why.value, contribution=why.contribution, text_zh=why.zh, text_en=why.en)
        for why in said.reasons
    ]
    told = {name: getattr(said, name) for name in ("model_id", "probability", "level", "counts_as")}
    about = {"owing": said.told.owing, "horizon_days": horizon_days, "as_of": as_of, "families": dict(said.families)}
    return ModelSaysOut(**told, **about, reasons=reasons)


def rulebook_view(book: Rulebook) -> RulebookOut:
    """The rules, with every feature called by its name."""
    titles = {each.code: (each.title_zh, each.title_en) for each in book.measured}
    titles |= {each.code: (each.title_zh, each.title_en) for each in book.derived}
    titles |= {each.code: (each.title_zh, each.title_en) for each in book.built}
    return RulebookOut(
        version=book.version,
        indicators=[_indicator(each, titles) for each in book.indicators],
        parameters=[parameter_view(each) for each in book.parameters],
    )


def parameter_view(parameter: Parameter) -> ParameterOut:
    """A number of the book, with where it comes from."""
    return ParameterOut.model_validate(msgspec.to_builtins(parameter))


def _missing(feed: StoppedFeed, book: Rulebook) -> MissingFeedOut:
    known = book.datasets[feed.dataset]
    heard = f"{local_date(feed.last_at):%Y-%m-%d}" if feed.last_at else None
    zh, en = _STOPPED[feed.state]
    return MissingFeedOut(
        title_zh=known.title_zh,
        title_en=known.title_en,
        text_zh=f"{known.title_zh}{zh}，最近一次收到：{heard or '从未'}；其后情况未知，风险可能被低估",
        text_en=f"{known.title_en}: {en}, last heard of on {heard or 'no day'}; what came after is not known",
        **feed._asdict(),
    )


def _note(reasons: Sequence[ReasonOut], missing: Sequence[MissingFeedOut], book: Rulebook) -> None:
    """Say of each reason that stands on a stopped feed that it is as it was then: it neither grows nor ends."""
    datasets = book.datasets_behind()
    for reason in reasons:
        told = [each for each in missing if each.dataset in datasets.get(reason.indicator, ())]
        if told:
            reason.note_zh = "；".join(each.text_zh for each in told)
            reason.note_en = "; ".join(each.text_en for each in told)


def _feed(times: FeedTimes, stopped: Mapping[tuple[str, str], FeedState], book: Rulebook, at: datetime) -> FeedOut:
    known = book.datasets.get(times.dataset)
    state = stopped.get((times.dataset, times.agency))
    return FeedOut(
        dataset=times.dataset,
        title_zh=known.title_zh if known else None,
        title_en=known.title_en if known else None,
        as_of=times.as_of,
        reported_at=times.reported_at,
        feed_reported_at=times.feed_reported_at,
        is_stale=True if state in ("late", "silent") else _is_stale(times.feed_reported_at, known, at),
        state=state,
    )


def _is_stale(heard: datetime, dataset: Dataset | None, at: datetime) -> bool | None:
    # A feed that sends only what we have already is not announced: a long silence may be that, or its end.
    is_fresh = dataset is not None and at - heard <= timedelta(days=dataset.cycle_days)
    return False if is_fresh else None


def _indicator(indicator: Indicator, titles: dict[str, tuple[str, str]]) -> IndicatorOut:
    plain = msgspec.structs.asdict(indicator)
    tiers = [
        TierOut(
            conditions=[_condition(condition, titles) for condition in tier.when],
            points=tier.points,
            floor=tier.floor,
            text_zh=tier.zh,
            text_en=tier.en,
        )
        for tier in indicator.tiers
    ]
    return IndicatorOut(**{**plain, "datasets": list(indicator.datasets), "tiers": tiers})


def _condition(condition: Condition, titles: dict[str, tuple[str, str]]) -> ConditionOut:
    title_zh, title_en = titles[condition.feature]
    return ConditionOut(
        feature=condition.feature, title_zh=title_zh, title_en=title_en, op=condition.op, value=condition.value
    )
