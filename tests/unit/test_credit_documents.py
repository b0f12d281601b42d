"""The notice, the decision and the signature: whole, stable, and silent about workers and wages."""

import base64
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from services.credit.listing import documents
from services.credit.listing.canonical import canonical, digest
from services.credit.listing.documents import Matter, expected_exit, mask
from services.credit.listing.grounds import Ground
from services.credit.listing.signature import DocumentChanged, SignatureInvalid, SignatureNotYours, verify
from shared.events import EmployerListed, EmployerRemoved
from tests.unit.test_credit_grounds import ZHEJIANG

A_MATTER = Matter(
    case_id="018f0000-0000-7000-8000-000000000001",
    deciding_org="杭州市余杭区人力资源和社会保障局",
    uscc="91330110MA2B0LU61R",
    subject_name="杭州某建筑劳务有限公司",
    parties=(("unit", "杭州某建筑劳务有限公司"), ("legal_rep", "王小明")),
    order_no="余人社监令〔2026〕00001号",
    served_on=date(2026, 11, 23),
    term_ends_on=date(2026, 11, 30),
    migrant_workers=12,
    grounds=(Ground.ONE_WORKER, Ground.TEN_WORKERS),
    evidence_sha256="0" * 64,
)
KEY = ECKey.generate_key("P-256")
DOCUMENT = canonical(documents.decision(A_MATTER, ZHEJIANG, "余人社失列〔2026〕00001号", date(2026, 12, 15)))


def sign(document: bytes, key: ECKey = KEY, header: dict[str, Any] | None = None, detached: bool = False) -> str:
    protected = {"alg": "ES256", "jwk": key.as_dict(private=False), **(header or {})}
    whole = jws.serialize_compact(protected, document, key)
    head, _, seal = whole.split(".")
    return f"{head}..{seal}" if detached else whole


def test_the_decision_has_the_five_blocks_in_both_languages() -> None:
    decision = json.loads(DOCUMENT)
    assert list(decision["blocks"]) == ["basis", "cause", "early_removal", "joint_discipline", "remedies"]
    assert all(block["zh"] and block["en"] for block in decision["blocks"].values())
    assert "第四十八条" in decision["blocks"]["basis"]["zh"]
    assert decision["expected_exit"] == "2029-12-15"


def test_the_notice_has_the_four_blocks() -> None:
    notice = documents.notice(A_MATTER, ZHEJIANG)
    assert set(notice["blocks"]) == {"facts", "basis", "rights", "sparing"}
    assert "5个工作日" in notice["blocks"]["rights"]["zh"]


def test_no_brace_is_left_unfilled() -> None:
    text = canonical(documents.notice(A_MATTER, ZHEJIANG)) + DOCUMENT
    assert b"{migrant" not in text
    assert b"{term" not in text


def test_the_numbers_behind_the_decision_are_in_it_with_their_standing() -> None:
    shown = {each["code"]: each for each in json.loads(DOCUMENT)["parameters"]}
    assert shown["refusal_single_amount"] == {
        "code": "refusal_single_amount",
        "value": "10000",
        "source": shown["refusal_single_amount"]["source"],
        "verified": False,
    }


def test_people_are_masked_and_units_are_not() -> None:
    assert json.loads(DOCUMENT)["parties"] == [
        {"role": "unit", "name": "杭州某建筑劳务有限公司"},
        {"role": "legal_rep", "name": "王**"},
    ]


@given(st.text(min_size=1, max_size=20))
def test_a_mask_never_shows_more_than_the_first_character(name: str) -> None:
    assert mask(name)[0] == name[0]
    assert set(mask(name)[1:]) == {"*"}


@pytest.mark.parametrize(
    ("decided", "leaves"),
    [(date(2026, 12, 15), date(2029, 12, 15)), (date(2028, 2, 29), date(2031, 2, 28))],
)
def test_a_listing_ends_three_years_after_its_decision(decided: date, leaves: date) -> None:
    assert expected_exit(decided, 3) == leaves


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=6), json_values, max_size=5))
def test_canonical_bytes_do_not_depend_on_the_order_of_keys(value: dict[str, Any]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical(value) == canonical(turned)
    assert json.loads(canonical(value)) == value


def test_canonical_keys_follow_utf16_as_rfc_8785_says() -> None:
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    expected = ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(value))) == expected


