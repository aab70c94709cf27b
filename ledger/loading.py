"""装载: reference data from files into the ledger: calendar, catalogue, policies, the city."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from hashlib import sha256
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from ledger import counters, outlets, people
from ledger.changes import table
from ledger.reference import LOADS, worktime_of
from models.calendar import CalendarDay, CalendarYear, City
from models.category import Category, CategoryKind, Role, Route, RouteUnit
from models.person import Channel, Duty, DutyKind, Person, Way
from models.policy import PolicyVersion
from models.unit import Area, Unit, UnitAlias, UnitKind
from models.words import Trouble
from rules import policy as policies
from rules.agenda import Book
from rules.duty import Away, Roster
from rules.limits import parse as parse_limit

SHIPPED = files("deploy")
USUAL_HOURS = {str(day): [["08:00", "12:00"], ["14:00", "18:00"]] for day in range(5)}


def _count_load(connection: Connection) -> None:
    """Whoever works from what was read before reads anew (`ledger.reference.current`)."""
    counters.keep(connection, LOADS, counters.hold(connection, LOADS) + 1)


# -- calendar and catalogue --------------------------------------------------------------------


def load_calendar(connection: Connection, text: str) -> list[int]:
    """Take in a calendar table (date, workday, name, source); gives the years it is of.

    A year already there is replaced whole. Of a year of which it has the first or last days only,
    as a New Year's holiday that begins in December, these days alone are replaced; of one that is
    not there yet they are left to its own table, unless the table holds nothing else.
    """
    rows = _csv(text, {"date", "workday", "name", "source"}, "日历 · calendar")
    days = [_day(row) for row in rows]
    sources: dict[int, Counter[str]] = defaultdict(Counter)
    for day, row in zip(days, rows, strict=True):
        sources[day["year"]][row["source"]] += 1
    held = set(connection.execute(sa.select(table(CalendarYear).c.year)).scalars())
    whole = {day["year"] for day in days if not _on_the_edge(day["day"])}
    years = sorted(whole or sources.keys() - held)
    known, dates = table(CalendarDay), [day["day"] for day in days]
    connection.execute(sa.delete(known).where(known.c.year.in_(years) | known.c.day.in_(dates)))
    lines = [{"year": year, "source": sources[year].most_common(1)[0][0]} for year in years]
    upsert(connection, CalendarYear, lines, "year")
    there = held.union(years)
    connection.execute(sa.insert(known), [day for day in days if day["year"] in there])
    _count_load(connection)
    return years or sorted(sources)


def _on_the_edge(day: date) -> bool:
    """Whether a day may belong to the holiday of the year next to it."""
    return (day.month, day.day) in ((12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3))


def _day(row: Mapping[str, str]) -> dict[str, Any]:
    try:
        day = date.fromisoformat(row["date"])
        return {
            "day": day,
            "year": day.year,
            "workday": {"1": True, "0": False}[row["workday"]],
            "name": row["name"],
        }
    except (ValueError, KeyError):
        raise Trouble(
            f"日历中这一行读不出：{row}。date 写作 2026-10-10，workday 写 1（上班）或 0（放假）。",
            f"This line of the calendar cannot be read: {row}. date is written 2026-10-10, "
            "workday 1 (worked) or 0 (off).",
        ) from None


def load_catalogue(connection: Connection, text: str) -> int:
    """Take in categories (code, kind, major, minor, filing, closing, limit, keywords, source)."""
    rows = [_category(row) for row in _csv(text, _CATEGORY, "立案标准 · catalogue")]
    upsert(connection, Category, rows, "code")
    _count_load(connection)
    return len(rows)


_CATEGORY = {"code", "kind", "major", "minor", "filing", "closing", "limit", "keywords", "source"}
_KINDS = {kind.words.zh: kind for kind in CategoryKind}


def _category(row: Mapping[str, str]) -> dict[str, Any]:
    code, kind = row["code"], _KINDS.get(row["kind"])
    if kind is None:
        known = "、".join(_KINDS)
        raise Trouble(
            f"立案标准 {code}：kind 应为其中之一：{known}，不是“{row['kind']}”。",
            f"Catalogue, {code}: kind must be one of {known}, not {row['kind']!r}.",
        )
    try:
        parse_limit(row["limit"] or "")
    except Trouble as trouble:
        zh, en = trouble.words
        raise Trouble(f"立案标准 {code}：{zh}", f"Catalogue, {code}: {en}") from None
    return {name: row[name] for name in _CATEGORY} | {"kind": kind}


def _csv(text: str, columns: set[str], what: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(StringIO(text)))
    missing = columns - set(rows[0] if rows else ())
    if missing:
        raise Trouble(
            f"{what}：缺少列 {'、'.join(sorted(missing))}。",
            f"{what}: columns are missing: {', '.join(sorted(missing))}.",
        )
    return rows


# -- policies ----------------------------------------------------------------------------------


def load_policy(
    connection: Connection, source: policies.Source, at: datetime, *, activate: bool = True
) -> policies.Policy:
    """Check a policy and keep it as a version of its own; open cases keep theirs."""
    policy = policies.parse(source, shipped_policy)
    text = policies.flatten(source, shipped_policy)
    digest = sha256(text.encode()).hexdigest()
    versions = table(PolicyVersion)
    row = {"name": policy.policy, "digest": digest, "text": text, "active": False, "loaded_at": at}
    if not connection.execute(sa.select(versions.c.id).where(versions.c.digest == digest)).first():
        connection.execute(sa.insert(versions).values(**row))
    if activate:
        connection.execute(sa.update(versions).values(active=versions.c.digest == digest))
    _count_load(connection)
    return policy


def shipped_policy(name: str) -> policies.Source | None:
    """The text of a policy that comes with the program."""
    file = SHIPPED / "policy" / f"{name}.yaml"
    return policies.Source(file.name, file.read_text("utf-8")) if file.is_file() else None


def policies_in(connection: Connection) -> Sequence[Any]:
    """Every version of every policy, in the order they were loaded."""
    versions = table(PolicyVersion)
    return connection.execute(sa.select(versions).order_by(versions.c.id)).all()


def shipped_book() -> Book:
    """The rules as shipped, for reckoning before there is a ledger."""
    text = (SHIPPED / "reference" / "calendar.csv").read_text("utf-8")
    days = [_day(row) for row in csv.DictReader(StringIO(text))]
    source = shipped_policy("chuangcheng")
    assert source is not None
    worktime = worktime_of(
        USUAL_HOURS,
        tuple((day["day"], day["workday"], day["name"]) for day in days),
        "Asia/Shanghai",
    )
    return Book(policies.parse(source), worktime, frozenset(day["year"] for day in days))


# -- the city ----------------------------------------------------------------------------------


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


def _label(kinds: type[UnitKind] | type[DutyKind]) -> BeforeValidator:
    """A kind may be written by its value or by its Chinese label."""
    known = {kind.words.zh: kind for kind in kinds}
    return BeforeValidator(lambda value: known.get(value, value))


class CityPart(_Part):
    """The city itself: name, zone, and weekly hours by weekday ("0" is Monday)."""

    name: str
    zone: str = "Asia/Shanghai"
    hours: dict[str, list[tuple[str, str]]] = Field(default_factory=lambda: dict(USUAL_HOURS))  # type: ignore[arg-type]


class AreaPart(_Part):
    """One area under its parent."""

    code: str
    name: str
    parent: str | None = None


class UnitPart(_Part):
    """One unit: kind, parent, area, and the other names ledgers use."""

    code: str
    name: str
    kind: Annotated[UnitKind, _label(UnitKind)]
    parent: str | None = None
    area: str | None = None
    aliases: list[str] = []


class DutyPart(_Part):
    """A duty for a unit."""

    unit: str
    duty: Annotated[DutyKind, _label(DutyKind)]


def _moment(value: Any) -> datetime:
    """An instant as a file gives it, without a zone if it names none; a bare date is midnight."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time(0))
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"{value}：应写作 2026-09-28T08:00 或 2026-09-28 · write an instant or a date so"
        ) from None


