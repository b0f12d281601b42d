"""`python -m services.ingest.catalogue check|publish`: may the catalogue stand as it is; and record that it does.

Exit status 0: all is well; 1: a fault, or something that is not published yet; 2: wrong usage.
"""

import sys
from pathlib import Path

from services.ingest.catalogue import loading, publication
from shared.clock import today as today_in_china


def main(arguments: list[str], folder: Path = loading.SHIPPED, file: Path = publication.FILE) -> int:
    """Check, or check and publish, the catalogue of a folder."""
    if arguments not in (["check"], ["publish"]):
        print("usage: python -m services.ingest.catalogue check|publish", file=sys.stderr)
        return 2
    catalogue, book, today = loading.load(folder), publication.load(file), today_in_china()
    if wrong := publication.faults(catalogue, book, today):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    waiting = publication.unpublished(catalogue, book)
    if arguments == ["publish"]:
        publication.save(publication.published(catalogue, book, today), file)
        print("\n".join(f"published: {name} {catalogue.datasets[name].version}" for name in waiting) or "nothing new")
        return 0
    for name in waiting:
        print(f"{name}: not published yet: run `python -m services.ingest.catalogue publish`.", file=sys.stderr)
    return 1 if waiting else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
