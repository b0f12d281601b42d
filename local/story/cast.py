"""Who plays: the agencies that send, and the people who decide. Names are invented."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from joserfc.jwk import ECKey

from local.layout import Home
from local.pki import write_private

DISTRICT = "330110"
TOWN = "330110005"


@dataclass(frozen=True)
class Agency:
    """A department or company that sends records, or asks: `scopes` beside those of its datasets."""

    client_id: str
    name: str
    datasets: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()

    def all_scopes(self) -> list[str]:
        """What the issuer is asked to grant."""
        return [*(f"ingest:{dataset}" for dataset in self.datasets), *self.scopes]


@dataclass(frozen=True)
class Person:
    """Someone who logs in. `division` is the jurisdiction: the district (6 digits) or a town (9)."""

    login: str
    name: str
    roles: tuple[str, ...]
    division: str = DISTRICT


AGENCIES = (
    Agency("market-bureau", "余杭区市场监管局 Market Regulation", ("samr_entity", "samr_abnormal"), ("credit:check",)),
    Agency("tax-bureau", "余杭区税务局 Tax Bureau", ("tax_arrears", "tax_social_fee", "tax_status"), ("credit:check",)),
    Agency("water-company", "余杭水务 Water Company", ("ut_water",)),
    Agency("power-company", "国网余杭供电 Power Supply", ("pw_usage",)),
    Agency("court", "余杭区人民法院 District Court", ("court_dishonest",)),
    Agency("public-credit", "公共信用信息平台 Public Credit System", (), ("credit:read", "credit:check")),
)

PEOPLE = (
    Person("chen.yi", "陈怡", ("analyst",)),
    Person("wu.gang", "吴刚", ("dispatcher",), TOWN),
    Person("wang.fang", "王芳", ("inspector",)),
    Person("li.qiang", "李强", ("inspector",)),
    Person("zhao.min", "赵敏", ("squad_leader",)),
    Person("zhou.jie", "周杰", ("bureau_head",)),
    Person("xu.lan", "徐岚", ("credit_officer",)),
    Person("sun.ops", "孙伟", ("operator",)),
    Person("he.audit", "何静", ("auditor",)),
)


def ensure_people(home: Home) -> list[dict[str, object]]:
    """Passwords and signing keys below `home/people/`, made once; returns what the issuer's `seed` takes."""
    return [_ensure_person(home, person) for person in PEOPLE]


def clients(thumbprints: Mapping[str, str]) -> list[dict[str, object]]:
    """The agencies as the issuer's `seed` takes them, each with its certificate."""
    return [
        {
            "client_id": one.client_id,
            "name": one.name,
            "scopes": one.all_scopes(),
            "thumbprints": [thumbprints[one.client_id]],
        }
        for one in AGENCIES
    ]


def _ensure_person(home: Home, person: Person) -> dict[str, object]:
    folder = home.path / "people" / person.login
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = _kept(folder / "password", lambda: secrets.token_urlsafe(9))
    jwk = _kept(folder / "signing.jwk", lambda: json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    return {
        "login": person.login,
        "name": person.name,
        "roles": list(person.roles),
        "division": person.division,
        "password": password,
        "sig_jkt": ECKey.import_key(json.loads(jwk)).thumbprint(),
    }


def _kept(file: Path, make: Callable[[], str]) -> str:
    if not file.exists():
        write_private(file, make().encode())
    return file.read_text()
