"""The versions of the datasets as they were published: `published.json`, which no change of the catalogue may break.

A version is `major.minor`. A compatible change is the next minor one. An incompatible one is a dataset of its own that
`succeeds` the old, with the next major number; the old one stands beside it until its last day (`until`), so that its
senders can move. `python -m services.ingest.catalogue check|publish`.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from services.ingest.catalogue.compatibility import Change, changes
from services.ingest.catalogue.definitions import Dataset
from services.ingest.catalogue.loading import Catalogue
from services.ingest.catalogue.shapes import Shape, shape_of

FILE = Path(__file__).with_name("published.json")
_HOW = "python -m services.ingest.catalogue publish"


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version: when it was published, and what it changed in the one before."""

    version: str
    published_on: date
    changes: tuple[Change, ...] = ()


class Publication(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A dataset's versions, the oldest first, and the shape of the newest."""

    versions: tuple[Version, ...]
    shape: Shape
    succeeds: str | None = None
    until: date | None = None

    @property
    def newest(self) -> str:
        """The version in force."""
        return self.versions[-1].version


Book = dict[str, Publication]


def load(file: Path = FILE) -> Book:
    """What has been published. Raises msgspec.ValidationError when the file was written by hand, and wrongly."""
    return msgspec.json.decode(file.read_bytes(), type=Book) if file.exists() else {}


def save(book: Book, file: Path = FILE) -> None:
    """Write it, one line a fact, so that a change can be reviewed."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(book.items()))), indent=1) + b"\n")


@cache
def shipped_book() -> Book:
    """The versions that come with the platform."""
    return load()


def faults(catalogue: Catalogue, book: Book, today: date) -> list[str]:
    """What must not be: a sentence each, which says what and how. None: every dataset may be published as it stands."""
    found = [fault for name in sorted(catalogue.datasets) for fault in _of_dataset(name, catalogue, book)]
    return found + [
        _lost(name) for name, known in book.items() if name not in catalogue.datasets and _lives(known, today)
    ]


def unpublished(catalogue: Catalogue, book: Book) -> list[str]:
    """Datasets whose present state the book does not hold yet."""
    return [name for name, dataset in sorted(catalogue.datasets.items()) if not _is_known(dataset, book.get(name))]


def published(catalogue: Catalogue, book: Book, today: date) -> Book:
    """The book with everything new in it. Raises ValueError, with every fault, when there is one."""
    if wrong := faults(catalogue, book, today):
        raise ValueError("\n".join(wrong))
    return book | {name: _entered(catalogue.datasets[name], book, today) for name in unpublished(catalogue, book)}


def _is_known(dataset: Dataset, known: Publication | None) -> bool:
    return known is not None and (known.shape, known.newest, known.succeeds, known.until) == (
        shape_of(dataset), dataset.version, dataset.succeeds, dataset.until,
    )  # fmt: skip


def _entered(dataset: Dataset, book: Book, today: date) -> Publication:
    known, shape = book.get(dataset.dataset), shape_of(dataset)
    before = known or book.get(dataset.succeeds or "")
    versions = known.versions if known else ()
    if known is None or known.newest != dataset.version:
        versions += (Version(dataset.version, today, changes(before.shape, shape) if before else ()),)
    return Publication(versions, shape, dataset.succeeds, dataset.until)


def _of_dataset(name: str, catalogue: Catalogue, book: Book) -> Iterator[str]:
    dataset, known = catalogue.datasets[name], book.get(name)
    if known is None:
        yield from _of_new(dataset, catalogue)
        return
    differences = changes(known.shape, shape_of(dataset))
    if broken := [change for change in differences if not change.is_compatible]:
        yield _incompatible(dataset, known.newest, broken)
    elif differences and _parts(dataset.version) != _next_minor(known.newest):
        wanted = ".".join(map(str, _next_minor(known.newest)))
        yield f'{name}: {_listed(differences)}. This is compatible: set version: "{wanted}" and run `{_HOW}`.'
    elif not differences and dataset.version != known.newest:
        yield f'{name}: nothing changed since version {known.newest}: set version: "{known.newest}".'


def _of_new(dataset: Dataset, catalogue: Catalogue) -> Iterator[str]:
    name, old = dataset.dataset, catalogue.datasets.get(dataset.succeeds or "")
    if dataset.succeeds is None:
        if dataset.version != "1.0":
            yield f'{name}: a dataset begins with version: "1.0".'
    elif old is None or old.until is None:
        yield f"{name}: {dataset.succeeds}, which it succeeds, must stand beside it with a last day (`until`)."
    elif _parts(dataset.version) != (_parts(old.version)[0] + 1, 0):
        yield f'{name}: it succeeds version {old.version}: set version: "{_parts(old.version)[0] + 1}.0".'


def _incompatible(dataset: Dataset, newest: str, broken: list[Change]) -> str:
    name, major = dataset.dataset, _parts(newest)[0] + 1
    return (
        f"{name}: {_listed(broken)}. This is incompatible with published version {newest}: put {name} back, give it "
        f'a last day (`until`), add the new form beside it as {name}_{major} with version: "{major}.0" and '
        f"`succeeds: {name}`, and run `{_HOW}`."
    )


def _lost(name: str) -> str:
    return f"{name}: it was published and is gone. A dataset stays until its last day (`until`) has passed."


def _lives(known: Publication, today: date) -> bool:
    return known.until is None or known.until >= today


def _listed(found: tuple[Change, ...] | list[Change]) -> str:
    return "; ".join(change.en for change in found)


def _next_minor(version: str) -> tuple[int, int]:
    major, minor = _parts(version)
    return major, minor + 1


def _parts(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


def history(book: Book, dataset: str) -> list[tuple[str, Version]]:
    """(dataset, version) of everything that this dataset succeeds, is, and is succeeded by, the oldest first."""
    first = dataset
    while (known := book.get(first)) and known.succeeds:
        first = known.succeeds
    found, heirs = [], {known.succeeds: name for name, known in book.items() if known.succeeds}
    name: str | None = first
    while name in book:
        found += [(name, version) for version in book[name].versions]
        name = heirs.get(name)
    return found
