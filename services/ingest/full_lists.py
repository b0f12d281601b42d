"""What a full list must satisfy, and when it is held because too much would end by it. Plain values."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import yaml

from shared.errors import Conflict, Unprocessable

Held = Literal["empty", "unreadable_keys", "too_many_missing"]


class SaidUnclear(Unprocessable):
    """The parameters of the request do not go together."""

    slug = "said-unclear"
    title = "The parameters of the request do not go together"
    title_zh = "请求参数相互矛盾或不完整"


class AsOfInFuture(Unprocessable):
    """A list cannot speak of a moment to come."""

    slug = "as-of-in-the-future"
    title = "A full list speaks of a moment that has passed"
    title_zh = "全量清单的时点不得晚于当前时间"


class MonthNeeded(Unprocessable):
    """The month is missing where the natural key holds one, or given where it does not."""

    slug = "month-needed"
    title = "A full list is of one month where, and only where, the key of the dataset holds a month"
    title_zh = "主键含年月的数据集须指明所属年月，其余数据集不得指明"


class CorrectsNothing(Unprocessable):
    """The receipt that is to be corrected is of another dataset."""

    slug = "corrects-another-dataset"
    title = "A correction and what it corrects are of one dataset"
    title_zh = "更正与被更正的回执须属同一数据集"


class SnapshotNotOpen(Conflict):
    """The list is complete, or was given up."""

    slug = "full-list-not-open"
    title = "The state of the full list does not allow this"
    title_zh = "全量清单当前状态不允许此操作"


class PartsMissing(Conflict):
    """Not as many rows are here as the agency has sent."""

    slug = "parts-missing"
    title = "Not all rows of the full list are here"
    title_zh = "全量清单的行数与所报不符"


class OtherMissing(Conflict):
    """Another number of records would end than the one that was confirmed."""

    slug = "other-number-missing"
    title = "Another number of records would end"
    title_zh = "将终结的记录数与所确认的不一致"


@dataclass(frozen=True)
class Guard:
    """Holds a list that ends more than `most_percent` of the open records, if these are more than `few`."""

    most_percent: int
    few: int

    def why_held(self, known: int, missing: int, named: int, keyless: int) -> Held | None:
        """Why a list is not applied by itself: counts of records, and of rows whose key could not be read."""
        if not missing:
            return None
        if not named:
            return "empty"
        # Each of these rows may be one of the missing records.
        if keyless:
            return "unreadable_keys"
        return "too_many_missing" if missing > self.few and missing * 100 > self.most_percent * known else None


@cache
def shipped_guard() -> Guard:
    """The guard that comes with the platform."""
    text = resources.files("services.ingest").joinpath("data/full_list_parameters.yaml").read_text(encoding="utf-8")
    values = {row["code"]: row["value"] for row in yaml.safe_load(text)}
    return Guard(values["full_list.most_ended_percent"], values["full_list.few"])
