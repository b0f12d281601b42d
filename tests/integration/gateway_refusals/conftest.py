"""One front door for the whole folder, with room for small bodies only."""

from collections.abc import Iterator

import pytest

from tests.gateway_door import Door, open_door


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("door"), body_limit=64 * 1024, ingest_body_limit=512 * 1024) as door:
        yield door
