"""Versions of the rules and dry runs, from what is stored to what is answered. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from services.scoring.rulebook import Built, Derived, Feature, Rulebook
from services.scoring.rulebook.lifecycle import IN_FORCE, Act, Deed
from services.scoring.schemas.rulebooks import (
    ChangedEntryOut,
    ChangedFieldOut,
    ChangeOut,
    DryRunOut,
    MoveOut,
    RulebookActOut,
    RulebookDiffOut,
    RulebookVersionOut,
    StepOut,
    TallyOut,
)
from services.scoring.store.dry_runs import DryRun
from services.scoring.tallying import Tally
from services.scoring.usecases.rulebooks import Known

Entries = Mapping[str, Mapping[str, Any]]


def version_view(known: Known) -> RulebookVersionOut:
    """A version with who did what."""
    acts, version = known.acts, known.version
    submitted, approved = _last(acts, {"submitted"}), _last(acts, {"approved"})
    activated = _last(acts, IN_FORCE)
    return RulebookVersionOut(
        **{name: value for name, value in version._asdict().items() if name != "effective_from"},
        state=known.state,
        submitted_by=submitted.actor if submitted else None,
        submitted_at=submitted.acted_at if submitted else None,
        approved_by=approved.actor if approved else None,
        approved_at=approved.acted_at if approved else None,
        activated_by=activated.actor if activated else None,
        activated_at=activated.acted_at if activated else None,
        effective_from=_effective_from(version.effective_from, activated),
        acts=[_act(each) for each in acts],
    )


def _last(acts: list[Act], kinds: set[Deed] | frozenset[Deed]) -> Act | None:
    return next((each for each in reversed(acts) if each.act in kinds), None)


def _effective_from(wanted: date | None, activated: Act | None) -> date | None:
    return activated.effective_from if activated else wanted


def _act(act: Act) -> RulebookActOut:
    told = {name: value for name, value in act._asdict().items() if name not in ("act_no", "version")}
    return RulebookActOut.model_validate(told)


def diff_view(book: Rulebook, against: Rulebook) -> RulebookDiffOut:
    """Every entry that differs, field by field, in the order of the pages and codes."""
    entries = [
        entry
        for page, before, after in zip(_PAGES, _pages(against), _pages(book), strict=True)
        for code in sorted({*before, *after})
        if (entry := _changed(page, code, before.get(code), after.get(code)))
    ]
    return RulebookDiffOut(version=book.version, against=against.version, entries=entries)


_PAGES = ("datasets", "features", "indicators", "parameters")


def _pages(book: Rulebook) -> list[dict[str, dict[str, Any]]]:
    features: tuple[Feature | Derived | Built, ...] = (*book.measured, *book.derived, *book.built)
    pages: list[list[tuple[str, Any]]] = [
        list(book.datasets.items()),
        [(each.code, each) for each in features],
        [(each.code, each) for each in book.indicators],
        [(each.code, each) for each in book.parameters],
    ]
    return [_named(page) for page in pages]


def _named(page: list[tuple[str, Any]]) -> dict[str, dict[str, Any]]:
    """Entries by code; of several with one code (in time) the later ones are told apart by number."""
    found: dict[str, dict[str, Any]] = {}
    for code, entry in page:
        name = code if code not in found else f"{code} #{sum(each.split(' #')[0] == code for each in found) + 1}"
        found[name] = msgspec.to_builtins(entry)
    return found


def _changed(
    page: Any, code: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> ChangedEntryOut | None:
    if before == after:
        return None
    old, new = before or {}, after or {}
    fields = [
        ChangedFieldOut(field=name, before=old.get(name), after=new.get(name))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]
    change: Any = "added" if before is None else "removed" if after is None else "changed"
    return ChangedEntryOut(page=page, code=code, change=change, fields=fields)


def dry_run_view(run: DryRun, tallies: Mapping[str, Tally], jurisdiction: str | None) -> DryRunOut:
    """A dry run. `jurisdiction`: whose examples are told; None for none of them."""
    told = {name: value for name, value in run._asdict().items() if name in DryRunOut.model_fields}
    employers, projects = (tallies.get(kind) for kind in ("employer", "project"))
    return DryRunOut(
        **told,
        employers=_tally(employers, jurisdiction) if employers else None,
        projects=_tally(projects, jurisdiction) if projects else None,
    )


def _tally(tally: Tally, jurisdiction: str | None) -> TallyOut:
    moves = [MoveOut(now=now, then=then, subjects=n) for (now, then), n in sorted(_moves(tally).items())]
    return TallyOut(
        subjects=tally.subjects,
        changed=sum(move.subjects for move in moves if move.now != move.then),
        levels_now=dict(tally.levels(0)),
        levels_then=dict(tally.levels(1)),
        moves=moves,
        steps=_steps(tally),
        changes=[
            ChangeOut.model_validate(msgspec.to_builtins(change))
            for change in tally.changes
            if jurisdiction and (change.division or jurisdiction[:6]).startswith(jurisdiction)
        ],
    )


def _moves(tally: Tally) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for move, count in tally.moves.items():
        now, then = move.split(">")
        found[now, then] = count
    return found


def _steps(tally: Tally) -> list[StepOut]:
    return [
        StepOut(
            indicator=code,
            step=int(step),
            now=tally.steps_now.get(code, {}).get(step, 0),
            then=tally.steps_then.get(code, {}).get(step, 0),
        )
        for code in sorted({*tally.steps_now, *tally.steps_then})
        for step in sorted({*tally.steps_now.get(code, {}), *tally.steps_then.get(code, {})}, key=int)
    ]
