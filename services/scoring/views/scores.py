"""An explained score, from what is stored to what is answered. Pure."""

from dataclasses import asdict

import polars as pl

from services.scoring import evidence
from services.scoring.inputs import named
from services.scoring.schemas.scores import (
    AgainOut,
    DifferenceOut,
    ExplanationOut,
    InputOut,
    InputsOut,
    ModelAgainOut,
    OtherwiseOut,
)
from services.scoring.usecases import Explanation
from services.scoring.usecases.explaining import Again
from services.scoring.usecases.rereading import Reread
from services.scoring.views.risk import score_view

_NOT_AGAIN = {
    "inputs_not_kept": ("此评分早于输入留存，无法重算", "The score is of before inputs were kept"),
    "book_unknown": ("找不到当时的规则版本，无法重算", "The rules of its version are not here"),
    "model_unknown": ("找不到当时的模型，无法重算", "The model of then is not here"),
    "book_unreadable": ("当时的规则版本无法读取，无法重算", "The rules of its version cannot be read by this release"),
}


def explanation_view(found: Explanation, most: int) -> ExplanationOut:
    """What is told of a score; of its records the first `most`."""
    return ExplanationOut(
        **found.subject.model_dump(include={"subject_kind", "subject_id", "name", "division"}),
        score=score_view(found.score),
        inputs=_inputs(found, most),
        again=_again(found.again, found) if found.again else None,
    )


def _inputs(found: Explanation, most: int) -> InputsOut:
    kept = found.kept
    return InputsOut(
        is_kept=kept is not None,
        is_whole=found.is_whole,
        versions=kept.evidence.versions if kept else 0,
        lost=found.names.height - found.versions.height,
        sha256=kept.evidence.sha256 if kept else None,
        feeds=evidence.feeds_in(kept.feeds).height if kept else 0,
        records=_records(found, most),
    )


def _records(found: Explanation, most: int) -> list[InputOut]:
    place = ["dataset", "receipt_id", "row_no"]
    names = found.names.select(*place, pl.col("subject_kind").fill_null(found.score.subject_kind)).unique()
    there = found.versions.select(*place, "agency", "source_time", "reported_at").unique(place)
    rows = names.join(there, on=place, how="left").sort(place).head(most)
    return [
        InputOut(row=row.pop("row_no"), is_here=row["agency"] is not None, **row) for row in rows.iter_rows(named=True)
    ]


def _again(again: Again, found: Explanation) -> AgainOut:
    zh, en = _verdict(again, found)
    return AgainOut(
        is_equal=None if again.reason else not again.differences and found.is_whole,
        reason=again.reason,
        differences=[DifferenceOut(item=each.item, told=each.told, again=each.again) for each in again.differences],
        model=_model(again.model) if again.model else None,
        text_zh=zh,
        text_en=en,
    )


def _model(model: Reread) -> ModelAgainOut:
    titles = {each.column: named(each.column) for each in model.otherwise}
    return ModelAgainOut(
        model_id=model.said.model_id,
        probability=model.said.probability,
        level=model.said.level,
        columns=model.columns,
        otherwise=[
            OtherwiseOut(**asdict(each), title_zh=titles[each.column].zh, title_en=titles[each.column].en)
            for each in model.otherwise
        ],
    )


def _verdict(again: Again, found: Explanation) -> tuple[str, str]:
    if again.reason:
        return _NOT_AGAIN[again.reason]
    if again.differences:
        items = ", ".join(each.item for each in again.differences)
        return f"重算结果不一致：{items}", f"Something else comes out: {items}"
    if not found.is_whole:
        return "重算结果一致，但留存的事实有缺失或改动", "The same comes out, but facts were lost or changed"
    return "重算结果与当时逐位一致", "The same comes out, to the last bit"
