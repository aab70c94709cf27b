"""候选单位: which units a case without a unit might be handed to, each with why.

The supervisor decides; this only lays out what paper, routes and the map of the city say.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.reference import Reference, fold
from models.finding import Finding
from models.unit import Area, Unit, UnitKind
from models.words import Words
from rules.classify import Match
from rules.routing import Routed, route

MOST = 4
SHORTEST_NAME = 3
"""A name of two characters is found in too many texts."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One unit, and what speaks for it."""

    unit_id: int
    unit: str
    why: Words


@dataclass(frozen=True, slots=True)
class Site:
    """What is asked of a case. `path` is that of its area; `named` are the units on the paper."""

    category: str | None
    problem: str
    place: str
    path: str
    named: tuple[str, ...] = ()
    not_these: frozenset[int] = frozenset()
    """Units that had it and sent it back."""
    said: str = ""
    """Why it waits, in the words of whoever sent it here."""


def guess(reference: Reference, problem: str, place: str) -> Match:
    """The likeliest categories of a problem, however sure that is."""
    return reference.classifier.match(problem, place)


def candidates(
    reference: Reference, site: Site, blocks: Sequence[Any], at: datetime
) -> list[Candidate]:
    """The units that come into question, the likeliest first. `blocks` are from `territories`."""
    found: dict[int, Candidate] = {}
    for unit_id, why in _all(reference, site, blocks, at):
        unit = reference.directory.units.get(unit_id)
        if unit is not None and unit_id not in site.not_these:
            found.setdefault(unit_id, Candidate(unit_id, unit.name, why))
    return list(found.values())[:MOST]


def _all(
    reference: Reference, site: Site, blocks: Sequence[Any], at: datetime
) -> Iterator[tuple[int, Words]]:
    for name in site.named:
        if (unit := reference.unit(name)) is not None:
            yield unit, Words("原件写明", "named on the paper")
    for unit in _mentioned(reference, site.said):
        yield unit, Words("理由中提到", "named in the reason")
    yield from _by_routes(reference, site.category, site.path, at)
    match = guess(reference, site.problem, site.place)
    for code in (match.code, match.runner_up):
        if site.category is None and code is not None and code in reference.categories:
            minor = reference.categories[code].minor
            for unit, why in _by_routes(reference, code, site.path, at):
                yield unit, Words(f"若属“{minor}”：{why.zh}", f"if it is {minor}: {why.en}")
    for block in sorted(blocks, key=lambda block: -len(block.path)):
        if site.path.startswith(block.path):
            yield block.id, Words(f"属地：{block.area}", f"territory: {block.area}")


def _mentioned(reference: Reference, text: str) -> Iterator[int]:
    """The units that a text names, the longest names first."""
    said = fold(text)
    names = sorted(reference.unit_names, key=len, reverse=True)
    return (reference.unit_names[n] for n in names if len(n) >= SHORTEST_NAME and n in said)


def _by_routes(
    reference: Reference, category: str | None, path: str, at: datetime
) -> Iterator[tuple[int, Words]]:
    """The leads of all routes that fit, also of those that tie or are less exact."""
    if category is None:
        return
    on = at.astimezone(reference.zone).date()
    for entry in reference.routes:
        routed = route(category, path, on, [entry])
        if isinstance(routed, Routed):
            yield (
                routed.units[0][0],
                Words(f"责任路由 {entry.code}", f"route {entry.code}"),
            )


def territories(connection: Connection) -> Sequence[Any]:
    """The territorial units (属地单位) with the paths of their areas: id, area, path."""
    units, areas = table(Unit), table(Area)
    query = (
        sa.select(units.c.id, areas.c.name.label("area"), areas.c.path)
        .join(areas, units.c.area_id == areas.c.id)
        .where(units.c.kind == UnitKind.TERRITORY)
    )
    return connection.execute(query).all()


def paths(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """The paths of areas by their ids."""
    areas = table(Area)
    query = sa.select(areas.c.id, areas.c.path).where(areas.c.id.in_(ids))
    return dict(connection.execute(query).tuples().all())


def named_on_paper(connection: Connection, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The units that the first paper of each case names."""
    findings = table(Finding)
    query = (
        sa.select(findings.c.case_id, findings.c.paper)
        .where(findings.c.case_id.in_(ids))
        .order_by(findings.c.id.desc())
    )
    return {row.case_id: tuple(row.paper.get("units", ())) for row in connection.execute(query)}
