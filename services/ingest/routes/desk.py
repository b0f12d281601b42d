"""What every route has at hand, made once per application: catalogue, checks, vault and the gate."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from services.ingest.admission import Gate
from services.ingest.catalogue import Catalogue, shipped
from services.ingest.rounds import Rounds
from services.ingest.rules import must_still_be_taken
from services.ingest.settings import IngestSettings
from services.ingest.validation import Checker
from shared.auth import Caller, current_caller
from shared.clock import today
from shared.crypto import Vault
from shared.db import Database
from shared.errors import Forbidden, NotFound


@dataclass
class Desk:
    """Where submissions are taken in."""

    settings: IngestSettings
    catalogue: Catalogue
    vault: Vault
    gate: Gate
    small: Gate
    watchers: Gate
    # A row is found by reading its file again: one at a time, so that many looks never crowd out what is handed in.
    reading: Gate = field(default_factory=lambda: Gate(concurrent=1, waiting=15, bytes_in_flight=0, each=4))
    reading_large: Gate = field(default_factory=lambda: Gate(concurrent=1, waiting=3, bytes_in_flight=0, each=2))
    _checkers: dict[str, Checker] = field(default_factory=dict)
    _rounds: Rounds | None = None

    @classmethod
    def of(cls, settings: IngestSettings, catalogue: Catalogue) -> "Desk":
        """A desk for these settings and datasets."""
        gate = Gate(
            settings.max_concurrent,
            settings.max_waiting,
            settings.max_bytes_in_flight,
            settings.max_of_an_agency,
            large=settings.max_large,
            patience_s=settings.turn_timeout_s,
        )
        small = Gate(1, settings.max_small - 1, settings.max_bytes_in_flight // 4, settings.max_small_of_an_agency)
        watchers = Gate(1, settings.max_watchers - 1, 0, settings.max_watchers_of_an_agency)
        return cls(settings, catalogue, Vault.of(settings), gate, small, watchers)

    def checker(self, dataset: str) -> Checker:
        """The checks of a dataset; NotFound when the catalogue has none of that name."""
        if dataset not in self.catalogue.datasets:
            raise NotFound(f"There is no dataset {dataset[:64]!r}.", detail_zh=f"没有数据集 {dataset[:64]!r}。")
        if dataset not in self._checkers:
            self._checkers[dataset] = Checker(self.catalogue.datasets[dataset])
        return self._checkers[dataset]

    def rounds(self, db: Database) -> Rounds:
        """Where small submissions go together."""
        if self._rounds is None:
            self._rounds = Rounds(db, self.vault)
        return self._rounds


async def desk_of(request: Request) -> Desk:
    """The application's desk."""
    state = request.app.state
    if not hasattr(state, "desk"):
        state.desk = Desk.of(state.runtime.settings, shipped())
    desk: Desk = state.desk
    return desk


async def _caller(request: Request) -> Caller:
    return current_caller(request)


DeskDep = Annotated[Desk, Depends(desk_of)]
AnyCaller = Annotated[Caller, Depends(_caller)]


async def submitter(dataset: str, caller: AnyCaller, desk: DeskDep) -> Caller:
    """An agency that may send this dataset. A person cannot: what he knows enters as a lead, under his name."""
    await agency(caller)
    until = desk.checker(dataset).dataset.until
    caller.must_have(f"ingest:{dataset}")
    if until is not None:  # the day is asked for only where it matters: this is the busiest way of all
        must_still_be_taken(dataset, until, today())
    return caller


async def agency(caller: AnyCaller) -> Caller:
    """An agency, whatever it may send."""
    if caller.kind != "agency":
        raise Forbidden("Only an agency hands in records.", detail_zh="仅部门可报送数据。", check="role")
    return caller


Submitter = Annotated[Caller, Depends(submitter)]
AgencyCaller = Annotated[Caller, Depends(agency)]
