"""Employers by number: a column of codes takes four bytes a row instead of twenty."""

import polars as pl

from services.scoring.worlds.codes import canonical, folded, is_slip, telling
from services.scoring.worlds.twins import NONE, Twins

NOBODY = -1


class Register:
    """The employers that a world has spoken of, in the order in which they were first met; `twins` are one."""

    def __init__(self, twins: Twins = NONE) -> None:
        self._twins = twins
        self.codes = pl.Series("code", [], dtype=pl.String)
        self._slips = pl.Series("slip", [], dtype=pl.Boolean)
        self._alike = pl.DataFrame(schema={"alike": pl.String, "meant": pl.String})
        self._telling: frozenset[str] | None = None
        # What was read once is not read again: a world of forty datasets writes the same codes forty times.
        self._read = pl.DataFrame(schema={"text": pl.String, "number": pl.Int32, "is_read": pl.Boolean})

    def settle(self) -> None:
        """From now on a new code that differs from one employer's by what `folded` takes away alone is that employer's.

        Where two employers' codes differ by case alone, case means something here and is not folded in any code; and so
        of noughts. That is settled once, by the codes of who settles it, whatever strangers come later.
        """
        self._telling = telling(self.codes) - self._twins.slips if self._telling is None else self._telling
        alike = pl.DataFrame({"alike": folded(self.codes, self._telling), "meant": self.codes})
        self._alike = alike.filter(pl.len().over("alike") == 1)

    def spelled(self, texts: pl.Series) -> pl.Series:
        """Codes as the register has them, whoever wrote them; null for what stands for nothing."""
        codes = self._of_twins(canonical(texts))
        if self._telling is None or self._alike.is_empty():
            return codes
        asked = pl.DataFrame({"alike": folded(codes, self._telling)})
        meant = asked.join(self._alike, on="alike", how="left", maintain_order="left").get_column("meant")
        return codes.zip_with(codes.is_in(self.codes.implode()) | meant.is_null(), meant).alias(texts.name)

    def _of_twins(self, codes: pl.Series) -> pl.Series:
        if self._twins.meant.is_empty():
            return codes
        joined = codes.to_frame("code").join(self._twins.meant, on="code", how="left", maintain_order="left")
        return joined.select(pl.coalesce("meant", "code").alias(codes.name)).to_series()

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
        asked = pl.DataFrame({"place": each.to_physical(), "text": each.cast(pl.String)})
        known = asked.join(self._read, on="text", how="left")
        new = known.filter(pl.col("is_read").is_null())
        if len(new):
            read = self._spelled(new.select("place", "text"), grow=grow)
            known = pl.concat([known.filter("is_read").select(read.columns), read])
            self._read = pl.concat([self._read, _lasting(read, grow=grow)])
        return known.sort("place").get_column("number").gather(written.to_physical())

    def _spelled(self, asked: pl.DataFrame, *, grow: bool) -> pl.DataFrame:
        """place, text and the number of each code, as nobody has written it before."""
        spelled = asked.sort("text")
        spelled = spelled.with_columns(self.spelled(spelled.get_column("text")).alias("code"))
        if grow:
            self._extend(spelled.get_column("code").drop_nulls().unique(maintain_order=True))
        known = self.codes.to_frame().with_row_index("number").with_columns(pl.col("number").cast(pl.Int32))
        return spelled.join(known, on="code", how="left").select("place", "text", "number")

    def _extend(self, codes: pl.Series) -> None:
        new = codes.filter(~codes.is_in(self.codes.implode()))
        self.codes = pl.concat([self.codes, new.alias("code")])
        self._slips = pl.concat([self._slips, is_slip(new).alias("slip")])


def _lasting(read: pl.DataFrame, *, grow: bool) -> pl.DataFrame:
    """What of the texts that were read stays true: who was never met when he was looked up may be entered later."""
    lasting = read if grow else read.drop_nulls("number")
    return lasting.select("text", "number", is_read=pl.lit(True))
