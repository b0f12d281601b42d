"""A plain model of truth over time: every statement that was taken, in a list; what stands is the greatest of them."""

from dataclasses import dataclass, field
from typing import NamedTuple

State = tuple[int, int]  # the day that a record tells of itself, and what it says
Row = tuple[int, int, int]  # who, day, what


class Statement(NamedTuple):
    """A version of a record at its place in time. `told` None: the record has ended."""

    day: int
    by: str  # receipt, or full list
    row: int
    who: int
    told: State | None


@dataclass
class Model:
    """What was said so far, by whom, and which full lists are in force (day, list)."""

    taken: list[Statement] = field(default_factory=list)
    lists: list[tuple[int, str]] = field(default_factory=list)

    def head(self, who: int) -> Statement | None:
        """The newest statement about a record: by time, then by receipt, then by row."""
        return max((each for each in self.taken if each.who == who), default=None)

    def heads(self) -> dict[int, tuple[str, int]]:
        """Of each record that was ever told of, which statement stands."""
        newest = {who: self.head(who) for who in {each.who for each in self.taken}}
        return {who: (each.by, each.row) for who, each in newest.items() if each}

    def send(self, receipt: str, rows: list[Row], *, corrects: str | None = None, as_of: int = 0) -> None:
        """Take a file, of each record the newest row first; not what is not new, or what a full list has settled."""
        placed = [self._placed(receipt, number, row, corrects, as_of) for number, row in enumerate(rows, 1)]
        settled = max(self.lists, default=(0, ""))[0]
        open_ = [each for each in placed if each.day >= settled]
        for who in {each.who for each in open_}:
            first, *outdone = sorted((each for each in open_ if each.who == who), reverse=True)
            self._take(first)
            for each in outdone:
                if (head := self.head(who)) and head[:3] > each[:3]:
                    self._take(each)

    def _placed(self, receipt: str, number: int, row: Row, corrects: str | None, as_of: int) -> Statement:
        who, day, what = row
        day_in_time = max(day, as_of)
        if corrects:
            said = [each.day for each in self.taken if each.who == who and each.by <= corrects]
            lists = [max((each for each in self.lists), default=(0, ""))]
            said += [each for each, name in lists if name and name <= corrects]
            day_in_time = max([day_in_time, *said])
        return Statement(day_in_time, receipt, number, who, (day, what))

    def _take(self, new: Statement) -> None:
        head = self.head(new.who)
        if head and head.told == new.told:
            return
        past = {(each.told, each.day) for each in self.taken if each.who == new.who and each != head}
        if head and head[:3] > new[:3] and (new.told, new.day) in past:
            return
        self.taken.append(new)

    def full(self, receipt: str, name: str, day: int, rows: list[Row]) -> None:
        """A full list: its rows, and the end of every open record that it does not name."""
        self.send(receipt, rows, as_of=day)
        if (day, name) < max(self.lists, default=(0, "")):
            return
        named = {who for who, _, _ in rows}
        for who in {each.who for each in self.taken} - named:
            head = self.head(who)
            if head and head.told and head[:2] < (day, name):
                self.taken.append(Statement(day, name, 0, who, None))
        self.lists.append((day, name))

    def withdraw(self, by: str, rows: set[int]) -> None:
        """Rows of a receipt, or (row 0) the ends that a list told, never were."""
        self.taken = [each for each in self.taken if each.by != by or each.row not in rows]
        if rows == {0}:
            self.lists = [each for each in self.lists if each[1] != by]
