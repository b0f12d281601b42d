"""The numbers of law: dated, with their source, and whether the legal officer has confirmed them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.credit.schemas.common import Body, Day, Line


class ParameterOut(BaseModel):
    """A number of law, with its source."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    region: str
    valid_from: date
    valid_to: date | None
    value: Decimal
    source: str
    verified: bool


class ParameterIn(Body):
    """A number of law to be recorded; the last record of a code, region and day wins."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,60}$")]
    region: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,9}$")] = "00"
    valid_from: Day
    valid_to: Day | None = None
    value: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]
    source: Line
    verified: bool

    @model_validator(mode="after")
    def _ends_after_its_beginning(self) -> Self:
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


class ParametersOut(BaseModel):
    """Numbers of law in the order of recording."""

    parameters: list[ParameterOut]
    banner: str | None = None
    banner_en: str | None = None
