"""Why a folder cannot be trained on or replayed: one sentence in Chinese and one in English."""


class Unfit(Exception):
    """The data or the dates do not allow what was asked for; `zh` and `en` say the same thing."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en
