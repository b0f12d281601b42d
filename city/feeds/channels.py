"""What stress does to a series of use, sales or staff, beside much that has nothing to do with it.

Each employer has his own loading (in some, trouble does not show there at all), each series a slow life of its own.
"""

from collections.abc import Iterator

import numpy as np

from city.building import City
from city.draws import Floats, normal, uniform
from city.feeds.telling import distress
from city.parameters import signals


def changes(city: City, group: str) -> Iterator[Floats]:
    """Month by month the log change of everybody's series against its usual level, shape (count,)."""
    numbers, count, draws = signals()[group], city.people.count, city.draws
    shows = uniform(draws.of(f"shows {group}"), count) < numbers["shows"]
    loading = shows * numbers["fall"] * np.exp(numbers["fall_sigma"] * normal(draws.of(f"loading {group}"), count))
    keep, slow = numbers["slow_keep"], normal(draws.of(f"slow {group}", -1), count)
    for month in range(city.calendar.months):
        slow = keep * slow + np.sqrt(1 - keep**2) * normal(draws.of(f"slow {group}", month), count)
        noise = numbers["noise"] * normal(draws.of(f"noise {group}", month), count)
        stress = np.clip(city.history.stress[month], -1.5, numbers["most"])
        fall = loading * stress + shows * distress(city, group, month)
        yield np.asarray(numbers["slow"] * slow + noise - fall, np.float32)
