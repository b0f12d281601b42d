"""Who is behind with which bill, month by month: another order of payment than wages, in every industry another one."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from city.draws import Floats, logistic, normal, uniform
from city.ground import Ground
from city.history import History

Behind = npt.NDArray[np.int8]


def behind(ground: Ground, history: History) -> dict[str, Behind]:
    """For each kind of bill the months each employer is behind at each month's end, shape (months, count)."""
    numbers, shape = ground.numbers.bills, history.stress.shape
    found = {kind: np.zeros(shape, np.int8) for kind in numbers.kinds}
    begins = {kind: _inclination(ground, kind) for kind in numbers.kinds}
    for month, sloppy in enumerate(_sloppiness(ground, shape[0])):
        alive, stress = history.is_alive(month, ground.people), history.stress[month]
        drive = numbers.of_stress * stress + numbers.of_sloppiness * sloppy
        stays = numbers.stay + numbers.stay_by_stress * stress + numbers.hidden_shift * ground.people.is_hidden
        for kind in numbers.kinds:
            before = found[kind][month - 1] if month else np.zeros(ground.count, np.int8)
            odds = np.where(before > 0, stays, begins[kind] + drive).astype(np.float32)
            missed = uniform(ground.draws.of(f"bill {kind}", month), ground.count) < logistic(odds)
            missed &= ground.people.accounts[kind] & alive
            found[kind][month] = np.where(missed, np.minimum(before + 1, numbers.most_months), 0)
    return found


def _sloppiness(ground: Ground, months: int) -> Iterator[Floats]:
    """A habit of its own, which has nothing to do with wages: standard normal, slow."""
    keep = ground.numbers.bills.sloppy_persistence
    sloppy = normal(ground.draws.of("sloppiness", -1), ground.count)
    for month in range(months):
        fresh = normal(ground.draws.of("sloppiness", month), ground.count)
        sloppy = (keep * sloppy + np.sqrt(1 - keep**2) * fresh).astype(np.float32)
        yield sloppy


def _inclination(ground: Ground, kind: str) -> Floats:
    """Log odds to fall behind, before stress and sloppiness: by kind, industry, size, temperament."""
    numbers, people = ground.numbers.bills, ground.people
    order = np.array([numbers.order[one.group][kind] for one in ground.economy.industries])[people.industry]
    large = (people.log_size > np.log(numbers.large_from)) * numbers.kinds[kind].large
    person = numbers.of_temperament * people.temperament + numbers.hidden_shift * people.is_hidden
    return np.asarray(numbers.kinds[kind].start + order + large + person, np.float32)
