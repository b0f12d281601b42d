"""The catalogue as others read it."""

import hashlib
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from services.ingest.catalogue import (
    Book,
    Dataset,
    Department,
    Version,
    core_metadata,
    csv_template,
    history,
    json_schema,
    shipped_book,
)
from services.ingest.codecs import MEDIA_TYPES
from services.ingest.routes.desk import AnyCaller, DeskDep
from services.ingest.schemas import (
    ChangeOut,
    CoreMetadata,
    DatasetList,
    DatasetOut,
    LabelOut,
    VersionList,
    VersionOut,
)
from shared.auth import Caller

router = APIRouter(tags=["datasets"])

_SCHEMA = "application/schema+json"
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {_SCHEMA: {}, "text/csv": {}}, "description": "JSON Schema 2020-12, or a CSV template."},
    304: {"description": "The schema is still the one of the given ETag."},
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
async def dataset(
    dataset: str,
    _caller: AnyCaller,
    desk: DeskDep,
    accept: Annotated[str, Header()] = "",
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """The JSON Schema of one record (`x-version`, `ETag`); with `Accept: text/csv` the header line to fill in."""
    wanted = desk.checker(dataset).dataset
    if "text/csv" in accept:
        name = {"Content-Disposition": f'attachment; filename="{dataset}.csv"'}
        return Response(csv_template(wanted), media_type="text/csv; charset=utf-8", headers=name)
    answer = JSONResponse(json_schema(wanted, desk.catalogue.owners[dataset]), media_type=_SCHEMA)
    answer.headers["ETag"] = f'"{wanted.version}-{hashlib.sha256(answer.body).hexdigest()[:16]}"'
    answer.headers["Cache-Control"] = "no-cache"
    if answer.headers["ETag"] in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]:
        return Response(status_code=304, headers={"ETag": answer.headers["ETag"]})
    return answer


@router.get("/v1/datasets/{dataset}/versions")
async def versions(dataset: str, _caller: AnyCaller, desk: DeskDep) -> VersionList:
    """The versions of a dataset with their differences, those that it succeeds and that succeed it included."""
    known = desk.checker(dataset).dataset
    book, told = shipped_book(), history(shipped_book(), dataset)
    # A dataset added on this platform alone has no published version yet: it is what it is.
    listed = [_version(name, version, book) for name, version in told] or [_unpublished(known)]
    return VersionList(dataset=dataset, versions=listed)


def _version(dataset: str, version: Version, book: Book) -> VersionOut:
    changes = [
        ChangeOut(item=each.item, kind=each.kind, compatible=each.is_compatible, message=each.en, message_zh=each.zh)
        for each in version.changes
    ]
    return VersionOut(
        dataset=dataset,
        version=version.version,
        published_on=version.published_on,
        until=book[dataset].until,
        in_force=version.version == book[dataset].newest,
        changes=changes,
    )


def _unpublished(dataset: Dataset) -> VersionOut:
    return VersionOut(
        dataset=dataset.dataset,
        version=dataset.version,
        published_on=None,
        until=dataset.until,
        in_force=True,
        changes=[],
    )


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
        version=dataset.version,
        until=dataset.until,
        sensitivity=dict(Counter(item.sensitivity for item in dataset.items)),
        formats=sorted(MEDIA_TYPES),
        core=CoreMetadata.model_validate(core_metadata(dataset, department)),
        may_submit=f"ingest:{dataset.dataset}" in caller.scopes,
    )
