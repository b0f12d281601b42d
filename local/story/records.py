"""What the agencies send: a small town of calm employers, and one whose signs have been gathering for months.

Everything is reckoned back from a day, so that the story is always about now. Names and codes are invented; the codes
pass both of their checks (GB 32100-2015, GB 11714).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

Record = dict[str, Any]

_TOWNS = ("330110005", "330110009", "330110010", "330110011", "330110012", "330110013")
_TRADES = ("服饰", "食品", "五金", "电子", "包装", "物流", "装饰", "餐饮")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Employer:
    """An employer of the story: registered where, called what."""

    uscc: str
    name: str
    town: str


def credit_code(serial: int) -> str:
    """A unified social credit code of a Yuhang enterprise with both check characters right."""
    stem = "91330110" + _organisation_code(f"MA{serial:06d}")
    total = sum(_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(stem))
    return stem + _ALPHABET[(31 - total % 31) % 31]


def _organisation_code(stem: str) -> str:
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    remainder = 11 - sum(int(character, 36) * weight for character, weight in zip(stem, weights, strict=True)) % 11
    return stem + {10: "X", 11: "0"}.get(remainder, str(remainder))


def employers(first_serial: int = 1, calm: int = 48) -> list[Employer]:
    """The failing employer first, then the calm ones, spread over six towns."""
    failing = Employer(credit_code(first_serial), f"杭州余杭晨光服饰有限公司{_suffix(first_serial)}", _TOWNS[0])
    others = [
        Employer(
            credit_code(first_serial + number),
            f"杭州余杭第{number}{_TRADES[number % len(_TRADES)]}有限公司{_suffix(first_serial)}",
            _TOWNS[number % len(_TOWNS)],
        )
        for number in range(1, calm + 1)
    ]
    return [failing, *others]


def _suffix(first_serial: int) -> str:
    return "" if first_serial == 1 else f"（{first_serial}）"


def deliveries(cast: list[Employer], today: date) -> list[tuple[str, str, list[Record]]]:
    """(agency, dataset, records) in the order in which they are sent."""
    failing, calm = cast[0], cast[1:]
    months = [_month(today, back) for back in (3, 2, 1)]
    return [
        ("market-bureau", "samr_entity", [_entity(one) for one in cast]),
        ("tax-bureau", "tax_social_fee", [*_social_fees(failing, months), *_paid_social_fees(calm, months[-1])]),
        ("tax-bureau", "tax_arrears", _tax_arrears(failing, months[-2:], today)),
        ("tax-bureau", "tax_status", [_tax_status(one, months[-1]) for one in cast]),
        ("water-company", "ut_water", [_water(failing, months[-1], 75), *(_water(one, months[-1], 0) for one in calm)]),
        ("power-company", "pw_usage", [_power(failing, months[-1], 66), *(_power(one, months[-1], 0) for one in calm)]),
        ("market-bureau", "samr_abnormal", [_abnormal(failing, today)]),
        ("court", "court_dishonest", [_dishonest(failing, today)]),
    ]


def _month(today: date, back: int) -> str:
    index = today.year * 12 + today.month - 1 - back
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def _entity(one: Employer) -> Record:
    return {
        "entity_id": f"E{one.uscc[-10:-1]}000000",
        "uscc": one.uscc,
        "ent_name": one.name,
        "est_date": "2015-04-01",
        "reg_capital": "200.000000",
        "street": one.town,
        "state": "active",
    }


def _social_fees(one: Employer, months: list[str]) -> list[Record]:
    due = {"uscc": one.uscc, "payable": "14043.33", "paid": "0.00", "arrears": "14043.33"}
    return [due | {"period": month, "arrears_months": number} for number, month in enumerate(months, 1)]


def _paid_social_fees(calm: Iterable[Employer], month: str) -> list[Record]:
    paid = {"period": month, "payable": "8600.00", "paid": "8600.00", "arrears": "0.00", "arrears_months": 0}
    return [paid | {"uscc": one.uscc} for one in calm]


def _tax_arrears(one: Employer, months: list[str], today: date) -> list[Record]:
    return [
        {
            "taxpayer": one.name,
            "taxpayer_no": one.uscc,
            "uscc": one.uscc,
            "tax_kind": "增值税",
            "balance": "128400.50",
            "as_of": month,
            "stat_at": f"{today - timedelta(days=2)}T08:00:00+08:00",
        }
        for month in months
    ]


def _tax_status(one: Employer, month: str) -> Record:
    return {"uscc": one.uscc, "period": month, "taxpayer_state": "normal", "declared": True}


def _water(one: Employer, month: str, days: int) -> Record:
    owed = "3120.00" if days else "0.00"
    base = {"account_no": f"W{one.uscc[-9:]}", "uscc": one.uscc, "period": month, "volume": "310.00"}
    return base | {"amount_due": "3120.00", "arrears": owed, "arrears_days": days, "account_state": "normal"}


def _power(one: Employer, month: str, days: int) -> Record:
    owed = "21800.00" if days else "0.00"
    base = {"account_no": f"P{one.uscc[-9:]}", "uscc": one.uscc, "period": month, "kwh": "18200.00"}
    state = {"arrears": owed, "arrears_days": days, "cut_off": False, "account_state": "normal"}
    return base | {"amount_due": "21800.00"} | state


def _abnormal(one: Employer, today: date) -> Record:
    return {
        "rec_id": f"YC{one.uscc}",
        "entity_id": f"E{one.uscc[-10:-1]}000000",
        "uscc": one.uscc,
        "listed_at": str(today - timedelta(days=20)),
        "cause": "通过登记的住所或者经营场所无法联系",
    }


def _dishonest(one: Employer, today: date) -> Record:
    return {
        "rec_id": f"SX{one.uscc}",
        "name": one.name,
        "uscc": one.uscc,
        "case_no": f"(2026)浙0110执{one.uscc[-5:]}号",
        "perform": "none",
        "published_at": str(today - timedelta(days=15)),
    }
