"""管理类别与路由: how long what may take, and who answers for what where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.admin import PAGE, Deed, Hand, acting, differing, insert, log, one, take_turn, update
from ledger.admin_units import AREA, new_code, written
from ledger.changes import table
from ledger.database import Ledger
from ledger.recompute import Retimed, load_and_recompute, preview
from ledger.scope import Missing
from models.category import Category, CategoryKind, Role, Route, RouteUnit
from models.unit import Area, Unit
from models.words import Trouble, Words
from rules.limits import parse as parse_limit

CATEGORY = Words("类别", "category")
ROUTE = Words("路由", "route")
_LONGEST_TEXT = 2000


# -- categories --------------------------------------------------------------------------------


def categories(
    ledger: Ledger,
    *,
    text: str = "",
    kind: CategoryKind | None = None,
    after: str = "",
    size: int = PAGE,
) -> tuple[Sequence[Any], str]:
    """Categories by code from the one after `after`, and the code to go on with, "" at the end.

    `text` is part of the code, a name or a keyword.
    """
    rows = table(Category)
    query = sa.select(rows).where(rows.c.code > after).order_by(rows.c.code).limit(size + 1)
    if text:
        columns = (rows.c.code, rows.c.major, rows.c.minor, rows.c.keywords)
        query = query.where(sa.or_(*(c.contains(text, autoescape=True) for c in columns)))
    if kind is not None:
        query = query.where(rows.c.kind == kind)
    with ledger.snapshot() as connection:
        found = connection.execute(query).all()
    return found[:size], found[size - 1].code if len(found) > size else ""


def category(ledger: Ledger, code: str) -> Any:
    """The row of one category. Raises Missing."""
    rows = table(Category)
    with ledger.snapshot() as connection:
        found = connection.execute(sa.select(rows).where(rows.c.code == code)).one_or_none()
    if found is None:
        raise Missing("没有这个类别。", "There is no such category.")
    return found


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """What may be changed of a category. `keywords` are separated by "|"."""

    limit: str
    keywords: str
    filing: str
    closing: str


def change_category(
    ledger: Ledger, hand: Hand, code: str, facts: CategoryFacts, *, dry_run: bool = False
) -> list[Retimed]:
    """Change a category and recompute the cases that go by its limit; gives those touched.

    With `dry_run` all is judged and undone. Raises Trouble.
    """
    limit = str(parse_limit(facts.limit.strip()))
    words = [word.strip() for word in facts.keywords.replace("、", "|").split("|")]
    values = {
        "limit": limit,
        "keywords": "|".join(dict.fromkeys(word for word in words if word)),
        "filing": _text(facts.filing),
        "closing": _text(facts.closing),
    }

    def load(connection: Connection) -> None:
        take_turn(connection)
        row = one(connection, Category, code, CATEGORY)
        before, after = differing(row._mapping, values)
        if after:
            update(connection, Category, code, **after)
            target = f"{code} {row.minor}"
            log(connection, hand, Deed.CATEGORY_CHANGED, target, before, after)

    carry_out = preview if dry_run else load_and_recompute
    return carry_out(ledger, load, hand.at, f"修改类别 {code}")[1]


def _text(text: str) -> str:
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        raise Trouble(
            f"文字太长，最多 {_LONGEST_TEXT} 字。", f"Too long: at most {_LONGEST_TEXT} characters."
        )
    return text


# -- routes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route with its names. Valid up to, not including, `valid_until`."""

    id: int
    code: str
    pattern: str
    area: str | None
    valid_from: date | None
    valid_until: date | None
    units: Sequence[tuple[str, Role]]

    def ended(self, on: date) -> bool:
        """Whether it holds no more on this day."""
        return self.valid_until is not None and self.valid_until <= on

    def begun(self, on: date) -> bool:
        """Whether it holds already on this day."""
        return self.valid_from is None or self.valid_from <= on


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What is written about a route; the first unit leads."""

    pattern: str
    area_id: int | None
    units: Sequence[tuple[int, Role]]
    valid_from: date | None = None
    valid_until: date | None = None


def routes(ledger: Ledger) -> list[RouteLine]:
    """Every route, by its pattern."""
    rows, areas = table(Route), table(Area)
    query = (
        sa.select(rows, areas.c.name.label("area"))
        .outerjoin(areas, rows.c.area_id == areas.c.id)
        .order_by(rows.c.pattern, rows.c.id)
    )
    with ledger.snapshot() as connection:
        units = _units(connection)
        return [
            RouteLine(
                row.id, row.code, row.pattern, row.area, row.valid_from, row.valid_until,
                units.get(row.id, ()),
            )
            for row in connection.execute(query)
        ]  # fmt: skip


_ORDER = {Role.LEAD: 0, Role.RESPONSIBLE: 1, Role.ASSISTING: 2}


def _units(connection: Connection) -> dict[int, list[tuple[str, Role]]]:
    rows, units = table(RouteUnit), table(Unit)
    query = sa.select(rows.c.route_id, units.c.name, rows.c.role).join(
        units, rows.c.unit_id == units.c.id
    )
    found: dict[int, list[tuple[str, Role]]] = {}
    for row in connection.execute(query.order_by(rows.c.id)):
        found.setdefault(row.route_id, []).append((row.name, row.role))
    for held in found.values():
        held.sort(key=lambda unit: _ORDER[unit[1]])
    return found


def add_route(ledger: Ledger, hand: Hand, code: str, facts: RouteFacts) -> int:
    """Add a route; gives its id. Raises Trouble."""
    pattern = written(facts.pattern, 64, Words("类别范围", "pattern")).replace(" ", "")
    _check_units(facts.units)
    if facts.valid_from and facts.valid_until and facts.valid_until <= facts.valid_from:
        raise Trouble(
            "路由的终止日必须晚于起始日。终止日当天已不适用。",
            "A route must end after it begins; on the day of its end it holds no more.",
        )
    with acting(ledger) as connection:
        _check_pattern(connection, pattern)
        code = new_code(connection, Route, code, ROUTE)
        values = {
            "pattern": pattern,
            "area_id": facts.area_id,
            "valid_from": facts.valid_from,
            "valid_until": facts.valid_until,
        }
        made = insert(connection, Route, code=code, **values)
        for unit_id, role in facts.units:
            insert(connection, RouteUnit, route_id=made, unit_id=unit_id, role=role)
        said = [f"{role.words.zh}：{name}" for name, role in _units(connection)[made]]
        area = None if facts.area_id is None else one(connection, Area, facts.area_id, AREA).name
        after = {**values, "area": area, "units": said}
        after.pop("area_id")
        log(connection, hand, Deed.ROUTE_ADDED, code, after=after)
    return made


def _check_units(units: Sequence[tuple[int, Role]]) -> None:
    if [role for _, role in units].count(Role.LEAD) != 1:
        raise Trouble(
            "一条路由须有且只有一个牵头单位。", "A route has one lead unit, and one only."
        )
    if len({unit for unit, _ in units}) < len(units):
        raise Trouble("同一个单位在一条路由上只能出现一次。", "A unit stands on a route only once.")


def _check_pattern(connection: Connection, pattern: str) -> None:
    """Refuse what no category of the catalogue fits: most likely it is a slip of the pen."""
    rows = table(Category)
    codes = connection.execute(sa.select(rows.c.code)).scalars()
    if not any(fnmatchcase(code, pattern) for code in codes):
        raise Trouble(
            f"没有类别的代码符合“{pattern}”。可写完整代码（B0137）、前缀加星号（B01*）或 *。",
            f"No category has a code like {pattern!r}. Write a whole code (B0137), the first "
            "characters and a star (B01*), or * for all.",
        )


def end_route(ledger: Ledger, hand: Hand, route_id: int, on: date) -> None:
    """From the day `on` the route holds no more; cases it has routed stay. Raises Trouble."""
    with acting(ledger) as connection:
        row = one(connection, Route, route_id, ROUTE)
        if row.valid_until is not None and row.valid_until <= on:
            raise Trouble(
                f"路由 {row.code} 已于 {row.valid_until} 终止。",
                f"The route {row.code} has ended on {row.valid_until} already.",
            )
        update(connection, Route, route_id, valid_until=on)
        before = {"valid_until": row.valid_until}
        log(connection, hand, Deed.ROUTE_ENDED, row.code, before, {"valid_until": on})
