"""Names of firms in the forms under which two spellings of one name meet. Columns of texts in, columns of keys out."""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import opencc
import polars as pl
import yaml

NAMED = {"name": pl.String, "full": pl.String, "region": pl.String, "core": pl.String, "form": pl.String}
# What two clerks write differently and nobody says: gaps, brackets, dots, dashes, quotation marks.
_NOISE = r"[\s\p{Z}\p{Cf}()\[\]{}<>《》〈〉【】〔〕「」·•・.。'\"“”‘’`´_—–-]"
_HIDDEN = r"[*?×○●■□]"
_GRAMS, _GRAM = 4, 2
_FIRST_HAN, _LAST_HAN = 0x4E00, 0x9FFF


class _Words(NamedTuple):
    region: str
    district: str
    towns: str
    forms: dict[str, str]
    form: str
    remark: str
    person: str


def named(names: pl.Series) -> pl.DataFrame:
    """NAMED, a row a text: `full` is the whole name, `core` the name without `region` and legal `form`.

    All are null where no firm is named: nothing written, a person, a name that was made unreadable.
    """
    words = _words()
    narrow = pl.col("name").str.normalize("NFKC").str.to_uppercase()
    tidy = simplified(names.alias("name").to_frame().select(narrow.str.replace_all(_NOISE, "")).to_series())
    tidy = tidy.str.replace(words.remark, "")
    form = tidy.str.extract(words.form)
    stem = tidy.str.replace(words.form, "")
    region, proper = _divided(stem, words)
    formed = form.replace_strict(words.forms, default=form, return_dtype=pl.String).fill_null("")
    core = pl.when(region.str.contains(words.district)).then(proper.str.replace(words.towns, "")).otherwise(proper)
    keys = pl.DataFrame({"name": names, "region": region, "core": proper, "form": formed}).with_columns(
        full=region + proper + formed, core=core
    )
    nobody = tidy.str.contains(words.person) | names.str.contains(_HIDDEN) | (stem == "")
    return _without(keys.select(*NAMED), nobody)


def _divided(stem: pl.Series, words: _Words) -> tuple[pl.Series, pl.Series]:
    """Region and name proper. What is nothing but a region has none: it is the name."""
    region, proper = stem.str.extract(words.region), stem.str.replace(words.region, "")
    bare = (proper.str.len_chars() < _GRAM).fill_null(True)
    region = region.set(bare, "").str.replace_all("[省市区县]", "").fill_null("")
    return region, proper.set(bare, None).fill_null(stem)


def grams(cores: pl.Series) -> pl.Series:
    """The first pairs of characters of each core: the part of a name that is its owner's, not its trade's."""
    pairs = [pl.col("core").str.slice(start, _GRAM) for start in range(_GRAMS)]
    frame = cores.alias("core").to_frame().select(pl.concat_list(pairs).alias("grams"))
    return frame.get_column("grams").list.eval(pl.element().filter(pl.element().str.len_chars() == _GRAM))


def simplified(texts: pl.Series) -> pl.Series:
    """Traditional characters and their variants as the simplified ones."""
    traditional = _traditional()
    if not texts.str.contains("[" + "".join(traditional) + "]").any():
        return texts
    return texts.str.replace_many(traditional)


def _without(keys: pl.DataFrame, is_none: pl.Series) -> pl.DataFrame:
    nothing = is_none.fill_null(True)
    if not nothing.any():
        return keys
    named_alone = [pl.when(~nothing).then(pl.col(key)).alias(key) for key in NAMED if key != "name"]
    return keys.with_columns(named_alone)


@cache
def _traditional() -> dict[str, str]:
    """Every character of the basic block that has a simplified form, with it (OpenCC's own table)."""
    characters = [chr(point) for point in range(_FIRST_HAN, _LAST_HAN + 1)]
    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {old: new for old, new in zip(characters, converted, strict=True) if old != new}


@cache
def _words() -> _Words:
    data = yaml.safe_load(files("services.ingest.matching").joinpath("data/words.yaml").read_text(encoding="utf-8"))
    forms = {written: kept for kept, *others in data["forms"] for written in (kept, *others)}
    longest_first = sorted(forms, key=len, reverse=True)
    province, city, district = ("|".join(data[level]) for level in ("provinces", "cities", "districts"))
    return _Words(
        region=rf"^((?:(?:{province})省?)?(?:(?:{city})市?)?(?:(?:{district})[区县市]?)?)",
        district=f"(?:{district})$",
        towns=r"^\p{Han}{2}(?:街道|镇)",
        forms=forms,
        form=f"({'|'.join(longest_first)})$",
        remark=f"(?:{'|'.join(data['remarks'])})$",
        person=(
            rf"^(?:[\p{{Han}}&&[^{data['organisations']}]]{{1,3}}"
            rf"|(?:{'|'.join(data['double_surnames'])})\p{{Han}}{{1,2}}|[A-Z]+)$"
        ),
    )
