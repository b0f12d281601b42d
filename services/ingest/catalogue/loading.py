"""The catalogue read from its files: one YAML a department, refused as a whole when one word is wrong."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import yaml

from services.ingest.catalogue.definitions import Dataset, Department

SHIPPED = Path(__file__).with_name("departments")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Catalogue:
    """Every department and dataset that this platform takes."""

    def __init__(self, departments: tuple[Department, ...]) -> None:
        self.departments = departments
        self.datasets: dict[str, Dataset] = {}
        self.owners: dict[str, Department] = {}
        for department, dataset in _pairs(departments):
            if dataset.dataset in self.datasets:
                raise ValueError(f"the dataset {dataset.dataset} stands there twice")
            self.datasets[dataset.dataset] = dataset
            self.owners[dataset.dataset] = department


def load(folder: Path) -> Catalogue:
    """The catalogue of a folder. Raises ValueError that names the file, the dataset and the fault."""
    return Catalogue(tuple(_department(path) for path in sorted(folder.glob("*.yaml"))))


@cache
def shipped() -> Catalogue:
    """The 14 departments, 43 datasets and 451 items that come with the platform."""
    return load(SHIPPED)


def _department(path: Path) -> Department:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader, in C
        return msgspec.convert(document, Department, strict=False)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _pairs(departments: tuple[Department, ...]) -> Iterator[tuple[Department, Dataset]]:
    return ((department, dataset) for department in departments for dataset in department.datasets)
