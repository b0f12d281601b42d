"""Where an item goes, and what an indicator stands on: the catalogue joined with the rules as scoring announced them.

Plain values. Without an announced rulebook the catalogue's half is told, and nothing of the use.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.ingest.catalogue import Catalogue, Dataset, Item
from shared.events import FeatureUse, IndicatorUse, RulebookAnnounced

# What the levels that indicators give lead to: the same for every indicator of a kind of subject.
_USED_BY = {
    "employer": ("/v1/employers/{uscc}/risk", "/v1/alerts"),
    "project": ("/v1/projects/{code}/risk", "/v1/alerts"),
}


@dataclass(frozen=True)
class Way:
    """An item and where it goes. `roles`: what it is in its record (key, subject, name, source_time)."""

    dataset: Dataset
    item: Item
    owner: str
    roles: tuple[str, ...]
    features: tuple[FeatureUse, ...]
    indicators: tuple[IndicatorUse, ...]

    @property
    def used_by(self) -> tuple[str, ...]:
        """Addresses at which somebody sees what became of it."""
        found = (address for each in self.indicators for address in _USED_BY.get(each.subject, ()))
        return tuple(dict.fromkeys(found))


def ways_of(catalogue: Catalogue, book: RulebookAnnounced | None, dataset: str, item: str | None) -> list[Way]:
    """Where the items of a dataset go (or one of them). The dataset must be in the catalogue."""
    known = catalogue.datasets[dataset]
    return [_way(catalogue, book, known, each) for each in known.items if item in (None, each.item)]


def ways_to(catalogue: Catalogue, book: RulebookAnnounced | None, indicator: str) -> list[Way] | None:
    """The items that an indicator stands on; None when no such indicator is known."""
    used = next((each for each in book.indicators if each.code == indicator), None) if book else None
    if book is None or used is None:
        return None
    read = {(one.dataset, one.item) for each in book.features if each.code in used.features for one in each.items}
    return [
        _way(catalogue, book, known, each)
        for known in catalogue.datasets.values()
        for each in known.items
        if (known.dataset, each.item) in read
    ]


def _way(catalogue: Catalogue, book: RulebookAnnounced | None, dataset: Dataset, item: Item) -> Way:
    features = tuple(_features(book, dataset.dataset, item.item)) if book else ()
    codes = {each.code for each in features}
    indicators = tuple(each for each in book.indicators if codes & set(each.features)) if book else ()
    owner = catalogue.owners[dataset.dataset].department
    return Way(dataset, item, owner, tuple(_roles(dataset, item.item)), features, indicators)


def _features(book: RulebookAnnounced, dataset: str, item: str) -> Iterator[FeatureUse]:
    for feature in book.features:
        if any((one.dataset, one.item) == (dataset, item) for one in feature.items):
            yield feature


def _roles(dataset: Dataset, item: str) -> Iterator[str]:
    if item in dataset.key:
        yield "key"
    if item == dataset.subject.item:
        yield "subject"
    if item == dataset.subject.name:
        yield "name"
    if item in dataset.source_time:
        yield "source_time"
