"""A platform of its own: here parts die."""

from collections.abc import Iterator

import pytest

from tests.running import Running, running


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A whole platform that a test may hurt; the supervisor has to heal it."""
    with running(tmp_path_factory.mktemp("hurt")) as here:
        yield here
