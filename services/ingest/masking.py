"""What a row looks like to whoever may see it but not its persons: names, phones and numbers are masked. Pure."""

from collections.abc import Mapping

from services.ingest.catalogue import Dataset, Item

Texts = dict[str, str | None]


def masked(texts: Mapping[str, str | None], dataset: Dataset) -> tuple[Texts, list[str]]:
    """A row's texts, P2 and P3 masked, and the names of the items that were."""
    hidden = [item for item in dataset.items if item.sensitivity != "P1" and texts.get(item.item)]
    shown = {name: texts.get(name) for name in dataset.by_name}
    shown.update({item.item: mask(texts[item.item] or "", item) for item in hidden})
    return shown, [item.item for item in hidden]


def mask(text: str, item: Item) -> str:
    """Enough to recognise it beside its bearer, not enough to find him (domain 6.2; card numbers: the last four)."""
    text = text.strip()
    if item.sensitivity == "P3":
        head = 6 if item.seal != "account" and len(text) >= 15 else 0
        return text[:head] + "*" * 8 + text[-4:] if len(text) > 8 else "*" * len(text)
    if item.kind == "phone" and len(text) >= 11:
        return f"{text[:3]}****{text[-4:]}"
    return text[:1] + "*" * max(len(text) - 1, 1)
