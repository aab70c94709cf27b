"""管理账号: who may sign in, as what; passwords and sessions.

No password, token or secret is ever in the log of acts.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import accounts, admin, identities
from ledger.admin import PAGE, Deed, Hand, acting, log, one, update
from ledger.changes import table
from ledger.database import Ledger
from ledger.scope import Missing
from models.account import Account, AccountRole, RoleGrant, Session, Token
from models.person import Person
from models.unit import Area, Unit
from models.words import Trouble, Words
from rules.permission import Grant

ACCOUNT = Words("账号", "account")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """A password to be said aloud once: four groups of four, without letters alike; 79 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One role of an account, in names."""

    id: int
    role: AccountRole
    unit: str | None
    area: str | None


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account in the list."""

    id: int
    login: str
    person_id: int
    person: str
    active: bool
    """Neither closed, nor has the person left."""
    locked_until: datetime | None
    must_change: bool
    seen_at: datetime | None
    grants: Sequence[GrantLine]


@dataclass(frozen=True, slots=True)
class AccountPage:
    """An account with all that belongs to it."""

    line: AccountLine
    closed: bool
    created_at: datetime
    password_at: datetime | None
    sessions: Sequence[Any]
    identities: Sequence[identities.Linked]


# -- looking -----------------------------------------------------------------------------------


def page(
    ledger: Ledger, *, text: str = "", role: str = "", after: int = 0, size: int = PAGE
) -> tuple[list[AccountLine], int]:
    """Accounts by id from the one after `after`, and the id to go on with, 0 at the end.

    `text` is part of a login or a name.
    """
    rows, people, roles = table(Account), table(Person), table(RoleGrant)
    conditions = [rows.c.id > after]
    if text:
        conditions.append(
            rows.c.login.contains(text, autoescape=True)
            | people.c.name.contains(text, autoescape=True)
        )
    if role:
        having = sa.select(roles.c.account_id).where(sa.cast(roles.c.role, sa.String) == role)
        conditions.append(rows.c.id.in_(having))
    with ledger.snapshot() as connection:
        found = _lines(connection, sa.and_(*conditions), size + 1)
    return found[:size], found[size - 1].id if len(found) > size else 0


def account(ledger: Ledger, account_id: int, at: datetime) -> AccountPage:
    """One account. Raises Missing."""
    rows = table(Account)
    with ledger.snapshot() as connection:
        lines = _lines(connection, rows.c.id == account_id, 1)
        if not lines:
            raise Missing("没有这个账号。", "There is no such account.")
        row = connection.execute(sa.select(rows).where(rows.c.id == account_id)).one()
    return AccountPage(
        lines[0], not row.active, row.created_at, row.password_at,
        accounts.sessions(ledger, row.person_id, at), identities.linked(ledger, account_id),
    )  # fmt: skip


def named(connection: Connection, login: str) -> Any:
    """The account of this login. Raises Trouble."""
    rows = table(Account)
    query = sa.select(rows).where(rows.c.login == login.strip().lower())
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Trouble(
            f"没有用户名为“{login[:64]}”的账号。请核对用户名。",
            f"There is no account {login[:64]!r}. Check the login.",
        )
    return row


def taken(connection: Connection, login: str, person_id: int) -> bool:
    """Whether there is an account of this login, or of this person."""
    rows = table(Account)
    query = sa.select(rows.c.id).where((rows.c.login == login) | (rows.c.person_id == person_id))
    return connection.execute(query).first() is not None


def has_administrator(connection: Connection) -> bool:
    """Whether any account has the role of administrator, be it closed."""
    rows = table(RoleGrant)
    query = sa.select(rows.c.id).where(rows.c.role == AccountRole.ADMINISTRATOR)
    return connection.execute(query.limit(1)).first() is not None


def _lines(connection: Connection, which: sa.ColumnElement[bool], size: int) -> list[AccountLine]:
    rows, people, sessions = table(Account), table(Person), table(Session)
    seen = (
        sa.select(sa.func.max(sessions.c.seen_at))
        .where(sessions.c.account_id == rows.c.id)
        .scalar_subquery()
    )
    query = (
        sa.select(
            rows, people.c.name, people.c.active.label("there"),
            sa.type_coerce(seen, sessions.c.seen_at.type).label("seen_at"),
        )
        .join(people, rows.c.person_id == people.c.id)
        .where(which)
        .order_by(rows.c.id)
        .limit(size)
    )  # fmt: skip
    found = connection.execute(query).all()
    grants = _grants(connection, [row.id for row in found])
    return [
        AccountLine(
            row.id, row.login, row.person_id, row.name, row.active and row.there,
            row.locked_until, row.must_change, row.seen_at, grants.get(row.id, ()),
        )
        for row in found
    ]  # fmt: skip


