"""Citizen numbers and names: checked, and masked before they are shown. Pure."""

from datetime import date


def masked_name(name: str) -> str:
    """Only the first character: 张*."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def masked_id_no(id_no: str) -> str:
    """Division and the last four (domain rules 6.2): 330110********1234."""
    return f"{id_no[:6]}********{id_no[-4:]}"


_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_citizen_number(text: str) -> bool:
    """GB 11643-1999 with its check character."""
    if len(text) != 18 or not text[:17].isdecimal() or not text.isascii():
        return False
    remainder = sum(int(digit) * weight for digit, weight in zip(text, _ID_WEIGHTS, strict=False)) % 11
    return text[17] == "10X98765432"[remainder] and _is_date(text[6:14])


def _is_date(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True
