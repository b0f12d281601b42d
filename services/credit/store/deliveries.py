"""Subscribers and what is on its way to them. Claims survive a `kill -9`: they lapse, and another worker goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from services.credit.models import Delivery, Subscriber
from shared.db import Session, sql
from shared.errors import Conflict, NotFound
from shared.ids import new_id

# A subscriber who lets us wait keeps so many tries waiting, and nobody else's.
EACH = 4

_CLAIM = """
with due as (
    select d.id from credit.subscriber s cross join lateral (
        select id, next_attempt_at from credit.delivery
        where subscriber_id = s.id and state = 'pending' and next_attempt_at <= :now
          and (claimed_until is null or claimed_until < :now)
        order by next_attempt_at
        limit least(:limit, greatest(0, :each - (
            select count(*) from credit.delivery
            where subscriber_id = s.id and state = 'pending' and claimed_until >= :now)))
        for update skip locked
    ) d order by d.next_attempt_at limit :limit
), claimed as (
    update credit.delivery d set claimed_until = :until, attempts = attempts + 1 from due where d.id = due.id
    returning d.id, d.subscriber_id, d.sequence, d.attempts, d.created_at, d.traceparent
)
select c.id, c.subscriber_id, s.name as subscriber, s.url, s.secret_sealed, s.state = 'active' as is_active,
       f.event_id, f.body, c.sequence, c.attempts, c.traceparent
from claimed c join credit.subscriber s on s.id = c.subscriber_id join credit.feed f on f.sequence = c.sequence
"""

_FAN_OUT = """
insert into credit.delivery (id, subscriber_id, sequence, state, next_attempt_at, created_at, traceparent)
values (:id, :subscriber, :sequence, 'pending', :now, :now, :traceparent)
"""


class DeliveryNotDead(Conflict):
    """Only a dead delivery can be replayed."""

    slug = "credit-delivery-not-dead"
    title = "The delivery is not dead"
    title_zh = "该推送未进入死信"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker may try now."""

    id: UUID
    subscriber_id: UUID
    subscriber: str
    url: str
    secret_sealed: str
    is_active: bool
    event_id: UUID
    body: bytes
    sequence: int
    attempts: int
    traceparent: str | None


async def fan_out(session: Session, sequence: int, traceparent: str | None, now: datetime) -> None:
    """One delivery a subscriber, in the transaction of the event itself."""
    active = select(Subscriber.id).where(Subscriber.state == "active")
    for subscriber in (await session.exec(active)).all():
        await sql(
            session, _FAN_OUT, id=new_id(), subscriber=subscriber, sequence=sequence, now=now, traceparent=traceparent
        )


async def claim(session: Session, now: datetime, until: datetime, limit: int, each: int = EACH) -> list[Claimed]:
    """Take what is due; it belongs to the caller until `until`. At most `each` of one subscriber are out at a time."""
    rows = (await sql(session, _CLAIM, now=now, until=until, limit=limit, each=each)).all()
    return [Claimed(**row._mapping) for row in rows]


async def settle(session: Session, delivery_id: UUID, **outcome: object) -> None:
    """Write what became of a try: state, next_attempt_at, delivered_at, last_status, last_error."""
    delivery = (await session.exec(select(Delivery).where(Delivery.id == delivery_id).with_for_update())).one()
    for name, value in {"claimed_until": None, **outcome}.items():
        setattr(delivery, name, value)


async def disable(session: Session, subscriber_id: UUID, because: str) -> None:
    """Send nothing more to a subscriber who said that he is gone."""
    subscriber = (await session.exec(select(Subscriber).where(Subscriber.id == subscriber_id).with_for_update())).one()
    subscriber.state, subscriber.disabled_because = "disabled", because


async def add_subscriber(session: Session, subscriber: Subscriber) -> None:
    """Keep a new subscriber; Conflict when the name is taken."""
    taken = select(Subscriber.id).where(Subscriber.name == subscriber.name)
    if (await session.exec(taken)).first():
        raise Conflict(
            f"There is a subscriber {subscriber.name} already.", detail_zh=f"订阅方 {subscriber.name} 已存在。"
        )
    session.add(subscriber)


async def subscribers(session: Session) -> Sequence[Subscriber]:
    """Every subscriber, by name."""
    return (await session.exec(select(Subscriber).order_by(col(Subscriber.name)))).all()


async def newest(session: Session, state: str | None, limit: int) -> Sequence[tuple[Delivery, str]]:
    """Deliveries with the names of their subscribers, newest first."""
    query = select(Delivery, Subscriber.name).where(col(Delivery.subscriber_id) == col(Subscriber.id))
    if state:
        query = query.where(Delivery.state == state)
    return (await session.exec(query.order_by(col(Delivery.id).desc()).limit(limit))).all()


async def revive(session: Session, delivery_id: UUID, now: datetime) -> Delivery:
    """Let a dead delivery begin anew, under the same webhook id; its subscriber is active again."""
    delivery = (await session.exec(select(Delivery).where(Delivery.id == delivery_id).with_for_update())).first()
    if delivery is None:
        raise NotFound(f"There is no delivery {delivery_id}.", detail_zh=f"没有推送记录 {delivery_id}。")
    if delivery.state != "dead":
        raise DeliveryNotDead(
            f"The delivery is {delivery.state}; only a dead one can be replayed.",
            detail_zh=f"推送状态为 {delivery.state}，只有失败终止（dead）的才能重发。",
        )
    delivery.state, delivery.attempts, delivery.next_attempt_at = "pending", 0, now
    subscriber = (await session.exec(select(Subscriber).where(Subscriber.id == delivery.subscriber_id))).one()
    subscriber.state, subscriber.disabled_because = "active", None
    return delivery
