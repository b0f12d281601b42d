"""What a how-to shows as an example is one."""

import re
from pathlib import Path

import msgspec

from services.ingest.catalogue import Department

HOW_TO = Path(__file__).parent.parent.parent / "docs/how-to"


def test_the_department_that_is_shown_would_be_taken_into_the_catalogue() -> None:
    page = (HOW_TO / "add-a-dataset.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    department = msgspec.yaml.decode(example, type=Department, strict=False)
    (dataset,) = department.datasets
    assert dataset.dataset == "fund_arrears"
    assert dataset.by_name["contact"].sensitivity == "P2"
