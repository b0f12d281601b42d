"""Free texts beyond doubt: most columns hold nothing but characters one can see. One look at their bytes tells."""

import numpy as np
import polars as pl

_SPACE = 0x20
# Delete; the first byte of U+0080-U+00BF, where the control characters C1 are; the first two of U+FFC0-U+FFFF, where
# U+FFFD is. A middle dot or a yen sign begins so, too: then each text is looked at.
_SUSPECT = (b"\x7f", b"\xc2", b"\xef\xbf")


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
