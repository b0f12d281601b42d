"""The table of the exchange as it is answered."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from services.ingest.catalogue import Catalogue
from services.ingest.reports.quality import CountsOut, counts_out
from services.ingest.schemas import LabelOut
from services.ingest.usecases.exchange import Group, Table


class GroupOut(BaseModel):
    """A part of the table: of how many agencies, datasets and items, and the sums."""

    agencies: int
    datasets: int
    items: int
    counts: CountsOut


class DepartmentOut(GroupOut):
    """A department's part of the table; with zeros where it gave nothing."""

    department: str
    label: LabelOut


class LineOut(BaseModel):
    """A feed's part of the table."""

    department: str
    agency: str
    dataset: str
    label: LabelOut = Field(description="of the dataset")
    items: int
    counts: CountsOut


class CatalogueSizeOut(BaseModel):
    """What could be given: departments, datasets and items of the catalogue."""

    departments: int
    datasets: int
    items: int


class ExchangeOut(BaseModel):
    """Who gave how much between two days of China, both included."""

    since: date
    until: date
    counted_at: datetime | None = Field(description="receipts are counted up to then")
    departments_giving: int
    catalogue: CatalogueSizeOut
    total: GroupOut
    departments: list[DepartmentOut]
    feeds: list[LineOut]


def exchange_out(table: Table, catalogue: Catalogue) -> ExchangeOut:
    """The table as it is answered."""
    labels = {each.department: LabelOut(zh=each.label.zh, en=each.label.en) for each in catalogue.departments}
    return ExchangeOut(
        since=table.since,
        until=table.until,
        counted_at=table.counted_at,
        departments_giving=sum(bool(group.datasets) for group in table.departments.values()),
        catalogue=CatalogueSizeOut(
            departments=len(catalogue.departments),
            datasets=len(catalogue.datasets),
            items=sum(len(dataset.items) for dataset in catalogue.datasets.values()),
        ),
        total=GroupOut(**_group(table.total)),
        departments=[
            DepartmentOut(department=name, label=labels[name], **_group(group))
            for name, group in table.departments.items()
        ],
        feeds=[
            LineOut(
                department=line.department.department,
                agency=line.agency,
                dataset=line.dataset,
                label=LabelOut(zh=line.label.zh, en=line.label.en),
                items=line.items,
                counts=counts_out(line.counts),
            )
            for line in table.lines
        ],
    )


def _group(group: Group) -> dict[str, Any]:
    return {**vars(group), "counts": counts_out(group.counts)}
