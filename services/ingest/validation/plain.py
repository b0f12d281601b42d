"""Free texts beyond doubt: most columns hold nothing but characters one can see. One look at their bytes tells."""

import numpy as np
import polars as pl

_SPACE = 0x20
# Delete; the first byte of U+0080-U+00BF, where the control characters C1 are; the first two of U+FFC0-U+FFFF, where
# U+FFFD is, and of what nobody sees: U+2000-U+207F, U+FEC0-U+FEFF, the tags. A middle dot, a yen sign or a quotation
# mark begins so, too: then each text is looked at.
_SUSPECT = (b"\x7f", b"\xc2", b"\xef\xbf", b"\xe2\x80", b"\xe2\x81", b"\xef\xbb", b"\xf3\xa0")


def are_plain(texts: pl.Series, longest: int) -> bool:
    """Whether no text holds a control character, a line break or U+FFFD, and none has more than `longest` bytes.

    False says nothing: then each text takes a look of its own.
    """
    size = texts.str.len_bytes().max()
    if size is None:
        return True
    if not isinstance(size, int) or size > longest:
        return False
    joined = texts.str.join("").cast(pl.Binary).item()
    return bool(np.frombuffer(joined, dtype=np.uint8).min(initial=_SPACE) >= _SPACE) and not any(
        mark in joined for mark in _SUSPECT
    )
