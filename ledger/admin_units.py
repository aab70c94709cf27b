"""管理单位与辖区: the tree of units, the tree of areas, the names by which paper calls them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.admin import Deed, Hand, acting, differing, insert, log, one, remove, update
from ledger.changes import table
from ledger.database import Ledger
from ledger.reference import fold
from ledger.scope import Missing, areas_under, units_under
from models.person import Duty, DutyKind, Person
from models.unit import Area, Unit, UnitAlias, UnitKind
from models.words import Trouble, Words

UNIT = Words("单位", "unit")
AREA = Words("辖区", "area")
LONGEST_NAME = 120
LONGEST_CODE = 64


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit in its tree: how deep it lies, its other names, who answers for it."""

    id: int
    code: str
    name: str
    kind: UnitKind
    parent_id: int | None
    area_id: int | None
    depth: int
    aliases: tuple[str, ...]
    people: Mapping[DutyKind, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An area in its tree."""

    id: int
    code: str
    name: str
    parent_id: int | None
    depth: int


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What is written about a unit."""

    name: str
    kind: UnitKind
    parent_id: int | None = None
    area_id: int | None = None


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """What is written about an area."""

    name: str
    parent_id: int | None = None


# -- looking -----------------------------------------------------------------------------------


def units(ledger: Ledger) -> list[UnitLine]:
    """Every unit, each below its parent."""
    with ledger.snapshot() as connection:
        rows = connection.execute(sa.select(table(Unit)).order_by(table(Unit).c.id)).all()
        names, people = _aliases(connection), _people(connection)
    return [
        UnitLine(
            row.id, row.code, row.name, row.kind, row.parent_id, row.area_id, depth,
            tuple(names.get(row.id, ())),
            {duty: tuple(held) for duty, held in people.get(row.id, {}).items()},
        )
        for row, depth in in_tree(rows)
    ]  # fmt: skip


def areas(ledger: Ledger) -> list[AreaLine]:
    """Every area, each below its parent."""
    with ledger.snapshot() as connection:
        rows = connection.execute(sa.select(table(Area)).order_by(table(Area).c.id)).all()
    return [
        AreaLine(row.id, row.code, row.name, row.parent_id, depth) for row, depth in in_tree(rows)
    ]


T = TypeVar("T", bound=Any)


def in_tree(rows: Sequence[T]) -> list[tuple[T, int]]:
    """Rows with `id` and `parent_id`, each below its parent, with its depth."""
    below: dict[int | None, list[T]] = {}
    known = {row.id for row in rows}
    for row in rows:
        parent = row.parent_id if row.parent_id in known else None
        below.setdefault(parent, []).append(row)
    found: list[tuple[T, int]] = []
    waiting = [(row, 0) for row in reversed(below.get(None, []))]
    while waiting:
        row, depth = waiting.pop()
        found.append((row, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(row.id, []))]
    return found


def find(lines: Iterable[T], key: int, what: Words) -> T:
    """The line of this id. Raises Missing."""
    found = next((line for line in lines if line.id == key), None)
    if found is None:
        raise Missing(f"没有这个{what.zh}。", f"There is no such {what.en}.")
    return found


def _aliases(connection: Connection) -> dict[int, list[str]]:
    rows, found = table(UnitAlias), dict[int, list[str]]()
    for row in connection.execute(sa.select(rows).order_by(rows.c.name)):
        found.setdefault(row.unit_id, []).append(row.name)
    return found


def _people(connection: Connection) -> dict[int, dict[DutyKind, list[str]]]:
    duties, people = table(Duty), table(Person)
    query = (
        sa.select(duties.c.unit_id, duties.c.duty, people.c.name)
        .join(people, duties.c.person_id == people.c.id)
        .where(people.c.active)
        .order_by(duties.c.id)
    )
    found: dict[int, dict[DutyKind, list[str]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.unit_id, {}).setdefault(row.duty, []).append(row.name)
    return found


# -- units -------------------------------------------------------------------------------------


def add_unit(ledger: Ledger, hand: Hand, code: str, facts: UnitFacts) -> int:
    """Add a unit; gives its id. Raises Trouble."""
    with acting(ledger) as connection:
        code = new_code(connection, Unit, code, UNIT)
        name = _free_name(connection, facts.name)
        made = insert(connection, Unit, **asdict(facts) | {"code": code, "name": name})
        after = {"code": code, **_in_names(connection, Unit, asdict(facts))}
        log(connection, hand, Deed.UNIT_ADDED, name, after=after)
    return made


def change_unit(ledger: Ledger, hand: Hand, unit_id: int, facts: UnitFacts) -> None:
    """Rename a unit, or give it another kind, parent or area. Raises Trouble."""
    with acting(ledger) as connection:
        row = one(connection, Unit, unit_id, UNIT)
        if facts.parent_id in units_under(connection, [unit_id]):
            raise _circle(row.name)
        name = _free_name(connection, facts.name, unit_id)
        before, after = differing(row._mapping, asdict(facts) | {"name": name})
        if after:
            update(connection, Unit, unit_id, **after)
            said = [_in_names(connection, Unit, each) for each in (before, after)]
            log(connection, hand, Deed.UNIT_CHANGED, row.name, *said)


def remove_unit(ledger: Ledger, hand: Hand, unit_id: int) -> None:
    """Delete a unit that nothing refers to; its other names go with it. Raises Trouble."""
    with acting(ledger) as connection:
        row = one(connection, Unit, unit_id, UNIT)
        remove(connection, Unit, unit_id, row.name, own=("unit_alias",))
        log(connection, hand, Deed.UNIT_REMOVED, row.name, before={"code": row.code})


def add_alias(ledger: Ledger, hand: Hand, unit_id: int, name: str) -> None:
    """Another name by which paper calls the unit. Raises Trouble."""
    with acting(ledger) as connection:
        row = one(connection, Unit, unit_id, UNIT)
        name = _free_name(connection, name)
        connection.execute(sa.insert(table(UnitAlias)).values(name=name, unit_id=unit_id))
        log(connection, hand, Deed.ALIAS_ADDED, row.name, after={"alias": name})


def remove_alias(ledger: Ledger, hand: Hand, unit_id: int, name: str) -> None:
    """Paper that calls the unit this is no longer understood. Raises Missing."""
    rows = table(UnitAlias)
    with acting(ledger) as connection:
        row = one(connection, Unit, unit_id, UNIT)
        mine = sa.delete(rows).where(rows.c.name == name, rows.c.unit_id == unit_id)
        if connection.execute(mine).rowcount != 1:
            raise Missing("没有这个别名。", "There is no such other name.")
        log(connection, hand, Deed.ALIAS_REMOVED, row.name, before={"alias": name})


def _free_name(connection: Connection, name: str, own: int | None = None) -> str:
    """The name as it is kept, if no other unit is called or also called so."""
    name = written(name, LONGEST_NAME, Words("名称", "name"))
    units, others = table(Unit), table(UnitAlias)
    taken = connection.execute(
        sa.union_all(
            sa.select(units.c.id, units.c.name, units.c.name.label("of")),
            sa.select(others.c.unit_id, others.c.name, units.c.name).join(
                units, others.c.unit_id == units.c.id
            ),
        )
    )
    for row in taken:
        if fold(row.name) == fold(name) and (row.id != own or row.name != row.of):
            raise Trouble(
                f"“{name}”已是{row.of}的名称或别名。单位名称和别名不能重复，否则台账上的单位认不准。",
                f"{name!r} is already what {row.of} is called. Names and other names of units "
                "must differ, or paper would be misread.",
            )
    return name


# -- areas -------------------------------------------------------------------------------------


def add_area(ledger: Ledger, hand: Hand, code: str, facts: AreaFacts) -> int:
    """Add an area; gives its id. Raises Trouble."""
    with acting(ledger) as connection:
        code = new_code(connection, Area, code, AREA)
        name = written(facts.name, LONGEST_NAME, Words("名称", "name"))
        values = {"name": name, "parent_id": facts.parent_id, "path": "/"}
        made = insert(connection, Area, code=code, **values)
        _lay_paths(connection, [made])
        after = {"code": code, **_in_names(connection, Area, asdict(facts))}
        log(connection, hand, Deed.AREA_ADDED, name, after=after)
    return made


def change_area(ledger: Ledger, hand: Hand, area_id: int, facts: AreaFacts) -> None:
    """Rename an area, or put it with all within it into another one. Raises Trouble."""
    with acting(ledger) as connection:
        row = one(connection, Area, area_id, AREA)
        under = areas_under(connection, [area_id])
        if facts.parent_id in under:
            raise _circle(row.name)
        name = written(facts.name, LONGEST_NAME, Words("名称", "name"))
        before, after = differing(row._mapping, asdict(facts) | {"name": name})
        if after:
            update(connection, Area, area_id, **after)
            _lay_paths(connection, under)
            said = [_in_names(connection, Area, each) for each in (before, after)]
            log(connection, hand, Deed.AREA_CHANGED, row.name, *said)


def remove_area(ledger: Ledger, hand: Hand, area_id: int) -> None:
    """Delete an area that nothing refers to. Raises Trouble."""
    with acting(ledger) as connection:
        row = one(connection, Area, area_id, AREA)
        remove(connection, Area, area_id, row.name)
        log(connection, hand, Deed.AREA_REMOVED, row.name, before={"code": row.code})


def _lay_paths(connection: Connection, ids: Iterable[int]) -> None:
    rows = table(Area)
    found = connection.execute(sa.select(rows.c.id, rows.c.parent_id))
    parents = {row.id: row.parent_id for row in found}
    for area_id in ids:
        line, above = [area_id], parents[area_id]
        while above is not None:
            line.append(above)
            above = parents[above]
        path = f"/{'/'.join(map(str, reversed(line)))}/"
        update(connection, Area, area_id, path=path)


# -- what both ask -----------------------------------------------------------------------------


def _in_names(connection: Connection, model: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is written about a unit or an area, with names in the place of ids."""
    named = {"parent_id": ("parent", model), "area_id": ("area", Area)}
    said = dict[str, Any]()
    for name, value in facts.items():
        label, of = named.get(name, (name, None))
        if of is not None and value is not None:
            said[label] = one(connection, of, value, UNIT if of is Unit else AREA).name
        else:
            said[label] = value
    return said


def new_code(connection: Connection, model: Any, code: str, what: Words) -> str:
    """A code nothing else of the kind has. Raises Trouble."""
    code = written(code, LONGEST_CODE, Words("代码", "code"))
    rows = table(model)
    if connection.execute(sa.select(rows.c.id).where(rows.c.code == code)).first():
        raise Trouble(
            f"代码 {code} 已有{what.zh}在用。代码不能重复，请换一个。",
            f"The code {code} belongs to another {what.en}. Choose another.",
        )
    return code


def written(text: str, most: int, what: Words) -> str:
    """A text as it is kept: one line, not empty. Raises Trouble."""
    text = " ".join(text.split())
    if not (0 < len(text) <= most) or not text.isprintable():
        raise Trouble(
            f"{what.zh}须为 1 至 {most} 个字符。", f"A {what.en} has 1 to {most} characters."
        )
    return text


def _circle(name: str) -> Trouble:
    return Trouble(
        f"不能把{name}放到它自己或它的下级之下。请选别的上级。",
        f"{name} cannot lie below itself or what lies below it. Choose another parent.",
    )


def area_named(connection: Connection, text: str) -> int:
    """The area of this code, or of this name where only one has it. Raises Trouble."""
    rows, text = table(Area), text.strip()
    query = sa.select(rows.c.id, rows.c.code).where((rows.c.code == text) | (rows.c.name == text))
    found = connection.execute(query).all()
    exact = [row.id for row in found if row.code == text] or [row.id for row in found]
    if len(exact) == 1:
        return int(exact[0])
    raise Trouble(
        f"没有（或不止一个）叫“{text[:60]}”的辖区，请写辖区代码。",
        f"There is no area {text[:60]!r}, or more than one; write the area's code.",
    )


def unit_coded(connection: Connection, code: str) -> int:
    """The unit of this code. Raises Missing."""
    rows = table(Unit)
    found = connection.execute(sa.select(rows.c.id).where(rows.c.code == code)).scalar_one_or_none()
    if found is None:
        raise Missing(f"没有代码为 {code} 的单位。", f"There is no unit of the code {code}.")
    return int(found)