Moment = Annotated[datetime, BeforeValidator(_moment)]


class AbsencePart(_Part):
    """A person away from an instant until another, on the city's clocks; and who stands in."""

    start: Moment = Field(alias="from")
    until: Moment
    substitute: str | None = None


class PersonPart(_Part):
    """One person: channels in the order they are tried, duties and absences."""

    code: str
    name: str
    lang: Literal["zh", "en"] = "zh"
    channels: list[str] = []
    duties: list[DutyPart] = []
    absences: list[AbsencePart] | None = None
    """Not named: those known are left as they are."""


class RotaPart(_Part):
    """A duty of a unit that people take in turn, a week each; the first has `first_monday`'s."""

    unit: str
    duty: Annotated[DutyKind, _label(DutyKind)]
    first_monday: date
    people: list[str] = Field(min_length=1)


class RoutePart(_Part):
    """One route."""

    code: str
    pattern: str = "*"
    area: str | None = None
    lead: str
    responsible: list[str] = []
    assisting: list[str] = []
    valid_from: date | None = None
    valid_until: date | None = None


class CityFile(_Part):
    """城市资料: everything about the city that Duban cannot know by itself."""

    city: CityPart
    areas: list[AreaPart] = []
    units: list[UnitPart] = []
    people: list[PersonPart] = []
    rotas: list[RotaPart] = []
    routes: list[RoutePart] = []


