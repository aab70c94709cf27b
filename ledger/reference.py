"""Reference data as it is now: calendar, policies, units, people, routes, categories."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col, select

from ledger import counters
from ledger.database import Ledger
from models.calendar import CalendarDay, CalendarYear, City
from models.category import Category, Role, Route, RouteUnit
from models.person import Absence, Duty, DutyKind, Person, Rota
from models.policy import PolicyVersion
from models.unit import Area, Unit, UnitAlias
from models.words import Trouble
from rules import policy as policies
from rules.agenda import Book
from rules.classify import CategoryWords, Classifier
from rules.duty import Away, Directory, Roster, UnitEntry
from rules.routing import RouteEntry
from rules.worktime import Worktime

Hours = tuple[tuple[int, tuple[tuple[str, str], ...]], ...]
Days = tuple[tuple[date, bool, str], ...]


@dataclass(frozen=True)
class Reference:
    """Everything a judgement needs besides the case itself. Read once for each run."""

    city: str
    worktime: Worktime
    published: frozenset[int]
    books: Mapping[int, Book]
    active: int
    directory: Directory
    routes: tuple[RouteEntry, ...]
    unit_names: Mapping[str, int]
    areas: Mapping[str, tuple[int, str]]
    categories: Mapping[str, Category]
    loads: int = 0
    """How often reference data had been loaded when this was read."""

    @cached_property
    def classifier(self) -> Classifier:
        """The chooser of categories; built when first asked for."""
        return _classifier(
            tuple(
                (c.code, c.minor, tuple(c.keywords.split("|")) if c.keywords else (), c.filing)
                for c in self.categories.values()
            )
        )

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return self.worktime.zone

    @property
    def book(self) -> Book:
        """The rules in force for cases dispatched now."""
        return self.books[self.active]

    def unit(self, name: str) -> int | None:
        """The unit that paper calls by this name, if the directory knows it."""
        return self.unit_names.get(fold(name))


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """A name as it is compared: full- and half-width alike, no spaces or punctuation."""
    wide = unicodedata.normalize("NFKC", name)
    return "".join(char for char in wide if char.isalnum()).casefold()


LOADS = "reference"
"""The counter that every load moves on."""


def current(connection: Connection, known: Reference | None) -> Reference:
    """`known` while nothing has been loaded since it was read; otherwise all as of now.

    To be asked after what will be judged is held. Whoever loads holds the rows of all cases it
    recomputes, and the counter that opens new ones, until it commits: what was held before that
    is recomputed after us, and what is held after it finds the new number here. Asked the other
    way round, a load could commit in between, and its cases would be judged by the old data.
    """
    if known is not None and known.loads == counters.value(connection, LOADS):
        return known
    return read(connection)


def read(connection: Connection) -> Reference:
    """All reference data as of now."""
    # First of all: what is loaded while the rest is read shows as a newer number later.
    loads = counters.value(connection, LOADS)
    city = connection.execute(select(City)).one_or_none()
    if city is None:
        raise Trouble(
            "台账里还没有城市资料。请先运行：duban init",
            "The ledger holds no city yet. Run first: duban init",
        )
    days = _days(connection)
    worktime = _worktime(_hours(city.hours), days, city.zone)
    published = frozenset(connection.execute(select(CalendarYear.year)).scalars())
    books, active = _books(connection, worktime, published)
    names = {u.id: u for u in connection.execute(select(Unit)).all()}
    return Reference(
        city=city.name,
        worktime=worktime,
        published=published,
        books=books,
        active=active,
        directory=_directory(connection, names, worktime.zone),
        routes=_routes(connection),
        unit_names=_unit_names(connection, names),
        areas=_areas(connection),
        categories={c.code: c for c in connection.execute(select(Category)).all()},  # type: ignore[misc]
        loads=loads,
    )


def has_city(connection: Connection) -> bool:
    """Whether the ledger has been set up with a city."""
    return connection.execute(select(City.id)).first() is not None


def zone(ledger: Ledger) -> ZoneInfo:
    """The city's time zone."""
    with ledger.transaction() as connection:
        name = connection.execute(select(City.zone)).scalar_one_or_none()
    return ZoneInfo(name or "Asia/Shanghai")


def worktime_of(hours: dict[str, Any], days: Days, zone: str) -> Worktime:
    """The working time of these hours, dates and zone; kept for the next who asks."""
    return _worktime(_hours(hours), days, zone)


def _hours(hours: dict[str, Any]) -> Hours:
    return tuple(
        (int(day), tuple((start, end) for start, end in slots)) for day, slots in hours.items()
    )


