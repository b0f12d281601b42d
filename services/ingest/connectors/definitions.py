"""The connectors as data: whose records they bring, and what the remote calls the items."""

from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(_Told):
    """A name for people."""

    zh: str
    en: str


class Feed(_Told):
    """One dataset of a platform. `fields`: the remote's name of a field -> the item of the catalogue."""

    dataset: str
    resource: str
    fields: dict[str, str] = Field(min_length=1)


class Connector(_Told):
    """One platform. `agency`: in whose name its records come; `every_s`: seconds between two rounds."""

    label: Label
    agency: str
    every_s: int = Field(ge=60)
    page_size: int = Field(ge=1, le=5000)
    feeds: tuple[Feed, ...] = Field(min_length=1)


@cache
def shipped() -> dict[str, Connector]:
    """Every connector there is, by its id."""
    text = resources.files("services.ingest.data").joinpath("connectors.yaml").read_text("utf-8")
    return {name: Connector.model_validate(told) for name, told in yaml.safe_load(text).items()}
