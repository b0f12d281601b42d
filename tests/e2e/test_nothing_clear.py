"""Known numbers and names go through the real platform; afterwards its whole home is searched for them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.refusals import Refusal
from local.story import chapters
from local.story.office import Office, wait_for
from tests.running import Running
from tests.wages_site import MOBILES, MONTH, Site, a_citizen

INSPECTOR, ANALYST = "wang.fang", "chen.yi"
SITE = Site("W-CLEAR-1", numbers=[a_citizen(serial) for serial in range(501, 508)])
WRONG = a_citizen(508)[:17] + ("1" if a_citizen(508)[17] == "0" else "0")
BROKEN, NAMED = a_citizen(509), a_citizen(510)


@pytest.mark.timeout(300)
def test_no_number_and_no_name_is_left_in_the_clear_in_any_table_log_trace_or_message(
    platform: Running, tmp_path: Path
) -> None:
    """Housing and the bank report a site, some of it wrong; an inspector reads its wages and learns whose they are."""
    _report(platform, tmp_path)
    chapters.invite(platform.home, platform.ports)
    office = Office(platform.home, platform.ports)
    _read(office)
    office.close()
    # What may be there is found: the search sees tables, messages and logs.
    assert {"postgres", "nats"} <= {path.parts[0] for path, _ in _found(platform.home.path, [SITE.code.encode()])}
    assert [(str(path), text) for path, text in _found(platform.home.path, _secrets())] == []


def _report(platform: Running, folder: Path) -> None:
    datasets = {(agency, dataset) for agency, dataset, _ in SITE.deliveries()}
    clients = {
        name: platform.agency(f"clear-{name}", [f"ingest:{dataset}" for agency, dataset in datasets if agency == name])
        for name in ("housing", "bank")
    }
    for agency, dataset, records in SITE.deliveries():
        clients[agency].submit(dataset, _file(folder / f"{dataset}.json", records))
    # A wrong check character, a line that breaks off in a number, a table whose first line is no head, no subject.
    punch = {"project_code": SITE.code, "id_no": WRONG, "punch_at": f"{MONTH}-03T08:00:00"}
    clients["housing"].submit("hc_attendance", _file(folder / "wrong.json", [punch]))
    for name, text in (("broken.ndjson", f'{{"id_no": "{BROKEN}'), ("headless.csv", f"{NAMED},{SITE.code}\n1,2\n")):
        (folder / name).write_text(text)
        with pytest.raises(Refusal):
            clients["housing"].submit("hc_attendance", folder / name)
    homeless = {"account_no": f"{SITE.account}9", "gc_uscc": "91330100799655058B", "bank_name": "某行"}
    clients["bank"].submit(
        "bk_special_account", _file(folder / "lost.json", [homeless | {"contract_signed": f"{MONTH}-01"}])
    )


def _file(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps(records, ensure_ascii=False))
    return path


def _read(office: Office) -> None:
    path = f"/v1/projects/{SITE.code}/wages/{MONTH}"

    def look() -> dict[str, Any] | None:
        try:
            month: dict[str, Any] = office.get(INSPECTOR, path)
        except Refusal:
            return None
        return month if len(month["workers"]) == len(SITE.numbers) else None

    month = wait_for("the wages of the site", look)
    workers = [line["worker"] for line in month["workers"]]
    masked = office.post(INSPECTOR, "/v1/identities", {"pseudonyms": workers})
    assert {one["number"] for one in masked} == {f"{number[:6]}********{number[-4:]}" for number in SITE.numbers}
    clear = [
        office.post(INSPECTOR, f"/v1/identities/{worker}/unmask", {"purpose": "现场核查"})["number"]
        for worker in workers
    ]
    assert sorted(clear) == sorted(SITE.numbers)
    with pytest.raises(Refusal):
        office.post(ANALYST, f"/v1/identities/{workers[0]}/unmask", {"purpose": "现场核查"})


def _secrets() -> list[bytes]:
    bare = "".join(letter for letter in SITE.account if letter.isdigit())
    numbers = [*SITE.numbers, WRONG, BROKEN, NAMED, SITE.account, bare, "62220000000", MOBILES]
    names = ["欧阳" + SITE.code, json.dumps("欧阳")[1:-1] + SITE.code]
    lower = [number.lower() for number in numbers]
    return list({text.encode() for text in (*numbers, *lower, *names)})


def _found(home: Path, texts: list[bytes]) -> Iterator[tuple[Path, bytes]]:
    """Which file below the home holds which text: tables and write-ahead log, messages, logs, traces, state."""
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            yield from ((path.relative_to(home), text) for text in texts if text in content)
