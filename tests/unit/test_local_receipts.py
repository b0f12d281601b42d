"""A saved receipt is believed only if a kept key signed it, and only about the file it speaks of."""

import base64
import gzip
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from local import receipt_keys
from local.cli import app
from local.layout import Home
from local.receipts import NotProven, must_be_about, verified
from local.refusals import Refusal
from services.ingest import receipt_tokens
from services.ingest.message_signatures import Evidence, Message
from services.ingest.message_signatures import verified as signature_of
from services.ingest.models import Receipt, ReceiptKey
from shared.crypto import Vault
from tests.signed_requests import signer

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
VAULT = Vault(bytes(32))
KEY = receipt_tokens.new_key(VAULT, AT, datetime(2027, 11, 25, tzinfo=UTC))
OTHER = receipt_tokens.new_key(VAULT, AT, datetime(2027, 11, 25, tzinfo=UTC))
KEYS = receipt_tokens.jwks([KEY])
FILE = b'[{"taxpayer":"x"}]'
RECEIPT = Receipt(
    receipt_id=UUID("019a0000-0000-7000-8000-000000000001"),
    agency="tax-bureau",
    dataset="tax_arrears",
    reported_at=AT,
    sha256=hashlib.sha256(FILE).digest(),
    bytes=len(FILE),
    content_type="application/json",
    received=1,
    accepted=1,
    unchanged=0,
    superseded=0,
    rejected=0,
    unmatched=0,
)


def a_token(evidence: Evidence | None = None, key: ReceiptKey = KEY) -> str:
    claims = receipt_tokens.claims(RECEIPT, evidence, "https://localhost:8443", AT)
    return receipt_tokens.sign(claims, key, VAULT).token


def an_evidence() -> Evidence:
    who, url = signer(), "https://localhost:8443/v1/datasets/tax_arrears/records"
    headers = who.signed(url, FILE, {"content-type": "application/json"})
    return signature_of(Message("POST", url, list(headers.items())), FILE, who.pem, who.keyid)


def test_a_receipt_says_who_sent_what_when() -> None:
    proven = verified(a_token() + "\n", KEYS)
    assert (proven.claims["sub"], proven.claims["dataset"], proven.signed_at) == ("tax-bureau", "tax_arrears", AT)
    assert (proven.kid, proven.sender) == (KEY.kid, None)


def test_a_receipt_in_json_is_found() -> None:
    token = a_token()
    head, payload, signature = token.split(".")
    flattened = json.dumps({"protected": head, "payload": payload, "signature": signature})
    for text in (json.dumps({"receipt_id": "1", "jws": token}), flattened):
        assert verified(text, KEYS).claims["jti"] == str(RECEIPT.receipt_id)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "{}", "{", '{"jws": 1}', a_token(key=OTHER)])
def test_what_no_kept_key_signed_proves_nothing(text: str) -> None:
    with pytest.raises(NotProven):
        verified(text, KEYS)


@given(st.integers(0, 200), st.sampled_from("AQgw059-_"))
def test_a_changed_receipt_never_passes(place: int, letter: str) -> None:
    head, payload, signature = a_token().split(".")
    changed = payload[:place] + letter + payload[place + 1 :]
    if changed != payload:
        with pytest.raises(NotProven):
            verified(f"{head}.{changed}.{signature}", KEYS)


def test_the_senders_own_signature_is_checked_once_more() -> None:
    evidence = an_evidence()
    proven = verified(a_token(evidence), KEYS)
    assert proven.sender is not None
    assert proven.sender.subject.rfc4514_string() == "CN=tax-bureau"
    changed = Evidence(**{**vars(evidence), "base": evidence.base.replace("POST", "PUT")})
    with pytest.raises(NotProven):
        verified(a_token(changed), KEYS)


def test_the_file_is_recognised_as_it_is_and_packed_and_no_other(tmp_path: Path) -> None:
    proven = verified(a_token(), KEYS)
    for name, content in (("a", FILE), ("a.gz", gzip.compress(FILE)), ("a.zst", zstandard.compress(FILE))):
        (tmp_path / name).write_bytes(content)
        assert must_be_about(proven, tmp_path / name) == RECEIPT.sha256.hex()
    (tmp_path / "b").write_bytes(FILE + b" ")
    with pytest.raises(NotProven):
        must_be_about(proven, tmp_path / "b")


def test_keys_are_added_to_the_home_and_never_dropped(tmp_path: Path) -> None:
    home = Home(tmp_path)
    receipt_keys.remember(home, httpx.Response(200, json=KEYS))
    receipt_keys.remember(home, httpx.Response(200, json=receipt_tokens.jwks([OTHER])))
    assert {key["kid"] for key in receipt_keys.held(home)["keys"]} == {KEY.kid, OTHER.kid}


def test_the_command_says_in_both_languages_and_by_its_exit_status_whether_it_holds(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps(KEYS))
    (tmp_path / "r.jws").write_text(a_token(an_evidence()))
    (tmp_path / "data.json").write_bytes(FILE)
    words = ["receipt", "verify", str(tmp_path / "r.jws"), "--keys", str(tmp_path / "keys.json")]
    done = CliRunner().invoke(app, [*words, "--body", str(tmp_path / "data.json")])
    assert done.exit_code == 0
    for said in ("回执签名有效", "the receipt's signature holds", "tax-bureau", "部门自己的签名有效", "数据文件相符"):
        assert said in done.output
    (tmp_path / "data.json").write_bytes(base64.b64encode(FILE))
    failed = CliRunner().invoke(app, [*words, "--body", str(tmp_path / "data.json")])
    assert failed.exit_code == 1
    assert isinstance(failed.exception, NotProven)


SKIPPED = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"


def test_the_file_is_recognised_in_several_members_and_frames_as_the_platform_takes_it(tmp_path: Path) -> None:
    proven = verified(a_token(), KEYS)
    packed = {
        "members.gz": gzip.compress(FILE[:5]) + gzip.compress(FILE[5:]),
        "frames.zst": zstandard.compress(FILE[:5]) + SKIPPED + zstandard.compress(FILE[5:]),
    }
    for name, content in packed.items():
        (tmp_path / name).write_bytes(content)
        assert must_be_about(proven, tmp_path / name) == hashlib.sha256(FILE).hexdigest()
    (tmp_path / "cut.gz").write_bytes(gzip.compress(FILE)[:-4])
    with pytest.raises(NotProven):
        must_be_about(proven, tmp_path / "cut.gz")


@pytest.mark.parametrize("noise", [b"\xff\xfe\x00", b"", b"{", b"[]", b"null", b'{"keys": 3}'])
def test_the_command_is_told_noise_for_a_receipt_or_for_keys_and_says_so(tmp_path: Path, noise: bytes) -> None:
    (tmp_path / "noise").write_bytes(noise)
    (tmp_path / "good.jws").write_text(a_token())
    (tmp_path / "keys.json").write_text(json.dumps(KEYS))
    for file, keys in (("noise", "keys.json"), ("good.jws", "noise")):
        said = CliRunner().invoke(app, ["receipt", "verify", str(tmp_path / file), "--keys", str(tmp_path / keys)])
        assert said.exit_code in (1, 2)
        assert isinstance(said.exception, SystemExit | Refusal), said.exception
