"""Servers of tests that run at the same time never meet on a port."""

import random
import subprocess
import sys

from tests.ports import claim, free_port, release


def test_whoever_asks_again_is_told_another_port_even_before_anyone_listens() -> None:
    told = []
    for _ in range(30):
        random.seed(0)  # as hypothesis does before each of its examples
        told.append(free_port())
    assert len(set(told)) == 30


def test_another_process_cannot_claim_what_this_one_has_and_can_when_it_lets_go() -> None:
    port = free_port()
    asked = [sys.executable, "-c", f"from tests.ports import claim; print(claim({port}))"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "False\n"
    release(port)
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "True\n"
    assert claim(port)
