"""What each column is: its family, the direction of its risk, and its name in Chinese and English."""

from collections.abc import Iterable

from services.scoring.measurebook import FeatureInfo, Measurebook, shipped
from services.scoring.measures.snapshot import measure_of

_HOW = {"worst": ("最差", "worst"), "mean": ("平均", "mean")}


def described(columns: Iterable[str], book: Measurebook | None = None) -> dict[str, FeatureInfo]:
    """What the columns of a feature table are. KeyError for a column that is none."""
    book = book or shipped()
    return {column: _described(column, book) for column in columns if column != "subject"}


def _described(column: str, book: Measurebook) -> FeatureInfo:
    source, part, feature = column.split(".", 2)
    if source == "breadth":
        group = next(each for each in book.breadth if each.code == part)
        meaning = book.breadth_features[feature]
        return FeatureInfo(group.family, meaning.sign, f"{group.zh}:{meaning.zh}", f"{group.en}: {meaning.en}")
    if source == "related":
        return _related(part, feature, book)
    dataset = book.by_code[source]
    if part == "feed":
        meaning = book.feed[feature]
        return FeatureInfo(dataset.family, meaning.sign, f"{dataset.zh}:{meaning.zh}", f"{dataset.en}: {meaning.en}")
    return _measured(column, feature, book)


def _measured(column: str, feature: str, book: Measurebook) -> FeatureInfo:
    found = measure_of(column, book)
    if found is None:
        raise KeyError(column)
    dataset, measure = found
    meaning = book.shapes[book.shape(measure)][feature]
    sign = meaning.sign * measure.risk
    return FeatureInfo(dataset.family, sign, f"{measure.zh}:{meaning.zh}", f"{measure.en}: {meaning.en}")  # type: ignore[arg-type]


def _related(code: str, feature: str, book: Measurebook) -> FeatureInfo:
    tie = next(each for each in book.ties if each.code == code)
    if feature == "others":
        return FeatureInfo("related", 0, f"{tie.zh}数", f"Number of {tie.en}")
    name, _, how = feature.rpartition("_")
    relative = next(each for each in book.relatives if each.code == name)
    zh, en = _HOW[how]
    return FeatureInfo("related", 1, f"{tie.zh}:{relative.zh}({zh})", f"{relative.en} of {tie.en} ({en})")