def parse_city(text: str, file: str) -> CityFile:
    """Read a city file. Raises Trouble naming the file, the field and what is wrong."""
    try:
        data = yaml.safe_load(text)
        return CityFile.model_validate(data)
    except yaml.YAMLError as error:
        raise Trouble(
            f"{file} 不是合法的 YAML：{error}", f"{file} is not valid YAML: {error}"
        ) from None
    except ValidationError as errors:
        first = errors.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Trouble(
            f"{file}，{where}：{first['msg']}", f"{file}, {where}: {first['msg']}"
        ) from None


def load_city(connection: Connection, file: CityFile, way: Callable[[str], Way] = Way) -> None:
    """Write the city, its areas, units, people, rotas and routes.

    `way` makes of a channel's address what is kept of it.

    What has a known code is brought up to date; the duties and channels of the people in
    the file, and the absences where it names any, take the place of those they had; and so do
    the rotas it names.
    """
    _check_working_time(file.city)
    _check_tree("辖区 · areas", file.areas)
    _check_tree("单位 · units", file.units)
    _check_names("单位 · units", [n for u in file.units for n in {u.name, *u.aliases}])
    _check_names("辖区 · areas", [area.code for area in file.areas])
    _check_names("单位 · units", [unit.code for unit in file.units])
    _check_names("人员 · people", [person.code for person in file.people])
    _check_names("路由 · routes", [route.code for route in file.routes])
    _check_rotas(file)
    hours = {day: [list(slot) for slot in slots] for day, slots in file.city.hours.items()}
    city = {"id": 1, "name": file.city.name, "zone": file.city.zone, "hours": hours}
    upsert(connection, City, [city], "id")
    areas = _areas(connection, file.areas)
    units = _units(connection, file.units, areas)
    ids = _people(connection, file.people, units, way)
    _absences(connection, file, ids)
    _rotas(connection, file.rotas, units, ids)
    _routes(connection, file.routes, units, areas)
    _count_load(connection)


def _check_working_time(city: CityPart) -> None:
    """Refuse hours and zones that no working time can be reckoned by."""
    if not any(city.hours.values()):
        raise Trouble(
            "城市资料 city.hours：没有任何工作时段。至少写一天的上下班时间。",
            "City, city.hours: there are no working hours. Give those of one day at least.",
        )
    try:
        worktime_of(dict(city.hours), (), city.zone)
    except (ValueError, LookupError) as error:
        raise Trouble(
            f"城市资料的 hours 或 zone 读不出：{error}。星期写 0 到 6，时刻写作 08:00，"
            "时区写作 Asia/Shanghai。",
            f"City, hours or zone cannot be read: {error}. Weekdays are 0 to 6, times are "
            "written 08:00, a zone is written Asia/Shanghai.",
        ) from None


def _check_tree(what: str, entries: Sequence[AreaPart] | Sequence[UnitPart]) -> None:
    parents = {entry.code: entry.parent for entry in entries}
    for code in parents:
        seen = [code]
        while (above := parents.get(seen[-1])) is not None:
            if above in seen:
                circle = " → ".join([*seen, above])
                raise Trouble(
                    f"{what}：上级关系成环：{circle}。", f"{what}: parents form a circle: {circle}."
                )
            seen.append(above)


