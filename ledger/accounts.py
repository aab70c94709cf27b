"""账号与会话: signing in, and knowing again who is signed in.

Of secrets only digests are kept: whoever reads the database can sign in as nobody.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from pwdlib import PasswordHash
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from models.account import Account, AccountRole, Link, RoleGrant, Session
from models.person import Person
from models.words import Trouble, Words
from rules.permission import Grant, Viewer

STAYS = timedelta(days=7)
"""A session ends this long after its last use, and at the latest after LONGEST."""
LONGEST = timedelta(days=30)
MOST_FAILURES = 5
"""Wrong passwords in a row before the account is locked for LOCKED."""
LOCKED = timedelta(minutes=15)
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
_TOUCH = timedelta(minutes=5)


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    """A hash to check against when there is no account: both answers take as long."""
    return _hasher().hash(secrets.token_hex(16))


def digest(token: str) -> str:
    """What is kept of a secret token: SHA-256, for the token itself is random enough."""
    return sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened: the token for the cookie, shown once and kept nowhere."""

    token: str
    account_id: int
    must_change: bool


def sign_in(
    ledger: Ledger, login: str, password: str, at: datetime, agent: str = ""
) -> Opened | Words:
    """Open a session, or say why not.

    A wrong name and a wrong password get the same answer; after five wrong passwords in a row
    the account rests for a quarter of an hour.
    """
    with ledger.snapshot() as connection:
        account = _account(connection, login)
    # Outside of any transaction: checking takes a sixth of a second on purpose.
    right = _right(account, password)
    if account is None:
        return _WRONG
    with ledger.transaction() as connection:
        account = _account(connection, login, held=True)
        if account.locked_until and account.locked_until > at:
            return _LOCKED
        if not account.active or not account.password:
            return _WRONG
        if not right:
            return _failed(connection, account, at)
        _update(connection, account.id, failures=0, locked_until=None)
        return _open(connection, account, at, agent)


def _account(connection: Connection, login: str, *, held: bool = False) -> Any:
    rows = table(Account)
    query = sa.select(rows).where(rows.c.login == login.strip().lower())
    return connection.execute(query.with_for_update() if held else query).one_or_none()


def _right(account: Any, password: str) -> bool:
    known = account.password if account is not None and account.password else _nobody()
    return len(password) <= LONGEST_PASSWORD and _hasher().verify(password, known)


def _failed(connection: Connection, account: Any, at: datetime) -> Words:
    failures = account.failures + 1
    locked = failures >= MOST_FAILURES
    until = at + LOCKED if locked else None
    _update(connection, account.id, failures=0 if locked else failures, locked_until=until)
    return _LOCKED if locked else _WRONG


_WRONG = Words(
    "用户名或口令不对。连续 5 次不对，账号锁定 15 分钟；忘记口令请找管理员重置。",
    "The name or the password is wrong. After 5 wrong ones in a row the account rests for 15 "
    "minutes; if you forgot the password, ask the administrator to reset it.",
)
_LOCKED = Words(
    "口令连续 5 次不对，账号已锁定 15 分钟。请稍后再试，或请管理员重置口令。",
    "Five wrong passwords in a row: the account rests for 15 minutes. Try again later, or ask "
    "the administrator to reset the password.",
)
_CLOSED = Words(
    "账号已停用。需要恢复请找管理员。",
    "The account is closed. Ask the administrator if it is needed again.",
)


def open_session(ledger: Ledger, account_id: int, at: datetime, agent: str = "") -> Opened | Words:
    """Open a session for somebody whom another house has signed in."""
    with ledger.transaction() as connection:
        account = connection.execute(
            sa.select(table(Account)).where(table(Account).c.id == account_id)
        ).one_or_none()
        if account is None or not account.active:
            return _CLOSED
        if account.locked_until and account.locked_until > at:
            return _LOCKED
        return _open(connection, account, at, agent)


def _open(connection: Connection, account: Any, at: datetime, agent: str) -> Opened:
    token = new_session(connection, account.person_id, at, agent, account_id=account.id)
    return Opened(token, account.id, account.must_change)