def test_a_float_has_no_canonical_form() -> None:
    with pytest.raises(TypeError):
        canonical({"amount": 1.5})


def test_ones_own_signature_stands_whole_and_detached() -> None:
    for detached in (False, True):
        signature = verify(sign(DOCUMENT, detached=detached), DOCUMENT, KEY.thumbprint())
        assert signature.thumbprint == KEY.thumbprint()
        # What is kept can be verified by a stranger, without us.
        assert jws.deserialize_compact(signature.jws, KEY, algorithms=["ES256"]).payload == DOCUMENT


@given(at=st.integers(0, len(DOCUMENT) - 1), detached=st.booleans())
def test_a_changed_document_is_refused(at: int, detached: bool) -> None:
    tampered = DOCUMENT[:at] + bytes([DOCUMENT[at] ^ 1]) + DOCUMENT[at + 1 :]
    with pytest.raises(SignatureInvalid if detached else DocumentChanged):
        verify(sign(tampered, detached=detached), DOCUMENT, KEY.thumbprint())


def test_another_key_is_refused() -> None:
    other = ECKey.generate_key("P-256")
    with pytest.raises(SignatureNotYours):
        verify(sign(DOCUMENT, other), DOCUMENT, KEY.thumbprint())
    with pytest.raises(SignatureNotYours):
        verify(sign(DOCUMENT), DOCUMENT, None)


def test_another_keys_signature_under_ones_own_jwk_is_refused() -> None:
    other = ECKey.generate_key("P-256")
    head = sign(DOCUMENT).split(".")[0]
    seal = jws.serialize_compact({"alg": "ES256", "jwk": KEY.as_dict(private=False)}, DOCUMENT, other).split(".")[2]
    with pytest.raises(SignatureInvalid):
        verify(f"{head}..{seal}", DOCUMENT, KEY.thumbprint())


def _forged(header: dict[str, Any]) -> str:
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{head}..AAAA"


@pytest.mark.parametrize(
    "compact",
    [
        "",
        "a.b",
        "..",
        "!!.x.y",
        _forged({"alg": "none", "jwk": KEY.as_dict(private=False)}),
        _forged({"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}),
        _forged({"alg": "ES256"}),
        _forged({"alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": 1}}),
        _forged({"alg": "ES256", "jwk": KEY.as_dict(private=True)}),
        _forged({"alg": "ES256", "jwk": KEY.as_dict(private=False), "crit": ["b64"], "b64": False}),
        _forged({"alg": "ES256", "jku": "https://evil.example/keys"}),
        _forged({"alg": "ES256", "jwk": KEY.as_dict(private=False)}),
    ],
)
def test_a_wrong_jws_is_refused_and_never_an_error(compact: str) -> None:
    with pytest.raises(SignatureInvalid):
        verify(compact, DOCUMENT, KEY.thumbprint())


WORKERS = ("worker", "wage", "salary", "amount", "workers", "single", "id_no", "phone", "account")


def test_the_schema_of_a_list_event_has_no_field_for_workers_or_wages() -> None:
    for event in (EmployerListed, EmployerRemoved):
        schema = msgspec.json.schema(event)
        names = {name for part in schema["$defs"].values() for name in part["properties"]}
        assert names
        assert not [name for name in names if any(word in name for word in WORKERS)]


@given(
    names=st.lists(st.text("赵钱孙李周吴郑王冯陈", min_size=2, max_size=4), max_size=3),
    workers=st.integers(1, 500),
    single=st.decimals("100000.01", "999999.99", places=2),
)
def test_no_full_name_and_no_sum_leaves_in_a_decision(names: list[str], workers: int, single: Decimal) -> None:
    parties = tuple(("legal_rep", name) for name in names)
    matter = replace(
        A_MATTER,
        parties=parties,
        migrant_workers=workers,
        evidence_sha256=digest({"salt": "s", "names": names, "largest_single": str(single)}),
    )
    document = canonical(documents.decision(matter, ZHEJIANG, "号", date(2026, 12, 15))).decode()
    assert not [name for name in names if name in document]
    assert str(single) not in document
    assert str(int(single)) not in document.replace(matter.evidence_sha256, "")
