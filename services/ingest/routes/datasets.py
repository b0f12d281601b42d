"""The catalogue as others read it."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from services.ingest.catalogue import Dataset, Department, csv_template, json_schema
from services.ingest.routes.desk import AnyCaller, DeskDep
from services.ingest.schemas import DatasetList, DatasetOut, LabelOut
from shared.auth import Caller

router = APIRouter(tags=["datasets"])

_SCHEMA = "application/schema+json"
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {_SCHEMA: {}, "text/csv": {}}, "description": "JSON Schema 2020-12, or a CSV template."}
}


@router.get("/v1/datasets")
async def datasets(caller: AnyCaller, desk: DeskDep) -> DatasetList:
    """Every dataset: whose it is, what it measures, why it may be shared, and whether this caller may send it."""
    catalogue = desk.catalogue
    known = catalogue.datasets.values()
    return DatasetList(
        departments=len(catalogue.departments),
        datasets=[_listed(dataset, catalogue.owners[dataset.dataset], caller) for dataset in known],
        items=sum(len(dataset.items) for dataset in known),
    )


@router.get("/v1/datasets/{dataset}", response_class=JSONResponse, responses=_FORMS)
async def dataset(dataset: str, _caller: AnyCaller, desk: DeskDep, accept: Annotated[str, Header()] = "") -> Response:
    """The JSON Schema of one record; with `Accept: text/csv` the header line to fill in."""
    wanted = desk.checker(dataset).dataset
    if "text/csv" in accept:
        name = {"Content-Disposition": f'attachment; filename="{dataset}.csv"'}
        return Response(csv_template(wanted), media_type="text/csv; charset=utf-8", headers=name)
    return JSONResponse(json_schema(wanted, desk.catalogue.owners[dataset]), media_type=_SCHEMA)


def _listed(dataset: Dataset, department: Department, caller: Caller) -> DatasetOut:
    return DatasetOut(
        dataset=dataset.dataset,
        label=LabelOut(zh=dataset.label.zh, en=dataset.label.en),
        department=department.department,
        department_label=LabelOut(zh=department.label.zh, en=department.label.en),
        measure=dataset.measure,
        cycle=dataset.cycle,
        sharing=dataset.sharing,
        legal_basis=dataset.legal_basis,
        subject=dataset.subject.kind,
        key=list(dataset.key),
        items=len(dataset.items),
        may_submit=f"ingest:{dataset.dataset}" in caller.scopes,
    )
