"""Who may have which data: what a request must say, who may decide it, and when a grant is good. No clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.errors import Conflict, Forbidden, Unprocessable

Direction = Literal["provide", "use"]
State = Literal["requested", "approved", "refused", "revoked", "expired"]
Sharing = Literal["U", "C", "N"]

DATA_SCOPES = ("ingest:", "use:")
# The joint-discipline list is read where it is kept: at the credit service.
_READ_ELSEWHERE = {"hrss_arrears_list": ("credit:check", "credit:read")}


class GrantNotOpen(Conflict):
    """The grant is not in a state for this."""

    slug = "grant-not-open"
    title = "The grant is not in a state for this"
    title_zh = "授权的当前状态不允许此操作"


class AskedAlready(Conflict):
    """The same is asked for already and waits to be decided; `grant_id` says as which request."""

    slug = "grant-asked-already"
    title = "The same grant is asked for already"
    title_zh = "同一授权的申请正在等待审批"


class FourEyes(Forbidden):
    """Who asks does not approve."""

    slug = "four-eyes"
    title = "Who asked for the grant cannot decide it"
    title_zh = "申请人不得审批本人的申请"


class NotShared(Unprocessable):
    """The dataset is of the class that is not shared."""

    slug = "not-shared"
    title = "The dataset is not shared"
    title_zh = "该数据集不予共享"


@dataclass(frozen=True)
class Validity:
    """From when (inclusive) until when (exclusive) a grant is good; without an end it lasts until it is revoked."""

    begins: datetime
    ends: datetime | None


def scopes_of(dataset: str, direction: Direction) -> tuple[str, ...]:
    """What a token carries by such a grant."""
    if direction == "provide":
        return (f"ingest:{dataset}",)
    return _READ_ELSEWHERE.get(dataset, (f"use:{dataset}",))


def is_data_scope(scope: str) -> bool:
    """Whether a scope is about a dataset, and so needs a grant on record."""
    return scope.startswith(DATA_SCOPES)


def effective(standing: Iterable[str], granted: Iterable[Iterable[str]]) -> frozenset[str]:
    """All scopes of a client: those that are about no dataset, and those of its grants in force."""
    return frozenset(s for s in standing if not is_data_scope(s)).union(*granted)


def must_be_shared(sharing: Sharing, direction: Direction) -> None:
    """Decree 809: data of the class N are not shared. Handing them in is another matter: the owner's."""
    if sharing == "N" and direction == "use":
        raise NotShared(
            "Its owner does not share this dataset (class N).", detail_zh="数据归属部门不予共享该数据集（N 类）。"
        )


def must_be_sensible(validity: Validity, now: datetime, longest: timedelta) -> None:
    """A grant ends after it begins, in the future, and is asked for again in time."""
    if validity.ends is None or validity.ends <= max(validity.begins, now):
        raise Unprocessable(
            "A grant ends (`valid_to`) after it begins, and in the future.",
            detail_zh="授权截止时间（`valid_to`）须晚于起始时间，且在将来。",
        )
    if validity.ends - validity.begins > longest:
        raise Unprocessable(f"A grant lasts {longest.days} days at most.", detail_zh=f"授权最长 {longest.days} 天。")


def must_be_decidable(state: State, requested_by: str, decider: str) -> None:
    """Only what waits is decided, and by somebody else than who asked for it."""
    if state != "requested":
        raise GrantNotOpen(
            f"The grant is {state}; only one that is requested can be decided.",
            detail_zh=f"授权状态为 {state}，只有待审批（requested）的才能审批。",
            state=state,
        )
    if requested_by == decider:
        raise FourEyes(
            "Somebody else than the one who asked has to decide.",
            detail_zh="须由申请人以外的人审批。",
            check="four_eyes",
        )


def must_be_approvable(validity: Validity, now: datetime) -> None:
    """What would be over at once is not approved."""
    if validity.ends is not None and validity.ends <= now:
        raise GrantNotOpen(
            "The time that was asked for has passed; ask again.",
            detail_zh="所申请的期限已过，请重新申请。",
            state="requested",
        )


def must_be_revocable(state: State) -> None:
    """Only what is good can be taken back."""
    if state != "approved":
        raise GrantNotOpen(
            f"The grant is {state}; only an approved one can be revoked.",
            detail_zh=f"授权状态为 {state}，只有已批准（approved）的才能撤销。",
            state=state,
        )


def reply_parameter(sharing: Sharing) -> str:
    """The parameter that says within how many working days a request is answered."""
    return "grant.reply_unconditional_wd" if sharing == "U" else "grant.reply_conditional_wd"
