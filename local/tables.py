"""Tables that cut nothing off: what stands in them is copied into the next command."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Where nobody looks at the lines there is no edge to keep to.
PIPE_WIDTH = 10_000


class Rows:
    """A table of rows below headers. On a terminal long cells fold; elsewhere each row is one line."""

    def __init__(self, *headers: str) -> None:
        self.headers = headers
        self.rows: list[tuple[Sequence[str], str | None]] = []

    def add(self, *cells: str, style: str | None = None) -> None:
        """One row, a cell for each header; cells are text, not markup."""
        self.rows.append((cells, style))

    def print(self, console: Console) -> None:
        """Draw it. The first column, whose names are copied most, folds last."""
        first = max((len(cells[0]) for cells, _style in self.rows), default=0)
        table = Table()
        for number, header in enumerate(self.headers):
            least = first if number == 0 and first <= console.width // 2 else None
            table.add_column(header, overflow="fold", min_width=least)
        for cells, style in self.rows:
            table.add_row(*map(Text, cells), style=style)
        wide(console).print(table)


def wide(console: Console) -> Console:
    """The console itself on a terminal, else one to the same place that has no edge."""
    return console if console.is_terminal else Console(file=console.file, width=PIPE_WIDTH, highlight=False)
