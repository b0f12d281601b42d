"""Employers by number: a column of codes takes four bytes a row instead of twenty."""

import polars as pl

from services.scoring.worlds.codes import canonical, folded, is_slip

NOBODY = -1


class Register:
    """The employers that a world has spoken of, in the order in which they were first met."""

    def __init__(self) -> None:
        self.codes = pl.Series("code", [], dtype=pl.String)
        self._slips = pl.Series("slip", [], dtype=pl.Boolean)
        self._alike = pl.DataFrame(schema={"alike": pl.String, "meant": pl.String})

    def settle(self) -> None:
        """From now on a new code that differs from one employer's by what `folded` takes away alone is that employer's.

        Where two employers' codes differ by no more than that, such a code says nothing.
        """
        alike = pl.DataFrame({"alike": folded(self.codes), "meant": self.codes})
        self._alike = alike.filter(pl.len().over("alike") == 1)

    def spelled(self, texts: pl.Series) -> pl.Series:
        """Codes as the register has them, whoever wrote them; null for what stands for nothing."""
        codes = canonical(texts)
        if self._alike.is_empty():
            return codes
        asked = pl.DataFrame({"alike": folded(codes)})
        meant = asked.join(self._alike, on="alike", how="left", maintain_order="left").get_column("meant")
        return codes.zip_with(codes.is_in(self.codes.implode()) | meant.is_null(), meant).alias(texts.name)

    def enter(self, texts: pl.Series) -> pl.Series:
        """The numbers (Int32) of codes as they are written, new ones entered; null where nothing is written."""
        return self._numbers(texts, grow=True)

    def look_up(self, texts: pl.Series) -> pl.Series:
        """The numbers of codes; NOBODY where one was never met."""
        return self._numbers(texts, grow=False).fill_null(NOBODY)

    def hashes(self, numbers: pl.Series) -> pl.Series:
        """A hash of each code: the same in any world."""
        return self.codes.hash(5).gather(numbers.cast(pl.UInt32)).alias("who")

    def is_slip(self, numbers: pl.Series) -> pl.Series:
        """Which numbers stand for a code with a wrong check character; null for null."""
        return self._slips.gather(numbers.cast(pl.UInt32)) if len(self._slips) else numbers.cast(pl.Boolean)

    def _numbers(self, texts: pl.Series, *, grow: bool) -> pl.Series:
        # Each text is looked at once, however many rows it stands in.
        written = texts.cast(pl.String).cast(pl.Categorical(pl.Categories.random()))
        each = written.unique().drop_nulls()
        spelled = pl.DataFrame({"place": each.to_physical(), "text": each.cast(pl.String)}).sort("text")
        spelled = spelled.with_columns(self.spelled(spelled.get_column("text")).alias("code"))
        if grow:
            self._extend(spelled.get_column("code").drop_nulls().unique(maintain_order=True))
        known = self.codes.to_frame().with_row_index("number").with_columns(pl.col("number").cast(pl.Int32))
        numbers = spelled.join(known, on="code", how="left").sort("place").get_column("number")
        return numbers.gather(written.to_physical())

    def _extend(self, codes: pl.Series) -> None:
        new = codes.filter(~codes.is_in(self.codes.implode()))
        self.codes = pl.concat([self.codes, new.alias("code")])
        self._slips = pl.concat([self._slips, is_slip(new).alias("slip")])