def new_session(
    connection: Connection,
    person_id: int,
    at: datetime,
    agent: str = "",
    *,
    account_id: int | None = None,
    link_id: int | None = None,
    until: datetime | None = None,
) -> str:
    """Open a session for an account, or for a link; gives the token for its cookie."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        sa.insert(table(Session)).values(
            digest=digest(token), person_id=person_id, account_id=account_id, link_id=link_id,
            agent=agent[:200], created_at=at, seen_at=at, expires_at=until or at + STAYS,
        )
    )  # fmt: skip
    return token


def seen(ledger: Ledger, token: str, at: datetime) -> Viewer | None:
    """Who holds this token now; None when nobody does any more."""
    rows = table(Session)
    with ledger.snapshot() as connection:
        query = sa.select(rows).where(
            rows.c.digest == digest(token), rows.c.revoked_at.is_(None), rows.c.expires_at > at
        )
        session = connection.execute(query).one_or_none()
        viewer = _viewer(connection, session) if session is not None else None
    if viewer is not None and session is not None and session.seen_at + _TOUCH < at:
        _touch(ledger, session, at)
    return viewer


def _touch(ledger: Ledger, session: Any, at: datetime) -> None:
    until = session.expires_at
    if session.account_id is not None:
        until = min(at + STAYS, session.created_at + LONGEST)
    with ledger.transaction() as connection:
        rows = table(Session)
        connection.execute(
            sa.update(rows).where(rows.c.id == session.id).values(seen_at=at, expires_at=until)
        )


def _viewer(connection: Connection, session: Any) -> Viewer | None:
    person = active_person(connection, session.person_id)
    if person is None:
        return None
    if session.link_id is not None:
        return _by_link(connection, session, person)
    return _by_account(connection, session, person)


def active_person(connection: Connection, person_id: int) -> Any:
    """A person who is active, with how they are called in records: by code too among namesakes."""
    people = table(Person)
    others = people.alias()
    same = sa.select(sa.func.count()).select_from(others).where(others.c.name == people.c.name)
    label = sa.case(
        (same.scalar_subquery() == 1, people.c.name),
        else_=people.c.name + "（" + people.c.code + "）",
    )
    query = sa.select(people.c.id, people.c.name, label.label("actor"))
    found = query.where(people.c.id == person_id, people.c.active)
    return connection.execute(found).one_or_none()


def _by_account(connection: Connection, session: Any, person: Any) -> Viewer | None:
    rows = table(Account)
    query = sa.select(rows).where(rows.c.id == session.account_id, rows.c.active)
    account = connection.execute(query).one_or_none()
    if account is None:
        return None
    return Viewer(
        person_id=person.id,
        name=person.name,
        actor=person.actor[:60],
        lang=account.lang,
        account_id=account.id,
        session_id=session.id,
        grants=grants_of(connection, account.id),
        must_change=account.must_change,
    )


def _by_link(connection: Connection, session: Any, person: Any) -> Viewer | None:
    links = table(Link)
    query = sa.select(links).where(links.c.id == session.link_id, links.c.revoked_at.is_(None))
    link = connection.execute(query).one_or_none()
    if link is None:
        return None
    return Viewer(
        person_id=person.id,
        name=person.name,
        actor=person.actor[:60],
        session_id=session.id,
        case_id=link.case_id,
        unit_id=link.unit_id,
    )


def grants_of(connection: Connection, account_id: int) -> tuple[Grant, ...]:
    """The roles of an account, each with where it holds."""
    rows = table(RoleGrant)
    query = sa.select(rows).where(rows.c.account_id == account_id).order_by(rows.c.id)
    return tuple(Grant(r.role, r.unit_id, r.area_id) for r in connection.execute(query))


def viewer_of(connection: Connection, account_id: int) -> Viewer | None:
    """The viewer an account is, without a session: for programs with a token of it."""
    rows = table(Account)
    query = sa.select(rows).where(rows.c.id == account_id, rows.c.active)
    account = connection.execute(query).one_or_none()
    person = active_person(connection, account.person_id) if account is not None else None
    if account is None or person is None:
        return None
    return Viewer(
        person_id=person.id,
        name=person.name,
        actor=person.actor[:60],
        lang=account.lang,
        account_id=account_id,
        grants=grants_of(connection, account_id),
        must_change=account.must_change,
    )


# -- leaving -----------------------------------------------------------------------------------


def sign_out(ledger: Ledger, session_id: int, at: datetime) -> None:
    """End one session."""
    rows = table(Session)
    _revoke(ledger, rows.c.id == session_id, at)


def sign_out_everywhere(
    ledger: Ledger, person_id: int, at: datetime, but: int | None = None
) -> None:
    """End every session of a person, except perhaps the one that asks."""
    rows = table(Session)
    _revoke(ledger, sa.and_(rows.c.person_id == person_id, rows.c.id.is_distinct_from(but)), at)


def _revoke(ledger: Ledger, which: sa.ColumnElement[bool], at: datetime) -> None:
    rows = table(Session)
    with ledger.transaction() as connection:
        connection.execute(
            sa.update(rows).where(which, rows.c.revoked_at.is_(None)).values(revoked_at=at)
        )


def sessions(ledger: Ledger, person_id: int, at: datetime) -> Sequence[Any]:
    """The sessions of a person that are open, the one used last first."""
    rows = table(Session)
    query = sa.select(rows).where(
        rows.c.person_id == person_id, rows.c.revoked_at.is_(None), rows.c.expires_at > at
    )
    with ledger.snapshot() as connection:
        return connection.execute(query.order_by(rows.c.seen_at.desc())).all()


# -- accounts ----------------------------------------------------------------------------------


def add_account(
    connection: Connection,
    person_id: int,
    login: str,
    password: str,
    grants: Sequence[Grant],
    at: datetime,
    *,
    must_change: bool = True,
) -> int:
    """Give a person an account. Raises Trouble for a login or password that cannot be."""
    login = login.strip().lower()
    check_login(connection, login)
    check_password(password, login)
    made = connection.execute(
        sa.insert(table(Account))
        .values(
            person_id=person_id, login=login, password=_hasher().hash(password),
            must_change=must_change, active=True, failures=0, lang="zh", created_at=at,
            password_at=at,
        )
        .returning(table(Account).c.id)
    )  # fmt: skip
    account_id = int(made.scalar_one())
    replace_grants(connection, account_id, grants)
    return account_id


def replace_grants(connection: Connection, account_id: int, grants: Sequence[Grant]) -> None:
    """Put these roles in the place of those the account had. Raises Trouble."""
    rows = table(RoleGrant)
    for grant in grants:
        if grant.role in (AccountRole.CONTACT, AccountRole.HEAD) and grant.unit_id is None:
            raise Trouble(
                f"“{grant.role.words.zh}”须指定单位。",
                f"The role {grant.role.words.en} needs a unit.",
            )
    connection.execute(sa.delete(rows).where(rows.c.account_id == account_id))
    if grants:
        connection.execute(
            sa.insert(rows),
            [
                {"account_id": account_id, "role": g.role, "unit_id": g.unit_id,
                 "area_id": g.area_id}
                for g in dict.fromkeys(grants)
            ],
        )  # fmt: skip


def check_login(connection: Connection, login: str) -> None:
    """Raises Trouble when an account cannot be called this."""
    if not (2 <= len(login) <= 64) or any(c.isspace() or not c.isprintable() for c in login):
        raise Trouble(
            "用户名须为 2 至 64 个字符，不含空格。", "A login has 2 to 64 characters, no spaces."
        )
    rows = table(Account)
    if connection.execute(sa.select(rows.c.id).where(rows.c.login == login)).first():
        raise Trouble(f"用户名 {login} 已有人用。", f"The login {login} is taken.")


def check_password(password: str, login: str = "") -> None:
    """Raises Trouble when a password is too short, too long, or the login itself.

    Length is what makes it strong; NIST SP 800-63B asks for no rules of composition.
    """
    if not (SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD):
        raise Trouble(
            f"口令须为 {SHORTEST_PASSWORD} 至 {LONGEST_PASSWORD} 个字符，"
            "可以用一句话，不必夹杂符号。",
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters. A sentence "
            "will do; symbols are not needed.",
        )
    if login and login in password.lower() and len(password) < len(login) + 6:
        raise Trouble("口令不能就是用户名。", "The password must not be the login.")
    if len(set(password)) < 4:
        raise Trouble("口令里不同的字符太少。", "The password has too few different characters.")


def change_password(
    ledger: Ledger, account_id: int, old: str, new: str, at: datetime, session_id: int | None
) -> None:
    """Change one's own password; every other session ends. Raises Trouble."""
    rows = table(Account)
    with ledger.transaction() as connection:
        query = sa.select(rows).where(rows.c.id == account_id).with_for_update()
        account = connection.execute(query).one()
        if not _right(account, old):
            raise Trouble("原口令不对。", "The old password is wrong.")
        if old == new:
            raise Trouble("新口令须与原口令不同。", "The new password must differ from the old.")
        check_password(new, account.login)
        set_password(connection, account_id, new, at, must_change=False)
    sign_out_everywhere(ledger, account.person_id, at, but=session_id)


def set_password(
    connection: Connection, account_id: int, new: str, at: datetime, *, must_change: bool
) -> None:
    """Write a new password and open the lock."""
    _update(
        connection, account_id, password=_hasher().hash(new), password_at=at,
        must_change=must_change, failures=0, locked_until=None,
    )  # fmt: skip


def set_lang(ledger: Ledger, account_id: int, lang: str) -> None:
    """Keep the language somebody reads in."""
    with ledger.transaction() as connection:
        _update(connection, account_id, lang="en" if lang == "en" else "zh")


def _update(connection: Connection, account_id: int, **values: Any) -> None:
    rows = table(Account)
    connection.execute(sa.update(rows).where(rows.c.id == account_id).values(**values))
