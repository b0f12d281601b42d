"""Where data go: from an item to features, indicators and who sees them, and back from an indicator."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.ingest import lineage as ways
from services.ingest.lineage import Way
from services.ingest.routes.desk import AnyCaller, DeskDep
from services.ingest.schemas import FeatureLineage, IndicatorLineage, ItemLineage, LabelOut, LineageOut
from services.ingest.usecases.lineage import rulebook_in_use
from shared.auth import Caller
from shared.db import SessionDep
from shared.errors import Forbidden, NotFound, Unprocessable
from shared.events import RulebookAnnounced

router = APIRouter(prefix="/v1/lineage", tags=["lineage"])


async def _reader(caller: AnyCaller) -> Caller:
    if caller.kind == "person":
        caller.must_have("lineage:read")
    return caller


Reader = Annotated[Caller, Depends(_reader)]


@router.get("")
async def lineage(
    reader: Reader,
    desk: DeskDep,
    session: SessionDep,
    *,
    dataset: Annotated[str | None, Query(max_length=64)] = None,
    indicator: Annotated[str | None, Query(max_length=16)] = None,
) -> LineageOut:
    """Where a dataset's items go, or (for people) the items that an indicator stands on: name one of the two."""
    if (dataset is None) == (indicator is None):
        raise Unprocessable("Name either a dataset or an indicator.", detail_zh="请指定数据集或指标之一。")
    if dataset is not None:
        return await dataset_lineage(dataset, reader, desk, session)
    if reader.kind == "agency":
        raise Forbidden("An agency asks for its own datasets.", detail_zh="部门仅可查询本部门的数据集。", check="role")
    book = await rulebook_in_use(session)
    found = ways.ways_to(desk.catalogue, book, indicator or "")
    if found is None:
        raise NotFound(f"There is no indicator {indicator!r}.", detail_zh=f"没有指标 {indicator!r}。")
    return _out(found, book)


@router.get("/{dataset}")
async def dataset_lineage(dataset: str, reader: Reader, desk: DeskDep, session: SessionDep) -> LineageOut:
    """Where each item of a dataset goes. An agency asks for what it sends."""
    return await _lineage(dataset, None, reader, desk, session)


@router.get("/{dataset}/{item}")
async def item_lineage(dataset: str, item: str, reader: Reader, desk: DeskDep, session: SessionDep) -> LineageOut:
    """Where one item goes."""
    return await _lineage(dataset, item, reader, desk, session)


async def _lineage(dataset: str, item: str | None, reader: Caller, desk: DeskDep, session: SessionDep) -> LineageOut:
    known = desk.checker(dataset).dataset
    if reader.kind == "agency":
        reader.must_have(f"ingest:{dataset}")
    if item is not None and item not in known.by_name:
        raise NotFound(f"{dataset} has no item {item[:64]!r}.", detail_zh=f"{dataset} 没有数据项 {item[:64]!r}。")
    book = await rulebook_in_use(session)
    return _out(ways.ways_of(desk.catalogue, book, dataset, item), book)


def _out(found: Iterable[Way], book: RulebookAnnounced | None) -> LineageOut:
    return LineageOut(rulebook_version=book.version if book else None, items=[_item(way) for way in found])


def _item(way: Way) -> ItemLineage:
    return ItemLineage(
        dataset=way.dataset.dataset,
        dataset_label=LabelOut(zh=way.dataset.label.zh, en=way.dataset.label.en),
        item=way.item.item,
        label=way.item.label,
        owner=way.owner,
        legal_basis=way.dataset.legal_basis,
        sensitivity=way.item.sensitivity,
        roles=list(way.roles),
        features=[
            FeatureLineage(code=each.code, title=LabelOut(zh=each.title_zh, en=each.title_en)) for each in way.features
        ],
        indicators=[
            IndicatorLineage(
                code=each.code,
                title=LabelOut(zh=each.title_zh, en=each.title_en),
                subject=each.subject,
                features=each.features,
                article=each.article,
            )
            for each in way.indicators
        ],
        used_by=list(way.used_by),
    )
