"""Cases, their history, what became of their orders, and the numbers of law."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from services.credit.listing.law import Parameter
from services.credit.models import Case, OrderFact, ParameterRow, Step
from shared.db import Session, sql
from shared.errors import NotFound


class CaseNotFound(NotFound):
    """No such case, or not in your jurisdiction."""

    slug = "credit-case-not-found"
    title = "There is no such case in your jurisdiction"
    title_zh = "辖区内没有该案件"


async def parameters(session: Session) -> list[Parameter]:
    """Every number of law ever recorded, in the order of recording."""
    rows = (await session.exec(select(ParameterRow).order_by(col(ParameterRow.id)))).all()
    return [
        Parameter(
            code=row.code,
            region=row.region,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            value=row.value,
            source=row.source,
            verified=row.verified,
        )
        for row in rows
    ]


async def add_parameter(session: Session, parameter: Parameter, recorded_by: str) -> None:
    """Record a number of law beside the ones before it."""
    fields = {name: getattr(parameter, name) for name in Parameter.__dataclass_fields__}
    session.add(ParameterRow(**fields, recorded_by=recorded_by))


async def lock_order(session: Session, order_id: UUID) -> None:
    """One event of an order at a time, until the transaction ends: no fact falls between two consumers."""
    await sql(session, "select pg_advisory_xact_lock(hashtextextended(:key, 45))", key=f"order:{order_id}")


async def order_fact(session: Session, order_id: UUID) -> OrderFact:
    """What is known of the order; a new empty row when nothing is."""
    fact = await session.get(OrderFact, order_id)
    if fact is None:
        fact = OrderFact(order_id=order_id)
        session.add(fact)
    return fact


async def case_of_order(session: Session, order_id: UUID) -> Case | None:
    """The case of the order, locked, if it was opened."""
    query = select(Case).where(Case.order_id == order_id).with_for_update()
    return (await session.exec(query)).first()


async def keep_step(session: Session, case: Case, step: Step) -> None:
    """Keep the case as it is now, and the step that led here."""
    session.add(case)
    await session.flush()
    session.add(step)


async def case_by_id(session: Session, case_id: UUID) -> Case:
    """The case, or CaseNotFound: row-level security hides other divisions' cases."""
    return _found(await session.get(Case, case_id), case_id)


async def case_for_update(session: Session, case_id: UUID) -> Case:
    """The case, locked until the transaction ends."""
    query = select(Case).where(Case.id == case_id).with_for_update()
    return _found((await session.exec(query)).first(), case_id)


async def newest_cases(session: Session, state: str | None, before: int | None, limit: int) -> Sequence[Case]:
    """Cases of the jurisdiction, newest first, from below the serial `before`."""
    query = select(Case).order_by(col(Case.serial).desc()).limit(limit)
    if state:
        query = query.where(Case.state == state)
    if before is not None:
        query = query.where(col(Case.serial) < before)
    return (await session.exec(query)).all()


async def steps(session: Session, case_id: UUID) -> Sequence[Step]:
    """The history of a case, oldest first."""
    return (await session.exec(select(Step).where(Step.case_id == case_id).order_by(col(Step.id)))).all()


def _found(case: Case | None, case_id: UUID) -> Case:
    if case is None:
        raise CaseNotFound(
            f"There is no case {case_id} in your jurisdiction.", detail_zh=f"您的辖区内没有案件 {case_id}。"
        )
    return case
