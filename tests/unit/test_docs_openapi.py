"""docs/openapi/ is OpenAPI 3.1, and every operation says what it is, who may call it, and how it refuses."""

from typing import Any

import pytest
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from docs.generate.openapi import SERVICES, document

services = pytest.mark.parametrize("name", SERVICES)


@services
def test_the_document_is_valid_openapi(name: str) -> None:
    validate(document(name))


@services
def test_it_is_version_3_1(name: str) -> None:
    assert document(name)["openapi"].startswith("3.1.")


@services
def test_every_operation_says_what_it_does(name: str) -> None:
    silent = [where for where, operation in _operations(name) if not operation.get("description")]
    assert silent == []


@services
def test_no_two_operations_share_an_id(name: str) -> None:
    ids = [operation["operationId"] for _, operation in _operations(name)]
    assert len(ids) == len(set(ids))


@services
def test_refusals_are_problem_json(name: str) -> None:
    wrong = [
        f"{where} {status}"
        for where, operation in _operations(name)
        for status, answer in operation["responses"].items()
        if status[0] in "45" and not _refuses_well(where, answer)
    ]
    assert wrong == []


def test_a_broken_document_is_noticed() -> None:
    whole = document("scoring")
    broken = {**whole, "info": {name: value for name, value in whole["info"].items() if name != "title"}}
    with pytest.raises(OpenAPIValidationError):
        validate(broken)


def _refuses_well(where: str, answer: dict[str, Any]) -> bool:
    # OAuth errors have a form of their own (RFC 6749, 5.2), and the login page answers a person.
    return "/oauth/" in where or "application/problem+json" in answer.get("content", {})


def _operations(name: str) -> list[tuple[str, dict[str, Any]]]:
    paths = document(name)["paths"].items()
    return [(f"{verb.upper()} {path}", operation) for path, verbs in paths for verb, operation in verbs.items()]