def _days(connection: Connection) -> Days:
    rows = connection.execute(select(CalendarDay).order_by(col(CalendarDay.day))).all()
    return tuple((row.day, row.workday, row.name) for row in rows)


@lru_cache(maxsize=8)
def _worktime(hours: Hours, days: Days, zone: str) -> Worktime:
    weekly = {day: [(_clock(a), _clock(b)) for a, b in slots] for day, slots in hours}
    # A make-up day is worked like the first weekday that has hours.
    usual = next((slots for _, slots in sorted(weekly.items()) if slots), [])
    return Worktime(
        weekly,
        {day: usual if workday else [] for day, workday, _ in days},
        ZoneInfo(zone),
        names={day: name for day, _, name in days},
    )


def _clock(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)


@lru_cache(maxsize=64)
def _policy(name: str, text: str) -> policies.Policy:
    return policies.parse(policies.Source(name, text))


def _books(
    connection: Connection, worktime: Worktime, published: frozenset[int]
) -> tuple[dict[int, Book], int]:
    rows = connection.execute(select(PolicyVersion)).all()
    active = next((row.id for row in rows if row.active), None)
    if active is None:
        raise Trouble(
            "没有启用的督办办法。请运行：duban policy 办法.yaml",
            "No policy is active. Run: duban policy FILE.yaml",
        )
    books = {row.id: Book(_policy(row.name, row.text), worktime, published) for row in rows}
    return books, active


def _directory(connection: Connection, units: Mapping[int, Any], zone: ZoneInfo) -> Directory:
    people = connection.execute(select(Person).where(col(Person.active))).all()
    duties: dict[tuple[int, DutyKind], list[int]] = {}
    for duty in connection.execute(select(Duty).order_by(col(Duty.id))).all():
        duties.setdefault((duty.unit_id, duty.duty), []).append(duty.person_id)
    return Directory(
        units={u.id: UnitEntry(u.id, u.name, u.kind, u.parent_id) for u in units.values()},
        people={p.id: p.name for p in people},
        duties=duties,
        absences=[
            Away(a.person_id, a.start, a.until, a.substitute_id)
            for a in connection.execute(select(Absence).order_by(col(Absence.id))).all()
        ],
        rotas=_rotas(connection),
        codes={p.code: p.id for p in people},
        zone=zone,
    )


def _rotas(connection: Connection) -> dict[tuple[int, DutyKind], Roster]:
    turns: dict[tuple[int, DutyKind], list[Any]] = {}
    for turn in connection.execute(select(Rota).order_by(col(Rota.position))).all():
        turns.setdefault((turn.unit_id, turn.duty), []).append(turn)
    return {
        key: Roster(mine[0].first_monday, tuple(turn.person_id for turn in mine))
        for key, mine in turns.items()
    }


def _areas(connection: Connection) -> dict[str, tuple[int, str]]:
    """Areas by name. A name that two areas share says nothing about where a place lies."""
    rows = connection.execute(select(Area)).all()
    shared = Counter(row.name for row in rows)
    return {row.name: (row.id, row.path) for row in rows if shared[row.name] == 1}


def _unit_names(connection: Connection, units: Mapping[int, Any]) -> dict[str, int]:
    aliases = connection.execute(select(UnitAlias)).all()
    return {
        **{fold(alias.name): alias.unit_id for alias in aliases},
        **{fold(unit.name): unit.id for unit in units.values()},
    }


def _routes(connection: Connection) -> tuple[RouteEntry, ...]:
    units: dict[int, list[tuple[int, Role]]] = {}
    order = sa.case({Role.LEAD.value: 0, Role.RESPONSIBLE.value: 1}, value=RouteUnit.role, else_=2)
    for row in connection.execute(select(RouteUnit).order_by(order, col(RouteUnit.id))).all():
        units.setdefault(row.route_id, []).append((row.unit_id, row.role))
    query = select(Route, col(Area.path)).outerjoin(Area, col(Route.area_id) == col(Area.id))
    return tuple(
        RouteEntry(
            row.code,
            row.pattern,
            row.path or "/",
            row.valid_from,
            row.valid_until,
            tuple(units.get(row.id, ())),
        )
        for row in connection.execute(query).all()
    )


@lru_cache(maxsize=4)
def _classifier(
    categories: tuple[tuple[str, str, tuple[str, ...], str], ...],
) -> Classifier:
    return Classifier([CategoryWords(*category) for category in categories])
