"""管理人员: people, their duties, how they are reached, when they are away, whose week it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import admin, people
from ledger.admin import PAGE, Deed, Hand, acting, differing, log, one, update
from ledger.admin_accounts import administers, keep_an_administrator
from ledger.admin_units import UNIT, new_code, written
from ledger.changes import table
from ledger.database import Ledger
from ledger.scope import Missing
from models.account import Account
from models.outlet import Outlet
from models.person import Absence, Channel, Duty, DutyKind, Person, Rota
from models.unit import Unit
from models.words import Trouble, Words
from rules.duty import Away, Roster

PERSON = Words("人员", "person")
LONGEST_NAME = 60

"""An address as it may be shown."""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person in the list."""

    id: int
    code: str
    name: str
    active: bool
    duties: Sequence[tuple[str, DutyKind]]
    """For which units, as what."""
    channels: int
    login: str


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person with all that belongs to them."""

    id: int
    code: str
    name: str
    active: bool
    duties: Sequence[Any]
    """Rows: id, unit_id, unit, duty."""
    channels: Sequence[Any]
    """Rows: id, position, shown (the address masked), delay, active, per_minute."""
    absences: Sequence[Any]
    """Rows: id, start, until, substitute."""
    account_id: int | None
    login: str


# -- looking -----------------------------------------------------------------------------------


def page(
    ledger: Ledger, *, text: str = "", after: int = 0, lacking: str = "", size: int = PAGE
) -> tuple[list[PersonLine], int]:
    """People by id from the one after `after`, and the id to go on with, 0 at the end.

    `text` is part of a name, a code or a unit's name; `lacking` is "channel" or "duty".
    """
    rows, duties, units = table(Person), table(Duty), table(Unit)
    query = sa.select(rows).where(rows.c.id > after).order_by(rows.c.id).limit(size + 1)
    if text:
        of_unit = sa.select(duties.c.person_id).join(units, duties.c.unit_id == units.c.id)
        query = query.where(
            rows.c.name.contains(text, autoescape=True)
            | rows.c.code.contains(text, autoescape=True)
            | rows.c.id.in_(of_unit.where(units.c.name.contains(text, autoescape=True)))
        )
    if lacking:
        has = table(Channel) if lacking == "channel" else duties
        query = query.where(rows.c.active, rows.c.id.not_in(sa.select(has.c.person_id)))
    with ledger.snapshot() as connection:
        found = connection.execute(query).all()
        lines = _lines(connection, found[:size])
    return lines, lines[-1].id if len(found) > size else 0


def _lines(connection: Connection, rows: Sequence[Any]) -> list[PersonLine]:
    ids = [row.id for row in rows]
    duties, channels, accounts = table(Duty), table(Channel), table(Account)
    held: dict[int, list[tuple[str, DutyKind]]] = {}
    for duty in _duties(connection, duties.c.person_id.in_(ids)):
        held.setdefault(duty.person_id, []).append((duty.unit, duty.duty))
    reached = sa.select(channels.c.person_id, sa.func.count().label("ways")).group_by(
        channels.c.person_id
    )
    found = connection.execute(reached.where(channels.c.person_id.in_(ids)))
    counts = {row.person_id: row.ways for row in found}
    named = sa.select(accounts.c.person_id, accounts.c.login).where(accounts.c.person_id.in_(ids))
    logins = {row.person_id: row.login for row in connection.execute(named)}
    return [
        PersonLine(
            row.id, row.code, row.name, row.active, held.get(row.id, ()), counts.get(row.id, 0),
            logins.get(row.id, ""),
        )
        for row in rows
    ]  # fmt: skip


def person(ledger: Ledger, person_id: int) -> PersonPage:
    """One person. Raises Missing."""
    accounts = table(Account)
    with ledger.snapshot() as connection:
        row = _person(connection, person_id)
        ways = connection.execute(_ways(person_id)).all()
        account = connection.execute(
            sa.select(accounts.c.id, accounts.c.login).where(accounts.c.person_id == person_id)
        ).one_or_none()
        return PersonPage(
            row.id, row.code, row.name, row.active,
            duties=_duties(connection, table(Duty).c.person_id == person_id),
            channels=ways,
            absences=_absences(connection, table(Absence).c.person_id == person_id),
            account_id=account.id if account else None,
            login=account.login if account else "",
        )  # fmt: skip


def _ways(person_id: int) -> sa.Select[Any]:
    """The channels of a person in their order, with how many messages a minute each takes."""
    channels, outlets = table(Channel), table(Outlet)
    names = ("id", "position", "shown", "delay", "active")
    rate = sa.func.coalesce(outlets.c.per_minute, 0).label("per_minute")
    query = sa.select(*(channels.c[name] for name in names), rate)
    query = query.join(outlets, channels.c.outlet == outlets.c.digest, isouter=True)
    return query.where(channels.c.person_id == person_id).order_by(channels.c.position)


def _person(connection: Connection, person_id: int) -> Any:
    rows = table(Person)
    row = connection.execute(sa.select(rows).where(rows.c.id == person_id)).one_or_none()
    if row is None:
        raise Missing("没有这个人员。", "There is no such person.")
    return row


def _duties(connection: Connection, which: sa.ColumnElement[bool]) -> Sequence[Any]:
    duties, units = table(Duty), table(Unit)
    query = (
        sa.select(duties, units.c.name.label("unit"))
        .join(units, duties.c.unit_id == units.c.id)
        .where(which)
        .order_by(duties.c.id)
    )
    return connection.execute(query).all()


def _absences(connection: Connection, which: sa.ColumnElement[bool]) -> Sequence[Any]:
    rows, people_ = table(Absence), table(Person)
    others = people_.alias()
    query = (
        sa.select(rows, people_.c.name.label("person"), others.c.name.label("substitute"))
        .join(people_, rows.c.person_id == people_.c.id)
        .outerjoin(others, rows.c.substitute_id == others.c.id)
        .where(which)
        .order_by(rows.c.start.desc(), rows.c.id.desc())
    )
    return connection.execute(query).all()


def absences(ledger: Ledger, at: datetime) -> Sequence[Any]:
    """Who is away at `at` or later: rows of id, person_id, person, start, until, substitute."""
    with ledger.snapshot() as connection:
        return _absences(connection, table(Absence).c.until > at)


def rotas(ledger: Ledger) -> Mapping[tuple[int, DutyKind], Sequence[Any]]:
    """The turns of every rota, in order: rows of unit, duty, first_monday, person_id, person."""
    rows, units, people_ = table(Rota), table(Unit), table(Person)
    query = (
        sa.select(rows, units.c.name.label("unit"), people_.c.name.label("person"), people_.c.code)
        .join(units, rows.c.unit_id == units.c.id)
        .join(people_, rows.c.person_id == people_.c.id)
        .order_by(rows.c.unit_id, rows.c.duty, rows.c.position)
    )
    found: dict[tuple[int, DutyKind], list[Any]] = {}
    with ledger.snapshot() as connection:
        for row in connection.execute(query):
            found.setdefault((row.unit_id, row.duty), []).append(row)
    return found


# -- people and duties -------------------------------------------------------------------------


def add_person(ledger: Ledger, hand: Hand, code: str, name: str) -> int:
    """Add a person; gives their id. Raises Trouble."""
    with acting(ledger) as connection:
        return new_person(connection, hand, code, name)


def new_person(connection: Connection, hand: Hand, code: str, name: str) -> int:
    """The same within an act. Raises Trouble."""
    code = new_code(connection, Person, code, PERSON)
    name = written(name, LONGEST_NAME, Words("姓名", "name"))
    made = admin.insert(connection, Person, code=code, name=name, active=True)
    log(connection, hand, Deed.PERSON_ADDED, name, after={"code": code})
    return made


def change_person(ledger: Ledger, hand: Hand, person_id: int, name: str, *, active: bool) -> None:
    """Rename a person, or let them leave or come back. Raises Trouble.

    Who has left is told nothing any more and cannot sign in; what they did stays theirs.
    """
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        name = written(name, LONGEST_NAME, Words("姓名", "name"))
        before, after = differing(row._mapping, {"name": name, "active": active})
        if not after:
            return
        update(connection, Person, person_id, **after)
        if not active and administers(connection, person_id):
            keep_an_administrator(connection)
        log(connection, hand, Deed.PERSON_CHANGED, row.name, before, after)


def add_duty(ledger: Ledger, hand: Hand, person_id: int, unit_id: int, duty: DutyKind) -> None:
    """Give a person a duty for a unit; several may share one. Raises Trouble."""
    rows = table(Duty)
    values = {"unit_id": unit_id, "duty": duty, "person_id": person_id}
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        unit = one(connection, Unit, unit_id, UNIT)
        if connection.execute(sa.select(rows.c.id).filter_by(**values)).first():
            raise Trouble(
                f"{row.name}已经是{unit.name}的{duty.words.zh}。",
                f"{row.name} is already {duty.words.en} of {unit.name}.",
            )
        admin.insert(connection, Duty, **values)
        log(connection, hand, Deed.DUTY_ADDED, row.name, after={"unit": unit.name, "duty": duty})


def remove_duty(ledger: Ledger, hand: Hand, person_id: int, duty_id: int) -> None:
    """Take a duty from a person. Raises Missing."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        duty = one(connection, Duty, duty_id, Words("职责", "duty"))
        if duty.person_id != person_id:
            raise Missing("没有这项职责。", "There is no such duty.")
        connection.execute(sa.delete(table(Duty)).where(table(Duty).c.id == duty_id))
        unit = one(connection, Unit, duty.unit_id, UNIT).name
        before = {"unit": unit, "duty": duty.duty}
        log(connection, hand, Deed.DUTY_REMOVED, row.name, before=before)


