"""One small district, written once for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from city.building import City, build
from city.writing import write

SEED, EMPLOYERS, YEARS = 7, 1300, 3


@pytest.fixture(scope="package")
def district() -> City:
    return build(SEED, EMPLOYERS, YEARS)


@pytest.fixture(scope="package")
def folder(district: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("city")
    assert dict(write(district, folder, details=True))
    yield folder
    for file in folder.iterdir():
        file.unlink()


@pytest.fixture(scope="package")
def files(folder: Path) -> dict[str, pl.DataFrame]:
    """Every dataset, without the labels and what the platform never reads."""
    kept = {"oracle", "truth", "inspections"}
    return {file.stem: pl.read_parquet(file) for file in sorted(folder.glob("*.parquet")) if file.stem not in kept}
