"""Which book counts, and any book that ever did: from the database, read once a version and process.

A version names its content, so what is kept in memory is never stale; which one counts is asked each time, by one
look into a small index, so two processes agree as soon as a decision is committed.
"""

import logging
from datetime import date

import msgspec

from services.scoring import drafting
from services.scoring.rulebook import BadBook, Dataset, Rulebook, read, shipped
from services.scoring.store import rulebooks as store
from shared.db import Session

log = logging.getLogger(__name__)

_MOST_KEPT = 16
_kept: dict[str, Rulebook] = {}
_unreadable: set[str] = set()


async def book_in_force(session: Session, today: date) -> Rulebook:
    """The book that counts on a day. The shipped one before any was activated, or when this release cannot read it."""
    version = await store.version_in_force(session, today)
    if version is None or version in _unreadable:
        return shipped()
    try:
        return await book_of(session, version) or shipped()
    except BadBook as error:
        # A book of a newer release, or of one too old: people are told, and scoring goes on with what it knows.
        log.exception("rulebook.unreadable", extra={"version": version, "reason": str(error)})
        _unreadable.add(version)
        return shipped()


async def book_of(session: Session, version: str) -> Rulebook | None:
    """The book of a version, as it was when it counted; None when there never was one. BadBook if it is unreadable."""
    if version == shipped().version:
        return shipped()
    if version not in _kept:
        pages = await store.pages(session, version)
        if pages is None:
            return None
        _remember(_completed(read(pages)))
    return _kept[version]


def _completed(book: Rulebook) -> Rulebook:
    """A book with the items and numbers that code has come to ask for since it was written, as they are shipped.

    BadBook where this release's code could not work with it at all.
    """
    book = msgspec.structs.replace(book, datasets={code: _with_items(each) for code, each in book.datasets.items()})
    if wrong := list(drafting.of_release(book)):
        raise BadBook(wrong)
    known = {each.code for each in book.parameters}
    more = tuple(each for each in shipped().parameters if each.code not in known)
    return msgspec.structs.replace(book, parameters=book.parameters + more) if more else book


def _with_items(dataset: Dataset) -> Dataset:
    """A dataset with the items that are read of it by now: an item that no rule of a book names changes no answer."""
    now = shipped().datasets.get(dataset.dataset)
    more = {item: kind for item, kind in now.items.items() if item not in dataset.items} if now else {}
    return msgspec.structs.replace(dataset, items=dataset.items | more) if more else dataset


def _remember(book: Rulebook) -> None:
    if len(_kept) >= _MOST_KEPT:
        _kept.pop(next(iter(_kept)))
    _kept[book.version] = book
