"""附近: what is already known of the place somebody stands at, within their part of the city."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, degrees, inf, radians
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.scope import areas_under, is_open
from models.account import AccountRole
from models.case import Case
from models.category import Category
from models.finding import Finding
from models.unit import Area
from rules.duplicates import place_key
from rules.evidence import EARTH, metres
from rules.permission import Viewer

NEAR = 300.0
"""Metres within which something is nearby: what a phone between tall buildings may be off by,
and then some."""
MOST_SITES = 8
MOST_CASES = 6
_READ = 200
"""So many are read, so that several cases of one place do not hide the next one."""

Position = tuple[float, float]
"""Latitude and longitude in degrees of WGS 84."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place somebody may mean, and the area it lies in. `metres` are from where one stands."""

    place: str
    area: str
    lat: float | None = None
    lon: float | None = None
    metres: float | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """An open case nearby, with no more of it than tells whether it is the same problem.

    `metres` is empty when only the place is called the same.
    """

    number: str
    place: str
    problem: str
    category: str
    reported_at: datetime
    metres: float | None = None


@dataclass(frozen=True, slots=True)
class Nearby:
    """What is known around a place, the nearest first."""

    sites: Sequence[Site]
    cases: Sequence[Near]


# -- where somebody inspects -------------------------------------------------------------------


def areas_of(connection: Connection, viewer: Viewer) -> set[int] | None:
    """The areas a viewer inspects; None means all of the city."""
    roots = {grant.area_id for grant in viewer.grants if grant.role is AccountRole.INSPECTOR}
    if None in roots:
        return None
    return areas_under(connection, [root for root in roots if root is not None])


def inspected(connection: Connection, viewer: Viewer) -> sa.ColumnElement[bool]:
    """The condition on `case_` that holds for cases in the areas a viewer inspects."""
    areas = areas_of(connection, viewer)
    return sa.true() if areas is None else table(Case).c.area_id.in_(areas)


# -- what is there -----------------------------------------------------------------------------


def recent_sites(ledger: Ledger, viewer: Viewer, most: int = MOST_SITES) -> list[Site]:
    """The places where a viewer handed something in last, the latest first, each once."""
    with ledger.snapshot() as connection:
        own = _own_sites(connection, viewer)
    return _each_once(_site(row, None) for row in own)[:most]


def around(ledger: Ledger, viewer: Viewer, here: Position | None, place: str = "") -> Nearby:
    """The open cases and the places around a position, and the cases at a place of that name.

    Only within the areas the viewer inspects: what is reported elsewhere is not theirs to know.
    """
    with ledger.snapshot() as connection:
        beside = _beside(connection, viewer, here) if here else []
        called = _called(connection, viewer, place) if place.strip() else []
        own = _own_sites(connection, viewer) if here else []
    cases = {row.number: _near(row, here) for row in [*beside, *called]}
    sites = [_site(row, here) for row in [*beside, *own] if row.lat is not None]
    within = [site for site in sites if _off(site) <= NEAR]
    return Nearby(
        _each_once(sorted(within, key=_off))[:MOST_SITES],
        sorted(cases.values(), key=_off)[:MOST_CASES],
    )


def box(here: Position, within: float) -> sa.ColumnElement[bool]:
    """The condition on `case_` that holds in a square around a position of `within` metres."""
    lat, lon = here
    north = degrees(within / EARTH)
    east = north / max(cos(radians(lat)), 0.01)
    cases = table(Case)
    return sa.and_(
        cases.c.lat.between(lat - north, lat + north), cases.c.lon.between(lon - east, lon + east)
    )


def _beside(connection: Connection, viewer: Viewer, here: Position) -> Sequence[Any]:
    cases = table(Case)
    query = _open_cases().where(inspected(connection, viewer), box(here, NEAR))
    return connection.execute(query.order_by(cases.c.id.desc()).limit(_READ)).all()


def _called(connection: Connection, viewer: Viewer, place: str) -> Sequence[Any]:
    cases = table(Case)
    query = _open_cases().where(
        inspected(connection, viewer), cases.c.place_key == place_key(place)
    )
    return connection.execute(query.order_by(cases.c.id.desc()).limit(MOST_CASES)).all()


def _open_cases() -> sa.Select[Any]:
    cases, kinds, areas = table(Case), table(Category), table(Area)
    return (
        sa.select(
            cases.c.number, cases.c.place, cases.c.problem, cases.c.reported_at, cases.c.lat,
            cases.c.lon, sa.func.coalesce(kinds.c.minor, "").label("category"),
            sa.func.coalesce(areas.c.name, "").label("area"),
        )
        .outerjoin(kinds, kinds.c.code == cases.c.category_code)
        .outerjoin(areas, areas.c.id == cases.c.area_id)
        .where(is_open)
    )  # fmt: skip


def _own_sites(connection: Connection, viewer: Viewer) -> Sequence[Any]:
    findings, cases, areas = table(Finding), table(Case), table(Area)
    query = (
        sa.select(
            findings.c.place, cases.c.lat, cases.c.lon,
            sa.func.coalesce(areas.c.name, "").label("area"),
        )
        .join(cases, cases.c.id == findings.c.case_id)
        .outerjoin(areas, areas.c.id == cases.c.area_id)
        .where(findings.c.person_id == viewer.person_id, findings.c.place != "")
        .order_by(findings.c.id.desc())
        .limit(_READ)
    )  # fmt: skip
    return connection.execute(query).all()


# -- how far -----------------------------------------------------------------------------------


def _site(row: Any, here: Position | None) -> Site:
    return Site(row.place, row.area, row.lat, row.lon, distance(here, row.lat, row.lon))


def _near(row: Any, here: Position | None) -> Near:
    off = distance(here, row.lat, row.lon)
    return Near(row.number, row.place, row.problem, row.category, row.reported_at, off)


def distance(here: Position | None, lat: float | None, lon: float | None) -> float | None:
    """Metres from one position to another, if both are known."""
    if here is None or lat is None or lon is None:
        return None
    return metres(*here, lat, lon)


def _off(found: Site | Near) -> float:
    return inf if found.metres is None else found.metres


def _each_once(found: Iterable[Site]) -> list[Site]:
    """The first of each place: one place is spelt in many ways."""
    first: dict[str, Site] = {}
    for site in found:
        first.setdefault(place_key(site.place), site)
    return list(first.values())
