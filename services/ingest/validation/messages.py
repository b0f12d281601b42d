"""What each fault says to the people who must repair it, in both languages.

Messages never repeat a value: it may be somebody's number.
"""

from services.ingest.catalogue import Dataset, Item

_MESSAGES: dict[str, tuple[str, str]] = {
    "required": ("{item} is required.", "{label}为必填项。"),
    "required_here": ("{item} is required here because of {condition}.", "因{condition},{label}为必填项。"),
    "not_an_object": ("The record is not an object.", "该记录不是 JSON 对象。"),
    "nested": ("{item} is a list or an object; a plain value is needed.", "{label}不能是列表或对象。"),
    "field_count": ("The line does not have as many fields as the header.", "该行的列数与表头不一致。"),
    "control_character": (
        "{item} holds control, invisible or broken characters.",
        "{label}含有控制字符、不可见字符或乱码。",
    ),
    "too_long": ("{item} is longer than {length} characters.", "{label}超过{length}个字符。"),
    "wrong_length": ("{item} must have exactly {length} characters.", "{label}必须为{length}个字符。"),
    "uscc_length": ("{item} does not have 18 characters (GB 32100).", "{label}不是18位(GB 32100)。"),
    "uscc_character": (
        "{item} holds a character that a credit code cannot have (GB 32100).",
        "{label}含有统一社会信用代码不使用的字符(GB 32100)。",
    ),
    "uscc_check": ("The check character of {item} is wrong (GB 32100).", "{label}校验码错误(GB 32100)。"),
    "uscc_organisation_check": (
        "The organisation code within {item} has a wrong check character (GB 11714).",
        "{label}中的组织机构代码校验码错误(GB 11714)。",
    ),
    "idno_length": ("{item} has neither 18 nor 15 places (GB 11643).", "{label}不是18位或15位(GB 11643)。"),
    "idno_character": ("{item} holds a character that is no digit (GB 11643).", "{label}含有非数字字符(GB 11643)。"),
    "idno_date": ("The date of birth in {item} does not exist (GB 11643).", "{label}中的出生日期不存在(GB 11643)。"),
    "idno_check": ("The check character of {item} is wrong (GB 11643).", "{label}校验码错误(GB 11643)。"),
    "number_format": ("{item} is not a decimal number.", "{label}不是十进制数字。"),
    "integer_format": ("{item} is not a whole number.", "{label}不是整数。"),
    "exponent": ("{item} has an exponent; write all digits.", "{label}使用了科学计数法,请写出全部数字。"),
    "too_many_decimals": (
        "{item} has more than {decimals} decimals; nothing is rounded.",
        "{label}超过{decimals}位小数;系统不作舍入。",
    ),
    "out_of_range": ("{item} is out of range for {type}.", "{label}超出{type}的取值范围。"),
    "month_format": ("{item} is not a month like 2026-10.", "{label}不是有效的年月,应如 2026-10。"),
    "date_format": ("{item} is not a date like 2026-10-31.", "{label}不是有效的日期格式,应如 2026-10-31。"),
    "datetime_format": (
        "{item} is not a time like 2026-10-31T08:00:00+08:00.",
        "{label}不是有效的时间格式,应如 2026-10-31T08:00:00+08:00。",
    ),
    "no_such_date": ("{item} is a date or time that does not exist.", "{label}的日期或时间不存在。"),
    "leap_second": (
        "{item} has a second 60; give the second before it or after it.",
        "{label}的秒数为60(闰秒),请填写前一秒或后一秒。",
    ),
    "bool_format": ("{item} is neither true nor false.", "{label}应为 true 或 false(是/否)。"),
    "not_in_list": ("{item} is none of: {values}.", "{label}不在允许的取值范围内:{values_zh}。"),
    "division_format": ("{item} is not a division code of 9 digits.", "{label}不是9位行政区划代码。"),
    "year_format": ("{item} is not a year like 2026.", "{label}不是有效的年份,应如 2026。"),
    "phone_format": ("{item} has too few digits for a phone number.", "{label}的电话号码位数不足。"),
    "url_format": ("{item} is not an https, http, urn or s3 address.", "{label}不是有效的网址。"),
    "below_min": ("{item} must be at least {min}.", "{label}不得小于{min}。"),
    "not_above": ("{item} must be more than {above}.", "{label}必须大于{above}。"),
    "above_max": ("{item} must be at most {max}.", "{label}不得大于{max}。"),
    "more_than_other": ("{item} is more than {at_most}.", "{label}大于{at_most_label}。"),
    "before_other": ("{item} is before {not_before}.", "{label}早于{not_before_label}。"),
    "wrong_difference": ("{item} is not {difference}.", "{label}不等于{difference_label}。"),
    "in_the_future": (
        "{item} lies more than a day in the future; the source's clock may be wrong.",
        "{label}晚于当前时间一天以上,请检查来源系统时钟。",
    ),
    "superseded": (
        "A newer state of the same record is known, or stands in the same file; this row changed nothing.",
        "已有该记录的更新状态(或同一文件中有更新的行),本行未引起变更。",
    ),
    "corrected": (
        "The row stands in place of what was handed in before, whatever time it gives.",
        "本行取代此前所报的同一记录,不论其来源时间。",
    ),
    "nothing_corrected": (
        "Nothing about this record had been handed in by then; the row was taken as any other.",
        "被更正的回执及更早的报送中没有该记录,本行按普通报送处理。",
    ),
    "outside_list": (
        "The record belongs to another month than the full list; the row was taken as any other.",
        "该记录不属于本全量清单所指年月,本行按普通报送处理。",
    ),
    "unmatched": (
        "The record is kept, but it is not known yet whose it is: {item} names no subject.",
        "记录已保存,但暂无法确定所属主体:{label}未能匹配。",
    ),
}
CODES = frozenset(_MESSAGES)


def messages(dataset: Dataset, name: str, code: str) -> tuple[str, str]:
    """The English and the Chinese sentence for a fault of an item (an empty name: of the whole record)."""
    english, chinese = _MESSAGES[code]
    words = _words(dataset, dataset.by_name[name]) if name else {"item": "the subject", "label": "主体"}
    return english.format_map(words), chinese.format_map(words)


def _words(dataset: Dataset, item: Item) -> dict[str, object]:
    label = {other.item: other.label for other in dataset.items}
    whole, part = item.difference or ("", "")
    return {
        "item": item.item,
        "label": label[item.item],
        "type": item.type,
        "length": _length(item),
        "decimals": item.sizes[1] if len(item.sizes) == 2 else 0,
        "min": item.min,
        "max": item.max,
        "above": item.above,
        "at_most": item.at_most,
        "at_most_label": label.get(item.at_most or ""),
        "not_before": item.not_before,
        "not_before_label": label.get(item.not_before or ""),
        "difference": f"{whole} - {part}",
        "difference_label": f"{label.get(whole)} - {label.get(part)}",
        "values": ", ".join(choice.value for choice in item.values),
        "values_zh": "、".join(choice.zh for choice in item.values),
        "condition": _condition(item),
    }


def _length(item: Item) -> int:
    sizes = {"text": 10_000, "enum": 50, "url": 500, "phone": 60}
    return item.sizes[0] if item.sizes else sizes.get(item.kind, 0)


def _condition(item: Item) -> str:
    when = item.required_when
    if when is None:
        return ""
    return f"{when.item} = {when.equals}" if when.equals is not None else f"{when.item} ≠ {when.differs}"
