"""How far somebody may see: never further than each of his roles (docs/security.md, section 2)."""

from __future__ import annotations

from collections.abc import Iterable

from shared.errors import Unprocessable

# Digits of a division (GB/T 2260, nine-digit town codes): the more, the smaller.
DIGITS = {"district": 6, "town": 9}


class BeyondTheRole(Unprocessable):
    """The division is wider than what a role may see."""

    title = "The division is wider than the role may see"
    title_zh = "辖区超出角色的可见范围"


def must_fit(division: str | None, levels: Iterable[str]) -> None:
    """Refuse a division that is wider than one of the levels ("district" or "town"), or is neither.

    Without a division nobody sees a row, which only a role of the whole district has a use for.
    """
    least = max((DIGITS[level] for level in levels), default=0)
    if division is None and least < DIGITS["town"]:
        return
    if division is None or len(division) not in DIGITS.values() or len(division) < least:
        raise BeyondTheRole(
            f"The division {division} must have {_wanted(least)} digits for these roles.",
            detail_zh=f"这些角色的辖区代码 {division} 须为 {_wanted(least, ' 或 ')} 位。",
        )


def _wanted(least: int, either: str = " or ") -> str:
    return either.join(str(digits) for digits in DIGITS.values() if digits >= least)
