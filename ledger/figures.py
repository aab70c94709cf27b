"""挂图作战: how the open cases of a viewer stand, by area and by leading unit.

One grouped query over the open cases, found by their own index; the closed ones are not counted
but sampled from the newest backwards, so that a wall costs the same after ten years.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.scope import areas_under, is_open, visible
from models.account import AccountRole
from models.assignment import Assignment
from models.case import Case, Status
from models.category import Role
from models.unit import Area, Unit
from rules.countdown import HANDLED
from rules.permission import Viewer

SAMPLE = 5_000
"""So many of the newest closed cases tell how many are closed on time."""
WITHIN = timedelta(days=30)

cases, areas, units, parts = table(Case), table(Area), table(Unit), table(Assignment)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of cases. `due_today` is still to come, `overdue` over already; of `closed`, on time.

    A case handed in, or suspended, is neither: its clock has stopped.
    """

    open: int = 0
    due_today: int = 0
    overdue: int = 0
    reworked: int = 0
    closed: int = 0
    on_time: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        names = (field.name for field in fields(self))
        return Figures(*(getattr(self, name) + getattr(other, name) for name in names))

    @property
    def rest(self) -> int:
        """Open, and neither due today nor overdue."""
        return self.open - self.due_today - self.overdue

    @property
    def percent(self) -> int | None:
        """The share closed on time, in percent; None while nothing was closed."""
        return round(100 * self.on_time / self.closed) if self.closed else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How one area, or one unit, stands. `below`: there are areas within it."""

    id: int | None
    name: str
    figures: Figures
    below: bool = False


@dataclass(frozen=True, slots=True)
class Wall:
    """The wall: everything, by area and by unit, as of an instant.

    `way` are the areas from the top down to the one that is shown, itself included.
    """

    at: datetime
    total: Figures
    areas: Sequence[Standing]
    units: Sequence[Standing]
    way: Sequence[tuple[int, str]] = ()


def wall(
    ledger: Ledger, viewer: Viewer, at: datetime, midnight: datetime, area: int | None = None
) -> Wall:
    """How the viewer's open cases stand at `at`; `midnight` ends the day. Within `area`, if given.

    Units and areas with the most overdue come first.
    """
    with ledger.snapshot() as connection:
        which = [visible(connection, viewer)]
        if area is not None:
            which.append(cases.c.area_id.in_(areas_under(connection, [area])))
        cells = [*_open(connection, which, at, midnight), *_closed(connection, which, at)]
        known = {row.id: row for row in connection.execute(sa.select(areas))}
        names = dict(connection.execute(sa.select(units.c.id, units.c.name)).tuples().all())
    top = area if area is not None else _top(viewer, known.values())
    return Wall(
        at=at,
        total=sum((cell.figures for cell in cells), Figures()),
        areas=_by_area(cells, known, top),
        units=_worst(_grouped(cells, lambda cell: cell.unit), names),
        way=_way(known, top),
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    area: int | None
    unit: int | None
    figures: Figures


def _open(
    connection: Connection,
    which: Sequence[sa.ColumnElement[bool]],
    at: datetime,
    midnight: datetime,
) -> list[_Cell]:
    running = cases.c.status.in_(sorted(HANDLED)) & cases.c.due_at.is_not(None)
    over = running & (cases.c.due_at < at)
    # What is due at midnight is due on the day that it closes.
    today = running & (cases.c.due_at >= at) & (cases.c.due_at <= midnight)
    query = (
        sa.select(
            cases.c.area_id,
            parts.c.unit_id,
            sa.func.count().label("open"),
            sa.func.count().filter(today).label("due_today"),
            sa.func.count().filter(over).label("overdue"),
            sa.func.count().filter(cases.c.reworks > 0).label("reworked"),
        )
        .outerjoin(parts, _leads())
        # Left to itself it may begin with all cases of an area, of which most are closed.
        .with_hint(cases, "INDEXED BY ix_case__open_due", "sqlite")
        .where(is_open, *which)
        .group_by(cases.c.area_id, parts.c.unit_id)
    )
    return [_Cell(row[0], row[1], Figures(*row[2:])) for row in connection.execute(query)]


def _closed(
    connection: Connection, which: Sequence[sa.ColumnElement[bool]], at: datetime
) -> list[_Cell]:
    newest = (
        sa.select(cases.c.id)
        .where(cases.c.status == Status.CLOSED, *which)
        .order_by(cases.c.id.desc())
        .limit(SAMPLE)
    )
    query = (
        sa.select(
            cases.c.area_id,
            parts.c.unit_id,
            sa.func.count().label("closed"),
            sa.func.count().filter(~cases.c.late).label("on_time"),
        )
        .outerjoin(parts, _leads())
        .where(
            cases.c.id.in_(newest.subquery().select()),
            cases.c.closed_at >= at - WITHIN,
            cases.c.late.is_not(None),
            ~cases.c.exempt,
        )
        .group_by(cases.c.area_id, parts.c.unit_id)
    )
    rows = connection.execute(query).all()
    return [_Cell(r[0], r[1], Figures(closed=r.closed, on_time=r.on_time)) for r in rows]


def _leads() -> sa.ColumnElement[bool]:
    return sa.and_(
        parts.c.case_id == cases.c.id, parts.c.role == Role.LEAD, parts.c.ended_at.is_(None)
    )


# -- laying the cells together -----------------------------------------------------------------


def _grouped(
    cells: Iterable[_Cell], key: Callable[[_Cell], int | None]
) -> dict[int | None, Figures]:
    found: defaultdict[int | None, Figures] = defaultdict(Figures)
    for cell in cells:
        found[key(cell)] += cell.figures
    return dict(found)


def _top(viewer: Viewer, known: Iterable[Any]) -> int | None:
    """The area that holds all the viewer sees, if there is just one."""
    seeing = (AccountRole.SUPERVISOR, AccountRole.LEADER)
    mine = {grant.area_id for grant in viewer.grants if grant.role in seeing and not grant.unit_id}
    if len(mine) == 1 and None not in mine:
        return next(iter(mine))
    roots = [area.id for area in known if area.parent_id is None]
    return roots[0] if len(roots) == 1 else None


def _by_area(cells: Sequence[_Cell], known: dict[int, Any], top: int | None) -> list[Standing]:
    """By the areas right below `top`; what lies in none of them stands under `top` itself."""
    names = {area.id: area.name for area in known.values()}
    parents = {area.parent_id for area in known.values()}
    found = _grouped(cells, lambda cell: _child(known, cell.area, top))
    return [
        Standing(s.id, s.name, s.figures, below=s.id in parents and s.id != top)
        for s in _worst(found, names)
    ]


def _child(known: dict[int, Any], area: int | None, top: int | None) -> int | None:
    """Of the areas right below `top`, the one that `area` lies in; else `top`, or nothing."""
    here = known.get(area or 0)
    while here is not None and top not in (here.id, here.parent_id):
        here = known.get(here.parent_id or 0)
    return here.id if here is not None else None


def _worst(found: dict[int | None, Figures], names: dict[int, str]) -> list[Standing]:
    standing = [Standing(key, names.get(key or 0, ""), each) for key, each in found.items()]
    return sorted(
        standing, key=lambda s: (-s.figures.overdue, -s.figures.due_today, -s.figures.open, s.name)
    )


def _way(known: dict[int, Any], area: int | None) -> list[tuple[int, str]]:
    way: list[tuple[int, str]] = []
    here = known.get(area or 0)
    while here is not None:
        way.insert(0, (here.id, here.name))
        here = known.get(here.parent_id or 0)
    return way