def _grants(connection: Connection, ids: Sequence[int]) -> dict[int, list[GrantLine]]:
    rows, units, areas = table(RoleGrant), table(Unit), table(Area)
    query = (
        sa.select(rows, units.c.name.label("unit"), areas.c.name.label("area"))
        .outerjoin(units, rows.c.unit_id == units.c.id)
        .outerjoin(areas, rows.c.area_id == areas.c.id)
        .where(rows.c.account_id.in_(ids))
        .order_by(rows.c.id)
    )
    found: dict[int, list[GrantLine]] = {}
    for row in connection.execute(query):
        line = GrantLine(row.id, row.role, row.unit, row.area)
        found.setdefault(row.account_id, []).append(line)
    return found


# -- opening, closing --------------------------------------------------------------------------


def add(
    connection: Connection,
    hand: Hand,
    person_id: int,
    login: str,
    grants: Sequence[Grant],
    password: str,
    *,
    must_change: bool = True,
) -> int:
    """Give a person an account, within an act; gives its id. Raises Trouble."""
    rows = table(Account)
    person = one(connection, Person, person_id, Words("人员", "person"))
    if connection.execute(sa.select(rows.c.id).where(rows.c.person_id == person_id)).first():
        raise Trouble(
            f"{person.name}已经有账号。一人一个账号，可以有多个角色。",
            f"{person.name} has an account already: one each, with as many roles as needed.",
        )
    for grant in grants:
        _check(grant)
    made = accounts.add_account(
        connection, person_id, login, password, grants, hand.at, must_change=must_change
    )
    after = {"login": login, "roles": [_said(connection, grant) for grant in grants]}
    log(connection, hand, Deed.ACCOUNT_ADDED, person.name, after=after)
    return made


def _check(grant: Grant) -> None:
    if grant.role is AccountRole.ADMINISTRATOR and (grant.unit_id or grant.area_id):
        raise Trouble(
            "管理员管理全市资料，不能限定单位或辖区。请去掉单位和辖区。",
            "An administrator keeps the data of the whole city. Leave unit and area empty.",
        )
    if grant.role in (AccountRole.CONTACT, AccountRole.HEAD) and grant.unit_id is None:
        raise Trouble(
            f"“{grant.role.words.zh}”须指定单位。",
            f"The role {grant.role.words.en} needs a unit.",
        )
    if grant.role in (AccountRole.INSPECTOR, AccountRole.SUPERVISOR) and grant.unit_id:
        raise Trouble(
            f"“{grant.role.words.zh}”按辖区授权，不按单位。请填辖区，或都不填（全市）。",
            f"The role {grant.role.words.en} holds within an area, not a unit. Name an area, or "
            "nothing for the whole city.",
        )


def _said(connection: Connection, grant: Grant) -> str:
    where = [
        one(connection, model, key, Words("单位或辖区", "unit or area")).name
        for model, key in ((Unit, grant.unit_id), (Area, grant.area_id))
        if key is not None
    ]
    return "·".join([grant.role.words.zh, *where])


def reset(
    connection: Connection, hand: Hand, account_id: int, password: str, *, must_change: bool = True
) -> None:
    """Give an account a new password and end its sessions, within an act. Raises Trouble."""
    row, name = held(connection, account_id)
    accounts.check_password(password, row.login)
    accounts.set_password(connection, account_id, password, hand.at, must_change=must_change)
    _end(connection, table(Session).c.account_id == account_id, hand.at)
    log(connection, hand, Deed.ACCOUNT_RESET, name, after={"login": row.login})


def close(connection: Connection, hand: Hand, account_id: int) -> None:
    """Nobody signs in with it any more, within an act; sessions and tokens end. Raises Trouble."""
    row, name = held(connection, account_id)
    tokens = table(Token)
    update(connection, Account, account_id, active=False)
    if administers(connection, row.person_id):
        keep_an_administrator(connection)
    _end(connection, table(Session).c.account_id == account_id, hand.at)
    live = sa.and_(tokens.c.account_id == account_id, tokens.c.revoked_at.is_(None))
    connection.execute(sa.update(tokens).where(live).values(revoked_at=hand.at))
    log(connection, hand, Deed.ACCOUNT_CLOSED, name, before={"login": row.login})