def _check_names(what: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Trouble(
            f"{what}：{'、'.join(twice)} 写了两次。代码和单位名称都只能出现一次，请删去或改名。",
            f"{what}: {', '.join(twice)} is given twice. Codes and names of units must be "
            "unique; remove or rename one.",
        )


def _areas(connection: Connection, parts: Sequence[AreaPart]) -> dict[str, int]:
    upsert(connection, Area, [{"code": a.code, "name": a.name, "path": "/"} for a in parts], "code")
    ids = _ids(connection, Area)
    for part in parts:
        row = {"parent_id": _known(ids, part.parent, "辖区 · area")}
        _set(connection, Area, ids[part.code], row)
    parents = {ids[p.code]: ids[p.parent] if p.parent else None for p in parts}
    for area_id in parents:
        _set(connection, Area, area_id, {"path": _path(area_id, parents)})
    return ids


def _path(area_id: int, parents: Mapping[int, int | None]) -> str:
    above = parents.get(area_id)
    return f"{_path(above, parents) if above else '/'}{area_id}/"


def _units(
    connection: Connection, parts: Sequence[UnitPart], areas: Mapping[str, int]
) -> dict[str, int]:
    _take_codes(connection, parts)
    rows = [{"code": u.code, "name": u.name, "kind": u.kind} for u in parts]
    upsert(connection, Unit, rows, "code")
    ids = _ids(connection, Unit)
    for part in parts:
        row = {
            "parent_id": _known(ids, part.parent, "单位 · unit"),
            "area_id": _known(areas, part.area, "辖区 · area"),
        }
        _set(connection, Unit, ids[part.code], row)
    aliases = [{"name": a, "unit_id": ids[u.code]} for u in parts for a in u.aliases]
    upsert(connection, UnitAlias, aliases, "name")
    return ids


def _take_codes(connection: Connection, parts: Sequence[UnitPart]) -> None:
    """A unit known by its name under another code takes the file's: the office comes shipped."""
    units = table(Unit)
    names = {row.code: row.name for row in connection.execute(sa.select(units))}
    for part in parts:
        known = sa.and_(units.c.name == part.name, units.c.code != part.code)
        if part.name in names.values() and names.get(part.code, part.name) != part.name:
            raise Trouble(
                f"单位代码 {part.code} 已属于{names[part.code]}，不能再给{part.name}。"
                "请换一个代码。",
                f"The code {part.code} belongs to {names[part.code]} and cannot be given to "
                f"{part.name}. Choose another.",
            )
        connection.execute(sa.update(units).where(known).values(code=part.code))


def _check_rotas(file: CityFile) -> None:
    known = {person.code for person in file.people}
    seen = set()
    for rota in file.rotas:
        where = f"值班表 · rota {rota.unit} {rota.duty.words.zh}"
        if missing := [code for code in rota.people if code not in known]:
            raise Trouble(
                f"{where}：{'、'.join(missing)} 不在本文件的 people 中。请写人员代码，并把此人写进 "
                "people。",
                f"{where}: {', '.join(missing)} is not among the people of this file. Write codes, "
                "and list everybody under people.",
            )
        if (rota.unit, rota.duty) in seen:
            raise Trouble(
                f"{where} 写了两次。一个单位的一项职责只能有一张值班表，请合并。",
                f"{where} is given twice. A duty of a unit has one rota; join the two.",
            )
        seen.add((rota.unit, rota.duty))


def _people(
    connection: Connection,
    parts: Sequence[PersonPart],
    units: Mapping[str, int],
    way: Callable[[str], Way],
) -> dict[str, int]:
    rows = [{"code": p.code, "name": p.name, "active": True, "lang": p.lang} for p in parts]
    upsert(connection, Person, rows, "code")
    ids = _ids(connection, Person)
    mine = [ids[part.code] for part in parts]
    for model in (Duty, Channel):
        rows_of = table(model)
        connection.execute(sa.delete(rows_of).where(rows_of.c.person_id.in_(mine)))
    duties = [
        {"person_id": ids[p.code], "unit_id": _known(units, d.unit, "单位 · unit"), "duty": d.duty}
        for p in parts
        for d in p.duties
    ]
    ways = [(ids[p.code], n, way(url)) for p in parts for n, url in enumerate(p.channels)]
    _insert(connection, Duty, duties)
    _insert(connection, Channel, [outlets.channel_row(*each) for each in ways])
    outlets.keep(connection, [each for _, _, each in ways])
    return ids


def _absences(connection: Connection, file: CityFile, ids: Mapping[str, int]) -> None:
    zone = ZoneInfo(file.city.zone)
    aways = [
        Away(
            ids[person.code],
            _in_zone(part.start, zone),
            _in_zone(part.until, zone),
            _known(ids, part.substitute, f"{person.name}的代班人 · substitute"),
        )
        for person in file.people
        for part in person.absences or ()
    ]
    told = [ids[person.code] for person in file.people if person.absences is not None]
    people.replace_absences(connection, told, aways)


def _in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _rotas(
    connection: Connection,
    parts: Sequence[RotaPart],
    units: Mapping[str, int],
    ids: Mapping[str, int],
) -> None:
    for part in parts:
        _known(units, part.unit, "值班表的单位 · unit of a rota")
        roster = Roster(part.first_monday, tuple(ids[code] for code in part.people))
        people.replace_rota(connection, units[part.unit], part.duty, roster)


def _routes(
    connection: Connection,
    parts: Sequence[RoutePart],
    units: Mapping[str, int],
    areas: Mapping[str, int],
) -> None:
    rows = [
        {
            "code": r.code,
            "pattern": r.pattern,
            "area_id": _known(areas, r.area, "辖区 · area"),
            "valid_from": r.valid_from,
            "valid_until": r.valid_until,
        }
        for r in parts
    ]
    upsert(connection, Route, rows, "code")
    ids = _ids(connection, Route)
    places = table(RouteUnit)
    mine = [ids[part.code] for part in parts]
    connection.execute(sa.delete(places).where(places.c.route_id.in_(mine)))
    _insert(
        connection,
        RouteUnit,
        [
            {"route_id": ids[r.code], "unit_id": _known(units, name, "单位 · unit"), "role": role}
            for r in parts
            for role, names in _parts_of(r)
            for name in names
        ],
    )


def _parts_of(part: RoutePart) -> Iterable[tuple[Role, Sequence[str]]]:
    yield Role.LEAD, [part.lead]
    yield Role.RESPONSIBLE, part.responsible
    yield Role.ASSISTING, part.assisting


def _known(ids: Mapping[str, int], code: str | None, what: str) -> int | None:
    if code is None:
        return None
    if code not in ids:
        raise Trouble(f"{what}：没有代码 {code}。", f"{what}: there is no code {code}.")
    return ids[code]


# -- writing -----------------------------------------------------------------------------------


def upsert(
    connection: Connection, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], key: str
) -> None:
    """Insert rows, or bring those whose `key` is known up to date."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table(model))
    changed = {name: statement.excluded[name] for name in rows[0] if name != key}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[key], set_=changed), list(rows)
    )


def _insert(
    connection: Connection, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]
) -> None:
    if rows:
        connection.execute(sa.insert(table(model)), list(rows))


def _ids(connection: Connection, model: type[SQLModel]) -> dict[str, int]:
    rows = table(model)
    found = connection.execute(sa.select(rows.c.code, rows.c.id))
    return {row.code: row.id for row in found}


def _set(
    connection: Connection, model: type[SQLModel], row_id: int, values: Mapping[str, Any]
) -> None:
    rows = table(model)
    connection.execute(sa.update(rows).where(rows.c.id == row_id).values(**values))


def load_shipped(connection: Connection, at: datetime, activate: str = "chuangcheng") -> None:
    """The calendar, the catalogue and both policies that come with the program."""
    reference = SHIPPED / "reference"
    load_calendar(connection, (reference / "calendar.csv").read_text("utf-8"))
    load_catalogue(connection, (reference / "categories.csv").read_text("utf-8"))
    for file in sorted((SHIPPED / "policy").iterdir(), key=lambda f: f.name):
        source = policies.Source(file.name, file.read_text("utf-8"))
        load_policy(connection, source, at, activate=Path(file.name).stem == activate)
