"""The names of datasets, so that a wrong one is refused where it is written, with what may have been meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from local.called import anxin
from local.refusals import Unusable


def require_known(names: Iterable[str], known: Iterable[str] | None = None) -> None:
    """Raises Unusable naming the first that is not in the catalogue, with names like it."""
    catalogue = sorted(known if known is not None else shipped())
    for name in names:
        if name not in catalogue:
            raise _unknown(name, get_close_matches(name, catalogue, n=3, cutoff=0.5))


def shipped() -> set[str]:
    """Every dataset of the catalogue that comes with the platform."""
    from services.ingest import catalogue  # reads all departments, which no other command waits for

    return set(catalogue.shipped().datasets)


def _unknown(name: str, near: list[str]) -> Unusable:
    zh = f"是否指 {'、'.join(near)}？" if near else f"全部名称见 {anxin('datasets')}。"
    en = f"Did you mean {', '.join(near)}?" if near else f"`{anxin('datasets')}` lists them."
    return Unusable(f"没有数据集 {name}。{zh}", f"There is no dataset {name}. {en}")
