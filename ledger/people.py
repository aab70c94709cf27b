"""人员: whom a name means, who is away, who stands in, and whose week it is."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import counters
from ledger.changes import table
from ledger.database import Ledger
from ledger.reference import LOADS, read
from models.calendar import City
from models.person import Absence, DutyKind, Person, Rota
from models.words import Trouble
from rules.duty import Away, Directory, Roster, circle


@dataclass(frozen=True, slots=True)
class Absent:
    """不在岗: one absence with its names: away from `start` up to, not including, `until`."""

    id: int
    code: str
    person: str
    start: datetime
    until: datetime
    substitute: str | None


def named(directory: Directory, text: str, unit_id: int | None = None) -> int:
    """The person meant by a code or a name, among the members of a unit if one is given.

    Raises Trouble when nobody or more than one is meant, saying what to write instead.
    """
    found = directory.find(text, unit_id)
    if len(found) == 1:
        return found[0]
    raise _several(directory, text, found) if found else _nobody(directory, text, unit_id)


def _several(directory: Directory, text: str, found: Sequence[int]) -> Trouble:
    codes = [code for code, person in directory.codes.items() if person in found]
    return Trouble(
        f"名叫“{text}”的有 {len(found)} 人，请改写人员代码：{'、'.join(codes)}。",
        f"{len(found)} people are called {text!r}; write the person's code instead: "
        f"{', '.join(codes)}.",
    )


def _nobody(directory: Directory, text: str, unit_id: int | None) -> Trouble:
    if unit_id is None:
        return Trouble(
            f"名录里没有“{text}”。请写姓名全称或人员代码；"
            "新人先写进城市资料，再用 duban load 装载。",
            f"There is nobody called {text!r} in the directory. Write the full name or the "
            "person's code; add newcomers to the city file and run duban load.",
        )
    unit = directory.units[unit_id].name
    members = [directory.people[person] for person in directory.members(unit_id)]
    return Trouble(
        f"“{text}”在{unit}没有职责。可以写：{'、'.join(members) or '（该单位还没有人）'}；"
        "其他人先在城市资料里给他在该单位的职责，再用 duban load 装载。",
        f"{text!r} has no duty in {unit}. You may write: {', '.join(members) or '(no one yet)'}; "
        "give others a duty there in the city file and run duban load.",
    )


# -- the desk ----------------------------------------------------------------------------------


def record_absence(
    ledger: Ledger, person: str, start: datetime, until: datetime, substitute: str | None = None
) -> Absent:
    """Record that a person is away; people are given by name or code.

    The same span recorded again takes the place of the first. Raises Trouble when a name is
    unknown or ambiguous, the span is empty, somebody would stand in for themselves, or the
    substitutes would stand in for each other in a circle.
    """
    with ledger.transaction() as connection:
        directory = read(connection).directory
        who = named(directory, person)
        other = None if substitute is None else named(directory, substitute)
        rows = table(Absence)
        same = sa.and_(rows.c.person_id == who, rows.c.start == start, rows.c.until == until)
        connection.execute(sa.delete(rows).where(same))
        add_absences(connection, [Away(who, start, until, other)])
        counters.step(connection, LOADS)
        return _select(connection, same)[0]


def end_absence(ledger: Ledger, person: str, at: datetime) -> tuple[Absent, ...]:
    """The person is back at `at`: what runs then ends; gives the absences as they are now.

    Somebody who is not away yet will not be: the next absence is struck out, and given as it
    was. Raises Trouble when there is none either.
    """
    with ledger.transaction() as connection:
        who = named(read(connection).directory, person)
        rows = table(Absence)
        mine = _select(connection, rows.c.person_id == who, rows.c.until > at)
        if not mine:
            raise Trouble(
                f"{person}没有登记不在岗。登记在案的见 duban away。",
                f"{person} is not recorded as away. duban away lists those who are.",
            )
        running = [absent for absent in mine if absent.start <= at]
        if not running:
            connection.execute(sa.delete(rows).where(rows.c.id == mine[0].id))
            counters.step(connection, LOADS)
            return (mine[0],)
        ended = rows.c.id.in_([absent.id for absent in running])
        connection.execute(sa.update(rows).where(ended).values(until=at))
        connection.execute(sa.delete(rows).where(ended, rows.c.start >= at))
        counters.step(connection, LOADS)
        return tuple(replace(absent, until=at) for absent in running)


def absences(ledger: Ledger, at: datetime) -> list[Absent]:
    """Who is away at `at` or later, in the order in which they go."""
    with ledger.transaction() as connection:
        return _select(connection, table(Absence).c.until > at)


def _select(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[Absent]:
    rows, people = table(Absence), table(Person)
    others = people.alias()
    query = (
        sa.select(
            rows.c.id, people.c.code, people.c.name, rows.c.start, rows.c.until,
            others.c.name.label("substitute"),
        )
        .join(people, rows.c.person_id == people.c.id)
        .outerjoin(others, rows.c.substitute_id == others.c.id)
        .where(*conditions)
        .order_by(rows.c.start, rows.c.id)
    )  # fmt: skip
    return [Absent(*row) for row in connection.execute(query)]


# -- writing -----------------------------------------------------------------------------------


def replace_absences(
    connection: Connection, people: Collection[int], aways: Sequence[Away]
) -> None:
    """Put these absences in the place of all that those people had. Raises Trouble."""
    rows = table(Absence)
    connection.execute(sa.delete(rows).where(rows.c.person_id.in_(people)))
    add_absences(connection, aways)


def add_absences(connection: Connection, aways: Sequence[Away]) -> None:
    """Add absences. Raises Trouble for what cannot be: see `record_absence`."""
    if not aways:
        return
    people = table(Person)
    found = connection.execute(sa.select(people.c.id, people.c.name))
    names = {row.id: row.name for row in found}
    for away in aways:
        _check(away, names)
    # One at a time: two desks could each write half of a circle and not see the other's.
    connection.execute(sa.select(table(City).c.id).with_for_update())
    connection.execute(sa.insert(table(Absence)), [asdict(away) for away in aways])
    _refuse_circle(connection, aways, names)


def _check(away: Away, names: dict[int, str]) -> None:
    name = names[away.person_id]
    if away.until <= away.start:
        span = f"{away.start:%Y-%m-%d %H:%M} – {away.until:%Y-%m-%d %H:%M}"
        raise Trouble(
            f"{name}不在岗的起止读作 {span}：止必须晚于起。止写回岗的时刻；只写日期即当日零时。",
            f"{name} would be away {span}: the end must come after the beginning. The end is "
            "the instant of coming back; a bare date is its midnight.",
        )
    if away.substitute_id == away.person_id:
        raise Trouble(
            f"{name}不能由自己代班。请另写一人，或不写代班人。",
            f"{name} cannot stand in for themselves. Name somebody else, or nobody.",
        )


def _refuse_circle(connection: Connection, aways: Sequence[Away], names: dict[int, str]) -> None:
    rows = table(Absence)
    start, until = min(away.start for away in aways), max(away.until for away in aways)
    query = sa.select(rows).where(rows.c.start < until, rows.c.until > start)
    near = connection.execute(query.order_by(rows.c.id)).all()
    found = circle(Away(row.person_id, row.start, row.until, row.substitute_id) for row in near)
    if found:
        round_ = " → ".join(names[person] for person in found)
        raise Trouble(
            f"代班成环：{round_}。这些人同时不在岗，互相代班，等于无人在岗。"
            "请给其中一人换代班人，或用 duban back 撤销一条。",
            f"The substitutes form a circle: {round_}. They are away at the same time, so nobody "
            "would be on duty. Give one of them another substitute, or end one with duban back.",
        )


def replace_rota(connection: Connection, unit_id: int, duty: DutyKind, roster: Roster) -> None:
    """Put this rota in the place of the one a unit had for a duty.

    Raises Trouble when its first Monday is no Monday.
    """
    _check_monday(roster.first_monday, duty)
    rows = table(Rota)
    connection.execute(sa.delete(rows).where(rows.c.unit_id == unit_id, rows.c.duty == duty))
    shared = {"unit_id": unit_id, "duty": duty, "first_monday": roster.first_monday}
    turns = [
        {**shared, "position": position, "person_id": person}
        for position, person in enumerate(roster.people)
    ]
    connection.execute(sa.insert(rows), turns)


def _check_monday(day: date, duty: DutyKind) -> None:
    if day.weekday() == 0:
        return
    before = day - timedelta(day.weekday())
    after = before + timedelta(7)
    raise Trouble(
        f"{duty.words.zh}值班表的 first_monday 是 {day}，为星期{'一二三四五六日'[day.weekday()]}。"
        f"值班从星期一零时起按周轮换，请写 {before} 或 {after}。",
        f"The rota of the {duty.words.en} has first_monday {day}, which is a {day:%A}. Weeks "
        f"begin on Monday at midnight; write {before} or {after}.",
    )