# -- absences and rotas ------------------------------------------------------------------------


def add_absence(ledger: Ledger, hand: Hand, away: Away) -> None:
    """Record that somebody is away. Raises Trouble as `ledger.people.add_absences` does."""
    rows = table(Absence)
    with acting(ledger) as connection:
        row = one(connection, Person, away.person_id, PERSON)
        same = sa.and_(
            rows.c.person_id == away.person_id,
            rows.c.start == away.start,
            rows.c.until == away.until,
        )
        connection.execute(sa.delete(rows).where(same))
        people.add_absences(connection, [away])
        facts: dict[str, Any] = {"start": away.start, "until": away.until}
        if away.substitute_id is not None:
            facts["substitute"] = one(connection, Person, away.substitute_id, PERSON).name
        log(connection, hand, Deed.ABSENCE_ADDED, row.name, after=facts)


def end_absence(ledger: Ledger, hand: Hand, absence_id: int) -> None:
    """The person is back now; an absence that has not begun is struck out. Raises Missing."""
    rows = table(Absence)
    with acting(ledger) as connection:
        away = one(connection, Absence, absence_id, Words("不在岗记录", "absence"))
        name = one(connection, Person, away.person_id, PERSON).name
        if away.until <= hand.at:
            raise Trouble("这段不在岗已经结束。", "This absence is over.")
        if away.start >= hand.at:
            connection.execute(sa.delete(rows).where(rows.c.id == absence_id))
        else:
            update(connection, Absence, absence_id, until=hand.at)
        before = {"start": away.start, "until": away.until}
        log(connection, hand, Deed.ABSENCE_ENDED, name, before, {"until": hand.at})


