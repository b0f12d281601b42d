"""A register as it is: firms with names that nearly agree, branches, renamings; and records that name them badly.

Everything from one seed. Some firms are unknown to the register: whoever links their records links them wrongly.
"""

import random
from dataclasses import dataclass
from typing import NamedTuple

from local.story.records import credit_code

# How a region is written in a register; two firms of one region never share a name.
REGIONS = ("杭州市余杭区", "杭州市临平区", "杭州", "浙江")
_BRANDS = "恒达永盛华宏鑫瑞德诚信嘉和顺天地正大伟业金源泰安康利兴隆中远东方西湖南北长江明珠星辰科创新锐联合众志同心"
_TRADES = (
    *("建设", "建筑", "建筑工程", "装饰工程", "服饰", "纺织", "机械", "电子", "科技", "信息技术"),
    *("餐饮管理", "物流", "物业管理", "园林", "劳务", "贸易", "家具", "包装", "食品", "汽车服务"),
)
_FORMS = ("有限公司", "有限公司", "有限公司", "有限公司", "有限公司", "股份有限公司", "厂", "商行")
TOWNS = ("330110005", "330110009", "330110010", "330110012", "330110109", "330113001", "330113100")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_OLD = str.maketrans("达华诚兴远东长", "達華誠興遠東長")
_TYPOS = str.maketrans("恒永鑫瑞嘉", "横咏金锐佳")


class Firm(NamedTuple):
    """A firm; `former` its name before a renaming, `is_known` whether the register has it."""

    code: str
    name: str
    former: str | None
    town: str
    reg_no: str
    account: str
    is_known: bool


@dataclass(frozen=True)
class Dirty:
    """A record that names a firm badly: how, and whose it is."""

    kind: str
    firm: Firm
    written: str | None = None
    name: str | None = None
    division: str | None = None
    account: str | None = None


def firms(count: int, seed: int, unknown: float = 0.1) -> list[Firm]:
    """That many firms. Names are unique within their region, as the law wants it; nearly all else repeats."""
    chance = random.Random(seed)  # noqa: S311 - a figure that can be repeated, not a secret
    taken: set[str] = set()
    found: list[Firm] = []
    for number in range(1, count + 1):
        name = _name(chance, taken)
        if found and chance.random() < 0.03:
            name = f"{found[-1].name}{chance.choice(('杭州', '余杭', '临平', '第一', '第二'))}分公司"
        former = _name(chance, taken) if chance.random() < 0.05 else None
        is_known = chance.random() >= unknown
        numbers = (f"330184{number:09d}", f"M{number:09d}")
        found.append(Firm(credit_code(number), name, former, chance.choice(TOWNS), *numbers, is_known))
    return found


def _name(chance: random.Random, taken: set[str]) -> str:
    while True:
        brand = "".join(chance.choice(_BRANDS) for _ in range(chance.choice((2, 2, 3))))
        name = chance.choice(REGIONS) + brand + chance.choice(_TRADES) + chance.choice(_FORMS)
        if name not in taken:
            taken.add(name)
            return name


def records(known: list[Firm], count: int, seed: int) -> list[Dirty]:
    """That many records, each bad in one way."""
    chance = random.Random(seed)  # noqa: S311 - as above
    kinds = (_wrong_character, _missing_character, _old_number, _organisation, _account, _spelled, _abbreviated, _typo,
        _former, _town_and_name)  # fmt: skip
    return [chance.choice(kinds)(chance.choice(known), chance) for _ in range(count)]


def _wrong_character(firm: Firm, chance: random.Random) -> Dirty:
    place = chance.randrange(18)
    return Dirty("code: one wrong", firm, firm.code[:place] + chance.choice(_ALPHABET) + firm.code[place + 1 :])


def _missing_character(firm: Firm, chance: random.Random) -> Dirty:
    place = chance.randrange(18)
    return Dirty("code: one missing", firm, firm.code[:place] + firm.code[place + 1 :])


def _old_number(firm: Firm, _chance: random.Random) -> Dirty:
    return Dirty("regno", firm, f" {firm.reg_no}")


def _organisation(firm: Firm, _chance: random.Random) -> Dirty:
    return Dirty("organisation", firm, f"{firm.code[8:16]}-{firm.code[16]}")


def _account(firm: Firm, _chance: random.Random) -> Dirty:
    return Dirty("account", firm, account=firm.account)


def _spelled(firm: Firm, chance: random.Random) -> Dirty:
    name = firm.name.translate(_OLD) if chance.random() < 0.5 else firm.name.replace("有限公司", "有限责任公司")
    return Dirty("name: spelled otherwise", firm, name=f" {name[:2]} {name[2:]}")


def _abbreviated(firm: Firm, chance: random.Random) -> Dirty:
    name = firm.name
    for region in REGIONS:
        name = name.removeprefix(region)
    if chance.random() < 0.5:
        name = name.removesuffix("有限公司").removesuffix("股份")
    return Dirty("name: abbreviated", firm, name=name, division=chance.choice((firm.town, None)))


def _typo(firm: Firm, chance: random.Random) -> Dirty:
    name = firm.name.translate(_TYPOS)
    if name == firm.name:
        place = chance.randrange(len(name) - 4)
        name = name[:place] + chance.choice(_BRANDS) + name[place + 1 :]
    return Dirty("name: typo", firm, name=name)


def _former(firm: Firm, _chance: random.Random) -> Dirty:
    return Dirty("name: former" if firm.former else "name: as it is", firm, name=firm.former or firm.name)


def _town_and_name(firm: Firm, chance: random.Random) -> Dirty:
    town = firm.town if chance.random() < 0.8 else chance.choice(TOWNS)
    return Dirty("name: with town", firm, name=firm.name, division=town)
