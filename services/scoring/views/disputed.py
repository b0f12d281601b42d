"""Records behind reasons that somebody called wrong, as they are shown beside the level. Pure."""

from collections.abc import Sequence
from datetime import date

from services.scoring.rulebook import Rulebook
from services.scoring.schemas.risk import DisputedOut, ReasonOut
from services.scoring.store.disputes import OpenDispute
from shared.clock import local_date


def disputed_view(
    disputes: Sequence[OpenDispute], reasons: Sequence[ReasonOut], book: Rulebook, today: date
) -> list[DisputedOut]:
    """The disputes of records that these reasons stand on, each noted at its reasons. A level is not changed by it."""
    shown = []
    for dispute in disputes:
        borne = [reason for reason in reasons if any((r.receipt_id, r.row) in dispute.told_in for r in reason.receipts)]
        if borne:
            told = _disputed(dispute, [reason.indicator for reason in borne], book, today)
            shown.append(told)
            for reason in borne:
                reason.note_zh = "；".join(filter(None, (reason.note_zh, told.text_zh)))
                reason.note_en = "; ".join(filter(None, (reason.note_en, told.text_en)))
    return shown


def _disputed(dispute: OpenDispute, indicators: list[str], book: Rulebook, today: date) -> DisputedOut:
    known = book.datasets.get(dispute.dataset)
    zh, en = (known.title_zh, known.title_en) if known else (dispute.dataset, dispute.dataset)
    told, due = local_date(dispute.raised_at), dispute.due_on
    return DisputedOut(
        **{name: value for name, value in dispute._asdict().items() if name != "told_in"},
        title_zh=known.title_zh if known else None,
        title_en=known.title_en if known else None,
        indicators=indicators,
        is_overdue=today > due,
        text_zh=f"所依据的一条{zh}记录于 {told} 被提出校核申请，来源部门应在 {due} 前答复；答复前等级不变",
        text_en=f"{en}: a record behind it was called wrong on {told}; its source answers by {due}, "
        "and until then the level stands as it is",
    )