def reopen(ledger: Ledger, hand: Hand, account_id: int) -> None:
    """Let a closed account sign in again, with the password it had."""
    with acting(ledger) as connection:
        row, name = held(connection, account_id)
        update(connection, Account, account_id, active=True, failures=0, locked_until=None)
        log(connection, hand, Deed.ACCOUNT_REOPENED, name, after={"login": row.login})


def unlock(ledger: Ledger, hand: Hand, account_id: int) -> None:
    """Forget the wrong passwords."""
    with acting(ledger) as connection:
        row, name = held(connection, account_id)
        update(connection, Account, account_id, failures=0, locked_until=None)
        before = {"login": row.login, "locked_until": row.locked_until}
        log(connection, hand, Deed.ACCOUNT_UNLOCKED, name, before)


def end_sessions(
    ledger: Ledger, hand: Hand, account_id: int, session_id: int | None = None
) -> None:
    """End one session of an account, or all."""
    rows = table(Session)
    with acting(ledger) as connection:
        row, name = held(connection, account_id)
        which = rows.c.account_id == account_id
        if session_id is not None:
            which = sa.and_(which, rows.c.id == session_id)
        ended = _end(connection, which, hand.at)
        after = {"login": row.login, "sessions": ended}
        log(connection, hand, Deed.SIGNED_OUT, name, after=after)


def _end(connection: Connection, which: sa.ColumnElement[bool], at: datetime) -> int:
    rows = table(Session)
    live = sa.update(rows).where(which, rows.c.revoked_at.is_(None))
    return int(connection.execute(live.values(revoked_at=at)).rowcount)


def held(connection: Connection, account_id: int) -> tuple[Any, str]:
    """The row of an account, held, and whose it is. Raises Missing."""
    row = one(connection, Account, account_id, ACCOUNT)
    return row, one(connection, Person, row.person_id, Words("人员", "person")).name


# -- roles -------------------------------------------------------------------------------------


def grant(connection: Connection, hand: Hand, account_id: int, new: Grant) -> None:
    """Give an account one more role, within an act. Raises Trouble."""
    _, name = held(connection, account_id)
    _check(new)
    said = _said(connection, new)
    if new in accounts.grants_of(connection, account_id):
        raise Trouble(f"{name}已有角色“{said}”。", f"{name} has this role already.")
    admin.insert(
        connection, RoleGrant,
        account_id=account_id, role=new.role, unit_id=new.unit_id, area_id=new.area_id,
    )  # fmt: skip
    log(connection, hand, Deed.ROLE_GRANTED, name, after={"role": said})


def withdraw(connection: Connection, hand: Hand, account_id: int, grant_id: int) -> None:
    """Take a role from an account, within an act. Raises Trouble."""
    _, name = held(connection, account_id)
    row = one(connection, RoleGrant, grant_id, Words("角色", "role"))
    if row.account_id != account_id:
        raise Missing("没有这个角色。", "There is no such role.")
    said = _said(connection, Grant(row.role, row.unit_id, row.area_id))
    connection.execute(sa.delete(table(RoleGrant)).where(table(RoleGrant).c.id == grant_id))
    if row.role is AccountRole.ADMINISTRATOR:
        keep_an_administrator(connection)
    log(connection, hand, Deed.ROLE_WITHDRAWN, name, before={"role": said})


def administers(connection: Connection, person_id: int) -> bool:
    """Whether a person has an account with the role of administrator."""
    rows, roles = table(Account), table(RoleGrant)
    query = (
        sa.select(roles.c.id)
        .join(rows, roles.c.account_id == rows.c.id)
        .where(rows.c.person_id == person_id, roles.c.role == AccountRole.ADMINISTRATOR)
    )
    return connection.execute(query.limit(1)).first() is not None


def keep_an_administrator(connection: Connection) -> None:
    """Raises Trouble when nobody is left who could undo this."""
    rows, people, roles = table(Account), table(Person), table(RoleGrant)
    query = (
        sa.select(rows.c.id)
        .join(people, rows.c.person_id == people.c.id)
        .join(roles, roles.c.account_id == rows.c.id)
        .where(rows.c.active, people.c.active, roles.c.role == AccountRole.ADMINISTRATOR)
    )
    if connection.execute(query.limit(1)).first() is None:
        raise Trouble(
            "这是最后一个管理员，不能停用，也不能收回管理员角色。请先让另一人成为管理员。",
            "This is the last administrator and has to stay one. Make somebody else an "
            "administrator first.",
        )
