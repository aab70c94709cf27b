"""专用链接: from a notice to the one case it speaks of, for the one person it was sent to."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.accounts import digest, new_session
from ledger.changes import table
from ledger.database import Ledger
from ledger.scope import concerns
from models.account import Link, Session
from models.case import Case
from models.person import Person
from models.verb import Verb
from models.words import Words
from rules.permission import Viewer, offered

VALID = timedelta(days=14)
"""How long a link can be opened."""
OPENED_FOR = timedelta(days=3)
"""How long the browser that opened it keeps seeing the case."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a link that still opens leads to."""

    id: int
    number: str
    place: str
    person: str
    expires_at: datetime
    to_sign: bool
    """Whether the case waits for the unit to sign, and the person may."""


def make(connection: Connection, case_id: int, person_id: int, unit_id: int, at: datetime) -> str:
    """A new link; gives its secret, which is kept nowhere."""
    return make_all(connection, [(case_id, person_id, unit_id)], at)[0]


def make_all(
    connection: Connection, whom: Sequence[tuple[int, int, int]], at: datetime
) -> list[str]:
    """A new link for each (case, person, unit); gives their secrets in the same order."""
    made = [secrets.token_urlsafe(24) for _ in whom]
    rows = [
        {"digest": digest(secret), "case_id": case, "person_id": person, "unit_id": unit,
         "created_at": at, "expires_at": at + VALID}
        for secret, (case, person, unit) in zip(made, whom, strict=True)
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(table(Link)), rows)
    return made


def look(ledger: Ledger, secret: str, at: datetime) -> Opening | Words:
    """What the link would open, without using it up: whatever fetches pages may look."""
    with ledger.snapshot() as connection:
        link = _find(connection, secret)
        refused = _refused(link, at)
        return refused or _opening(connection, link)


def use(ledger: Ledger, secret: str, at: datetime, agent: str = "") -> tuple[str, Opening] | Words:
    """Use the link up and open its session; gives the token for the cookie."""
    rows = table(Link)
    with ledger.transaction() as connection:
        link = _find(connection, secret)
        refused = _refused(link, at)
        if refused is not None:
            return refused
        free = sa.update(rows).where(rows.c.id == link.id, rows.c.used_at.is_(None))
        if connection.execute(free.values(used_at=at)).rowcount != 1:
            return _USED
        token = new_session(
            connection, link.person_id, at, agent, link_id=link.id, until=at + OPENED_FOR
        )
        return token, _opening(connection, link)


def revoke(connection: Connection, which: sa.ColumnElement[bool], at: datetime) -> int:
    """Revoke links, and with them the sessions they opened; gives how many."""
    rows = table(Link)
    done = connection.execute(
        sa.update(rows).where(which, rows.c.revoked_at.is_(None)).values(revoked_at=at)
    )
    return int(done.rowcount)


def revoke_of(connection: Connection, case_id: int, units: Sequence[int], at: datetime) -> int:
    """Revoke what was sent to people of units that no longer have a part in the case."""
    rows = table(Link)
    return revoke(connection, sa.and_(rows.c.case_id == case_id, rows.c.unit_id.in_(units)), at)


def forget(ledger: Ledger, before: datetime) -> int:
    """Forget sessions and links that ended before then; gives how many."""
    sessions, rows = table(Session), table(Link)
    with ledger.transaction() as connection:
        ended = connection.execute(sa.delete(sessions).where(sessions.c.expires_at < before))
        held = sa.select(sessions.c.link_id).where(sessions.c.link_id.is_not(None))
        old = sa.and_(rows.c.expires_at < before, rows.c.id.not_in(held))
        return int(ended.rowcount + connection.execute(sa.delete(rows).where(old)).rowcount)


def _find(connection: Connection, secret: str) -> Any:
    rows = table(Link)
    return connection.execute(sa.select(rows).where(rows.c.digest == digest(secret))).one_or_none()


def _refused(link: Any, at: datetime) -> Words | None:
    if link is None:
        return _UNKNOWN
    if link.revoked_at is not None:
        return _REVOKED
    if link.expires_at <= at:
        return _EXPIRED
    return _USED if link.used_at is not None else None


def _opening(connection: Connection, link: Any) -> Opening:
    cases, people = table(Case), table(Person)
    case = connection.execute(sa.select(cases).where(cases.c.id == link.case_id)).one()
    who = sa.select(people.c.name).where(people.c.id == link.person_id)
    name = connection.execute(who).scalar_one()
    reader = Viewer(link.person_id, name, case_id=link.case_id, unit_id=link.unit_id)
    mine = offered(concerns(connection, reader, case), case)
    to_sign = Verb.ACKNOWLEDGE in mine
    return Opening(link.id, case.number, case.place, name, link.expires_at, to_sign)


def number_of(ledger: Ledger, viewer: Viewer) -> str | None:
    """The number of the one case a viewer by link sees."""
    cases = table(Case)
    with ledger.snapshot() as connection:
        query = sa.select(cases.c.number).where(cases.c.id == viewer.case_id)
        return connection.execute(query).scalar_one_or_none()


_NEXT = (
    "请用账号登录后从“我的案件”进入，或等下一次提醒里的新链接。",
    "Sign in and come by the list of your cases, or use the link in the next message.",
)
_UNKNOWN = Words(f"链接无效，可能没有复制完整。{_NEXT[0]}", f"This link is not valid. {_NEXT[1]}")
_REVOKED = Words(f"链接已被收回。{_NEXT[0]}", f"This link has been revoked. {_NEXT[1]}")
_EXPIRED = Words(f"链接已过期。{_NEXT[0]}", f"This link has expired. {_NEXT[1]}")
_USED = Words(
    f"链接已经用过：每个链接只能打开一次。{_NEXT[0]}",
    f"This link has been used: each opens once. {_NEXT[1]}",
)
