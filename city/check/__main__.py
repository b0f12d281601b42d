"""`python -m city.check DIR...`: whether cities are as hard as life. Exit status 1 when a figure is out of bounds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from city.check.measuring import measure
from city.check.reading import read
from city.check.verdict import Verdict, judged
from city.parameters import checks


def check(folders: Annotated[list[Path], typer.Argument(help="目录 Directories of cities")]) -> None:
    """一个城市是否与现实一样难。Print every figure of every city beside its bounds."""
    told = [judged(measure(read(folder), checks()), checks()) for folder in folders]
    Console().print(_table(folders, told))
    if not all(one.is_good for each in told for one in each):
        raise typer.Exit(1)


def _table(folders: list[Path], told: list[list[Verdict]]) -> Table:
    table = Table("figure", "bounds", *(folder.name for folder in folders), box=None)
    for row in zip(*told, strict=True):
        table.add_row(row[0].name, row[0].bounds, *(f"{one.value:,.4g}{'' if one.is_good else ' !'}" for one in row))
    return table


if __name__ == "__main__":
    typer.run(check)
