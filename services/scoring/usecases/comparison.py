"""Put a challenger beside the champion."""

from datetime import datetime, timedelta

from services.scoring.comparing import Comparison, compare
from services.scoring.learning import outcomes
from services.scoring.learning import policy as learning_policy
from services.scoring.model.lifecycle import ModelNotThere
from services.scoring.model.policy import shipped
from services.scoring.store import outcomes as outcome_store
from services.scoring.store import predictions as store
from services.scoring.store import registry as registry_store
from services.scoring.usecases.models import NoSuchModel
from shared.clock import local_date
from shared.db import Session


async def compared(session: Session, model_id: str, at: datetime) -> Comparison:
    """The newest day on which both were asked of most. Raises NoSuchModel; ModelNotThere without a champion."""
    lines = {line.model_id: line for line in await registry_store.lines(session)}
    if model_id not in lines:
        raise NoSuchModel(f"There is no model {model_id}.", detail_zh=f"没有模型 {model_id}。")
    champion = next((line.model_id for line in lines.values() if line.state == "champion"), None)
    if champion is None or champion == model_id:
        raise ModelNotThere(
            "There is no champion beside it.", detail_zh="没有可比较的现用模型。", state=lines[model_id].state
        )
    numbers = shipped()
    since = local_date(at) - timedelta(days=numbers.live.keep_days)
    counted = await store.days_of_both(session, champion, model_id, since)
    # Single records touch a few on any day; a population run asks of everyone.
    most = max((count for _, count in counted), default=0)
    days = [day for day, count in counted if count * 2 >= most]
    if not days:
        return Comparison(None)
    both = await store.of_both(session, champion, model_id, days[0])
    told = await outcome_store.stands(session, at, learning_policy.shipped().complaints)
    labels = outcomes.labels(told, numbers.live.one_arrears_days)
    window = labels["started_on"].is_between(days[0], days[0] + timedelta(days=numbers.horizon_days), closed="right")
    found = labels.filter(window)["employer_id"].to_list()
    return compare(both, (champion, model_id), found, days, numbers)