def set_rota(ledger: Ledger, hand: Hand, unit_id: int, duty: DutyKind, roster: Roster) -> None:
    """Put a rota in the place of the one the unit had for the duty. Raises Trouble."""
    if not roster.people:
        raise Trouble("值班表至少要有一人。", "A rota needs one person at least.")
    with acting(ledger) as connection:
        unit = one(connection, Unit, unit_id, UNIT)
        people.replace_rota(connection, unit_id, duty, roster)
        names = [one(connection, Person, who, PERSON).name for who in roster.people]
        after = {"duty": duty, "first_monday": roster.first_monday, "people": names}
        log(connection, hand, Deed.ROTA_SET, unit.name, after=after)


def remove_rota(ledger: Ledger, hand: Hand, unit_id: int, duty: DutyKind) -> None:
    """From now on everybody with the duty has it at once again. Raises Missing."""
    rows = table(Rota)
    with acting(ledger) as connection:
        unit = one(connection, Unit, unit_id, UNIT)
        mine = sa.delete(rows).where(rows.c.unit_id == unit_id, rows.c.duty == duty)
        if not connection.execute(mine).rowcount:
            raise Missing("没有这张值班表。", "There is no such rota.")
        log(connection, hand, Deed.ROTA_REMOVED, unit.name, before={"duty": duty})


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return date.fromordinal(day.toordinal() - day.weekday())
