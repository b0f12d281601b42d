"""One front door for the whole folder, whose traces go to a collector that keeps them."""

import threading
from collections.abc import Iterator

import pytest

from tests.gateway_door import Door, open_door
from tests.ports import free_port
from tests.span_collector import Collector


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever, daemon=True)
    thread.start()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()
    thread.join()


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("door"), otlp_endpoint=collector.url, ops_port=free_port()) as door:
        yield door
