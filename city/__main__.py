"""`python -m city --out DIR --seed S --employers N --years Y`: a synthetic district as a directory of files."""

from pathlib import Path
from typing import Annotated

import typer


def generate(
    out: Annotated[Path, typer.Option(help="目录 The directory to write")],
    seed: Annotated[int, typer.Option(min=0, help="随机种子 The same seed gives the same city")] = 1,
    employers: Annotated[int, typer.Option(min=100, help="单位数 Employers; Yuhang has 260,000")] = 260_000,
    years: Annotated[int, typer.Option(min=1, max=20, help="年数 Years observed")] = 4,
    details: Annotated[bool, typer.Option(help="考勤和工资明细 Attendance and payroll lines, too (large)")] = False,
) -> None:
    """生成一个虚构的区。Make a synthetic district; what is in DIR already is overwritten."""
    # Columns are loaded when a city is made, not with every command of `anxin`.
    from city.building import build
    from city.writing import write

    city = build(seed, employers, years)
    for name, rows in write(city, out, details=details):
        typer.echo(f"{name:28} {rows:>12,}", err=True)


if __name__ == "__main__":
    typer.run(generate)
