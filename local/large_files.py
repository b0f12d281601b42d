"""A large file on its way: by the tus protocol, a checked block a request; interrupted, it goes on where it was.

Nothing is noted here: the same file has the same Idempotency-Key, and by that the platform finds its import again.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from local.agency_client import AgencyClient, idempotency_key, media_type, packing, refused
from local.refusals import Denied, Unusable

BLOCK_BYTES = 8 * 1024 * 1024
_TUS = {"Tus-Resumable": "1.0.0"}
_PATCH_TYPE = "application/offset+octet-stream"
# What is not ours to repeat: the bytes were taken already, or broke on the way. Then we ask where to go on.
_ASK_AGAIN = frozenset({409, 460})
_MOST_IN_VAIN = 10
_LOOK_EVERY_S = 1.0
_OVER = frozenset({"done", "refused", "failed", "withdrawn", "expired"})

Heard = Callable[[int], None]
Told = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class LargeFile:
    """A file for a dataset, and what is said of it: snapshot, as_of, month, corrects."""

    dataset: str
    file: Path
    said: Mapping[str, str] = field(default_factory=dict)


def send(client: AgencyClient, large: LargeFile, on_arrived: Heard, on_progress: Told) -> dict[str, Any]:
    """The receipt of a large file, however often it is sent. Raises Denied when it is refused, whole or on its way.

    `on_arrived` hears how many bytes the platform has, `on_progress` how far it is with taking them in. If the file is
    a full list or a part of one, `snapshot` in the receipt is the list's id and state.
    """
    place, offset = _begun(client, large)
    _upload(client, place, large.file, offset, on_arrived)
    ended = _ended(client, place, on_progress)
    if ended["state"] != "done":
        raise _refusal(ended)
    receipt: dict[str, Any] = client.get(ended["receipt"]).json()
    if ended.get("snapshot_id"):
        receipt["snapshot"] = {"snapshot_id": ended["snapshot_id"], "state": ended["snapshot_state"]}
    return receipt


def _begun(client: AgencyClient, large: LargeFile) -> tuple[str, int]:
    file = large.file
    told = {"filename": file.name, "filetype": media_type(file), "encoding": packing(file)}
    headers = {
        **_TUS,
        "Upload-Length": str(file.stat().st_size),
        "Upload-Metadata": ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in told.items()),
        "Idempotency-Key": idempotency_key(large.dataset, file, large.said),
    }
    query = f"?{urlencode(large.said)}" if large.said else ""
    begun = client.ask("POST", f"/v1/datasets/{large.dataset}/imports{query}", headers)
    return begun.headers["Location"], int(begun.headers["Upload-Offset"])


def _upload(client: AgencyClient, place: str, file: Path, offset: int, on_arrived: Heard) -> None:
    size, in_vain = file.stat().st_size, 0
    with file.open("rb") as content:
        while offset < size:
            on_arrived(offset)
            content.seek(offset)
            block = content.read(BLOCK_BYTES)
            if not block:
                raise Unusable(f"{file} 在发送过程中变短了。", f"{file} became shorter while it was sent.")
            answer = _append(client, place, offset, block)
            if answer.is_success:
                offset, in_vain = int(answer.headers["Upload-Offset"]), 0
                continue
            in_vain += 1
            if in_vain > _MOST_IN_VAIN:
                raise refused(answer)
            offset = int(client.ask("HEAD", place, _TUS).headers["Upload-Offset"])
    on_arrived(size)


def _append(client: AgencyClient, place: str, offset: int, block: bytes) -> httpx.Response:
    digest = base64.b64encode(hashlib.sha256(block).digest()).decode()
    headers = {
        **_TUS,
        "Content-Type": _PATCH_TYPE,
        "Upload-Offset": str(offset),
        "Upload-Checksum": f"sha256 {digest}",
    }
    return client.ask("PATCH", place, headers, block, but=_ASK_AGAIN)


def _ended(client: AgencyClient, place: str, on_progress: Told) -> dict[str, Any]:
    return next(state for state in _states(client, place, on_progress) if state["state"] in _OVER)


def _states(client: AgencyClient, place: str, on_progress: Told) -> Iterator[dict[str, Any]]:
    while True:
        state: dict[str, Any] = client.get(place).json()
        on_progress(state)
        yield state
        time.sleep(_LOOK_EVERY_S)


def _refusal(ended: dict[str, Any]) -> Denied:
    """Why it was not taken in, as one sentence."""
    problem = ended.get("problem")
    if problem:
        return Denied(f"整份拒收：{problem['title_zh']}", f"refused whole: {problem['title']}: {problem['detail']}")
    return Denied(f"未能接收（{ended['state']}）", f"not taken in: the import {ended['import_id']} is {ended['state']}")
