"""专用链接: from a notice to the one case it speaks of, for the one person it was sent to."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.accounts import digest, new_session
from ledger.changes import table
from ledger.database import Ledger
from ledger.reference import Reference
from ledger.scope import concerns
from models.account import Link, Session
from models.assignment import Assignment
from models.case import Case
from models.category import Role
from models.person import Person
from models.request import Request, RequestKind
from models.verb import Verb
from models.words import Words
from rules import requests
from rules.permission import Concern, Viewer, offered

VALID = timedelta(days=14)
"""How long a link can be opened."""
OPENED_FOR = timedelta(days=3)
"""How long the browser that opened it keeps seeing the case."""
ANSWERS = (Verb.ACKNOWLEDGE, Verb.SUBMIT, Verb.REQUEST_EXTENSION)
"""What a link of its own may do, in the order in which they are offered."""


class Wanted(NamedTuple):
    """A link to be made: to a case, for a person written to for a unit; `verb` is what it does."""

    case_id: int
    person_id: int
    unit_id: int
    verb: Verb | None = None
    """None: it opens the case."""


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
    reader: Viewer
    """The person, as far as the link lets them see."""
    verb: Verb | None = None
    """What it does; None: it opens the case."""


def make(
    connection: Connection,
    case_id: int,
    person_id: int,
    unit_id: int,
    at: datetime,
    verb: Verb | None = None,
) -> str:
    """A new link; gives its secret, which is kept nowhere."""
    return make_all(connection, [Wanted(case_id, person_id, unit_id, verb)], at)[0]


def make_all(connection: Connection, wanted: Sequence[Wanted], at: datetime) -> list[str]:
    """New links, in one statement; gives their secrets in the same order."""
    made = [secrets.token_urlsafe(24) for _ in wanted]
    rows = [
        {"digest": digest(secret), "case_id": one.case_id, "person_id": one.person_id,
         "unit_id": one.unit_id, "verb": one.verb.value if one.verb else "",
         "created_at": at, "expires_at": at + VALID}
        for secret, one in zip(made, wanted, strict=True)
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(table(Link)), rows)
    return made


def answers(
    connection: Connection, reference: Reference, whom: Collection[tuple[int, int]], at: datetime
) -> dict[tuple[int, int], list[Verb]]:
    """For each (case, unit): what somebody written to for the unit can answer by a link now.

    Judged as the case's page does: by the unit's part, the case's status, and the rules of an
    extension. Costs three statements for all of them.
    """
    ids = {case for case, _ in whom}
    if not ids:
        return {}
    cases, parts, asked = table(Case), table(Assignment), table(Request)
    found = {row.id: row for row in connection.execute(sa.select(cases).where(cases.c.id.in_(ids)))}
    lead = sa.select(parts.c.case_id, parts.c.unit_id).where(
        parts.c.case_id.in_(ids), parts.c.role == Role.LEAD, parts.c.ended_at.is_(None)
    )
    leading = {tuple(row) for row in connection.execute(lead)}
    waiting = sa.select(asked.c.case_id, asked.c.kind).where(
        asked.c.case_id.in_(ids), asked.c.decided_at.is_(None)
    )
    open_ = {row.case_id: row.kind for row in connection.execute(waiting)}
    return {
        (case, unit): _answers(found[case], open_.get(case), reference, at)
        for case, unit in whom
        if (case, unit) in leading
    }


def _answers(case: Any, asked: Any, reference: Reference, at: datetime) -> list[Verb]:
    mine = offered({Concern.LEAD}, case, asked)
    rules = reference.books[case.policy_id].policy.requests
    if requests.refusal(case, RequestKind.EXTENSION, rules, at, None) is not None:
        mine = [verb for verb in mine if verb is not Verb.REQUEST_EXTENSION]
    return [verb for verb in ANSWERS if verb in mine]


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
    return Opening(
        link.id, case.number, case.place, name, link.expires_at,
        to_sign=Verb.ACKNOWLEDGE in mine,
        reader=reader,
        verb=next((verb for verb in ANSWERS if verb.value == link.verb), None),
    )  # fmt: skip


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
