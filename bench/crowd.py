"""Large and hostile files at once, each until it has its last word, through Envoy: `python -m bench.crowd --json`.

Drives a platform of its own. Of each kind `--each` are sent side by side: good CSV, NDJSON of items that nobody knows,
packed lines that lie deep in each other, one packed text. Who is told to come later does, as clients do. At the end
everything is counted: the good records are there once, of the others nothing is.
"""

import gzip
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from bench.ingest.platform import DATASET, asked, wait_until_stored, watched
from bench.ingest.registers import files
from local.agency_client import AgencyClient
from tests.running import Running, running

_HEADS = "select count(*) from ingest.head where dataset = %s"
_FULL = 61_000_000  # of the 64 MiB that a body may have
_PATIENCE_S = 900.0
Answer = tuple[httpx.Response, Counter[int]]


def main(
    *,
    each: Annotated[int, typer.Option(min=1, help="files of each of the four kinds")] = 3,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print the figures as one JSON object."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home") as platform:
        kinds = list(_kinds(Path(folder), each))
        agencies = [platform.agency(f"crowd-{number}", [f"ingest:{DATASET}"]) for number in range(len(kinds))]
        began = time.perf_counter()
        with watched(platform) as parts, ThreadPoolExecutor(len(kinds)) as pool:
            answers = list(pool.map(_sent, agencies, kinds))
            took = time.perf_counter() - began
            accepted = _counted(platform, answers)
        figures = {
            "files": len(kinds),
            "answers": dict(sorted(Counter(str(answer.status_code) for answer, _ in answers).items())),
            "told_to_come_later": dict(sum((later for _, later in answers), Counter[int]())),
            "accepted": accepted,
            "took_s": round(took, 1),
            "peak_rss_mb": {name: round(part["rss_mb"]) for name, part in parts.items()},
        }
    typer.echo(json.dumps(figures) if as_json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


def _kinds(folder: Path, each: int) -> Iterator[tuple[Path, str, str]]:
    """The files, one kind after another in turn: path, media type, packing."""
    good = files(each * 1_000_000)
    for number in range(each):
        yield _written(folder / f"{number}.csv", _csv(good)), "text/csv", "identity"
        unknown = json.dumps({f"unheard_of_{place}": "某" * 9 for place in range(40)}, ensure_ascii=False) + "\n"
        lines = [unknown.encode() * (_FULL // len(unknown.encode()))]
        yield _written(folder / f"{number}.ndjson", lines), "application/x-ndjson", "identity"
        deep = (b'{"taxpayer":' + b"[" * 60 + b"]" * 60 + b"}\n") * 850_000
        yield _written(folder / f"{number}.deep.gz", [gzip.compress(deep, 1)]), "application/x-ndjson", "gzip"
        long = b'[{"taxpayer":"' + b"A" * 100_000_000 + b'"}]'
        yield _written(folder / f"{number}.long.gz", [gzip.compress(long, 1)]), "application/json", "gzip"


def _csv(good: Iterator[bytes]) -> Iterator[bytes]:
    """One header and the rows of as many files as fit."""
    first = next(good)
    yield first
    at_most = _FULL // len(first) - 1
    yield from (more.partition(b"\n")[2] for more in islice(good, at_most))


def _written(path: Path, parts: Iterable[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(parts)
    return path


def _sent(agency: AgencyClient, kind: tuple[Path, str, str]) -> Answer:
    """The last word on a file, and how often it was told to come later."""
    path, content_type, packing = kind
    headers = {"Content-Type": content_type, "Content-Encoding": packing, "Idempotency-Key": path.name}
    return _until_taken(lambda: _post(agency, path, headers))


def _post(agency: AgencyClient, path: Path, headers: dict[str, str]) -> httpx.Response:
    said = {**headers, "Authorization": f"Bearer {agency.token()}"}
    return agency.http.post(f"/v1/datasets/{DATASET}/records", content=path.read_bytes(), headers=said, timeout=300)


def _until_taken(post: Callable[[], httpx.Response]) -> Answer:
    until, later = time.monotonic() + _PATIENCE_S, Counter[int]()
    while (answer := post()).status_code in (429, 503, 504):
        if time.monotonic() > until:
            raise AssertionError(f"told to come later, {dict(later)}: {answer.text}")
        later[answer.status_code] += 1
        time.sleep(float(answer.headers.get("Retry-After", 2)))
    return answer, later


def _counted(platform: Running, answers: list[Answer]) -> int:
    receipts: list[dict[str, Any]] = [answer.json() for answer, _ in answers if answer.status_code == 202]
    accepted = sum(int(receipt["accepted"]) for receipt in receipts)
    wait_until_stored(platform, accepted)
    if (heads := asked(platform, _HEADS, DATASET)) != accepted or accepted == 0:
        raise AssertionError(f"{accepted} were accepted, {heads} are there")
    return accepted


if __name__ == "__main__":
    typer.run(main)
