"""What is wrong with a parameter or a field, in Chinese: the English is told by the library that checks it."""

# By the beginning of the library's own codes, the first that fits.
_SAID = {
    "missing": "缺少必填项。",
    "extra": "未定义的字段。",
    "json": "不是有效的 JSON。",
    "uuid": "不是有效的 UUID。",
    "timezone": "须带时区。",
    "date": "不是有效的日期或时间。",
    "time": "不是有效的时间。",
    "int": "不是有效的整数。",
    "float": "不是有效的数字。",
    "decimal": "不是有效的十进制数字。",
    "bool": "应为 true 或 false。",
    "literal": "不在允许的取值范围内。",
    "enum": "不在允许的取值范围内。",
    "greater": "超出允许的范围。",
    "less": "超出允许的范围。",
    "string_too": "长度不符合要求。",
    "too": "数量不符合要求。",
    "string": "格式不符合要求。",
    "model": "应为 JSON 对象。",
    "dict": "应为 JSON 对象。",
    "list": "应为数组。",
}


def said_in_chinese(code: str) -> str:
    """The sentence for a code like `string_too_long`."""
    return next((said for beginning, said in _SAID.items() if code.startswith(beginning)), "内容有误。")
