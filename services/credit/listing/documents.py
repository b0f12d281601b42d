"""The notice (Order 45, art. 6) and the decision (art. 8) as values. The decision carries no worker, no wage, no sum.

The decision travels with its signature to every subscriber, so natural persons are masked in it and figures stay out;
`evidence_sha256` ties it, by a salt that stays in the file, to the full names and sums that the head decided on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.credit.listing import law as codes
from services.credit.listing import texts
from services.credit.listing.grounds import Ground
from services.credit.listing.law import Law, Parameter

DECISION_NO = "{prefix}〔{year}〕{serial:05d}号"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a document is about: the order, the subject, the parties (role, full name), and what was found."""

    case_id: str
    deciding_org: str
    uscc: str
    subject_name: str
    parties: tuple[tuple[str, str], ...]
    order_no: str
    served_on: date
    term_ends_on: date
    migrant_workers: int
    grounds: tuple[Ground, ...]
    paid_on: date | None = None
    evidence_sha256: str = ""


def notice(matter: Matter, law: Law) -> dict[str, Any]:
    """The prior notice with its four mandatory blocks."""
    fill = _common(matter) | {
        "objection_days": law.number(codes.OBJECTION_DAYS),
        "answer_days": law.number(codes.ANSWER_DAYS),
    }
    return {"document": "anxin-listing-notice", "version": 1, "blocks": _blocks(texts.NOTICE, fill)}


def decision(matter: Matter, law: Law, decision_no: str, decided_on: date) -> dict[str, Any]:
    """The decision with its five mandatory blocks: the value whose canonical bytes a bureau head signs."""
    exit_on = expected_exit(decided_on, law.number(codes.LISTING_YEARS))
    fill = _common(matter) | {
        "decided_on": decided_on.isoformat(),
        "expected_exit": exit_on.isoformat(),
        "listing_years": law.number(codes.LISTING_YEARS),
    }
    return {
        "document": "anxin-listing-decision",
        "version": 1,
        "case_id": matter.case_id,
        "decision_no": decision_no,
        "deciding_org": matter.deciding_org,
        "decided_on": decided_on.isoformat(),
        "expected_exit": exit_on.isoformat(),
        "subject": {"name": matter.subject_name, "uscc": matter.uscc},
        "parties": public_parties(matter.parties),
        "order": {
            "order_no": matter.order_no,
            "served_on": matter.served_on.isoformat(),
            "term_ends_on": matter.term_ends_on.isoformat(),
        },
        "grounds": [str(ground) for ground in matter.grounds],
        "blocks": _with_refusal(_blocks(texts.DECISION, fill), matter),
        "parameters": [_shown(parameter) for parameter in law.used(*codes.AMOUNT_TEST, codes.LISTING_YEARS)],
        "evidence_sha256": matter.evidence_sha256,
    }


def expected_exit(decided_on: date, years: int) -> date:
    """The day on which the listing ends: the same day `years` later (28 February for a leap day); Order 45, art. 11."""
    try:
        return decided_on.replace(year=decided_on.year + years)
    except ValueError:
        return decided_on.replace(year=decided_on.year + years, day=28)


def public_parties(parties: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Role and name as the public may see them: units in full, people masked."""
    return [{"role": role, "name": name if role == "unit" else mask(name)} for role, name in parties]


def mask(name: str) -> str:
    """A person's name with all but its first character hidden: 王小明 -> 王**."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def _common(matter: Matter) -> dict[str, Any]:
    fill = {"migrant_workers": matter.migrant_workers}
    pairs = [texts.GROUNDS[ground] for ground in matter.grounds]
    return {
        "deciding_org": matter.deciding_org,
        "order_no": matter.order_no,
        "term_ends_on": matter.term_ends_on.isoformat(),
        "grounds_zh": "；".join(zh.format(**fill) for zh, _ in pairs),
        "grounds_en": "; ".join(en.format(**fill) for _, en in pairs),
    }


def _blocks(templates: Mapping[str, texts.Text], fill: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {name: {"zh": zh.format(**fill), "en": en.format(**fill)} for name, (zh, en) in templates.items()}


def _with_refusal(blocks: dict[str, dict[str, str]], matter: Matter) -> dict[str, dict[str, str]]:
    if matter.paid_on is None:
        return blocks
    zh, en = (text.format(paid_on=matter.paid_on) for text in texts.NOT_SPARED)
    cause = blocks["cause"]
    return blocks | {"cause": {"zh": cause["zh"] + zh, "en": f"{cause['en']} {en}"}}


def _shown(parameter: Parameter) -> dict[str, Any]:
    return {
        "code": parameter.code,
        "value": f"{parameter.value.normalize():f}",
        "source": parameter.source,
        "verified": parameter.verified,
    }
