"""来信待处理: mail that could not be told whose it is waits for a supervisor.

A mail about a case is seen by whoever supervises the case; one about none, by those who
supervise the whole city.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.desk.filing import note
from ledger.scope import Missing, visible
from ledger.watching import Watched
from models.case import Case
from models.columns import Labelled
from models.incoming import Incoming, IncomingKind
from models.person import Person
from models.verb import Verb
from models.words import Trouble
from rules.lifecycle import Moved, Refused
from rules.permission import Viewer

PAGE = 30

rows, cases = table(Incoming), table(Case)


class State(Labelled):
    """Which mails are looked for."""

    WAITING = "waiting", "待处理", "waiting"
    SETTLED = "settled", "已处理", "dealt with"
    ALL = "all", "全部来信", "all mail"


_STATES = {
    State.WAITING: sa.and_(rows.c.kind == IncomingKind.UNKNOWN, rows.c.settled_at.is_(None)),
    State.SETTLED: rows.c.settled_at.is_not(None),
    State.ALL: sa.true(),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page, the newest first. `after` is the key to ask for the next with, empty at the end."""

    mails: Sequence[Any]
    after: str = ""


def page(ledger: Ledger, viewer: Viewer, state: State, after: str = "", size: int = PAGE) -> Page:
    """Mails a viewer may see: the columns of `Incoming`, with `number` and `person`."""
    with ledger.snapshot() as connection:
        query = _seen(connection, viewer).where(_STATES[state])
        if after.isdecimal() and len(after) < 10:
            query = query.where(rows.c.id < int(after))
        found = connection.execute(query.order_by(rows.c.id.desc()).limit(size + 1)).all()
    return Page(found[:size], str(found[size - 1].id) if len(found) > size else "")


def waiting(ledger: Ledger) -> int:
    """How many wait, in the whole city."""
    with ledger.snapshot() as connection:
        query = sa.select(sa.func.count()).select_from(rows).where(_STATES[State.WAITING])
        return int(connection.execute(query).scalar_one())


def of_notice(ledger: Ledger, notice_id: int) -> Sequence[Any]:
    """What came back by mail about a notice, in order. Whoever asks may see the notice."""
    query = sa.select(rows).where(rows.c.notice_id == notice_id).order_by(rows.c.id)
    with ledger.snapshot() as connection:
        return connection.execute(query).all()


def _seen(connection: Connection, viewer: Viewer) -> sa.Select[Any]:
    # Without a case everything of a case is empty: so it lies where cases without an area lie,
    # with those who supervise the whole city.
    people = table(Person)
    return (
        sa.select(rows, cases.c.number, people.c.name.label("person"))
        .select_from(
            rows.outerjoin(cases, rows.c.case_id == cases.c.id).outerjoin(
                people, rows.c.person_id == people.c.id
            )
        )
        .where(visible(connection, viewer))
    )


def _one(connection: Connection, viewer: Viewer, mail_id: int) -> Any:
    """One mail. Raises Missing, as if there were none, and Trouble when it waits no longer."""
    known = rows.c.id == mail_id if 0 < mail_id < 2**31 else sa.false()
    mail = connection.execute(_seen(connection, viewer).where(known)).one_or_none()
    if mail is None:
        raise Missing(
            "没有这封来信，或不在您的范围内。请从来信列表进入。",
            "There is no such mail, or not within your scope. Come by the list of mail.",
        )
    if mail.kind is not IncomingKind.UNKNOWN or mail.settled_at is not None:
        raise _settled()
    return mail


def _settled() -> Trouble:
    return Trouble(
        "这封来信已经处理过了，什么也没有改变。请看最新的列表。",
        "This mail has been dealt with; nothing was changed. Look at the list as it is now.",
    )


def attach(
    ledger: Ledger, viewer: Viewer, mail_id: int, number: str, at: datetime
) -> Moved | Refused:
    """Write a mail into the record of a case, by whoever decides that it belongs there.

    Raises Missing for a mail out of scope, Trouble when it was dealt with already.
    """
    with ledger.snapshot() as connection:
        mail = _one(connection, viewer, mail_id)

    def settle(connection: Connection) -> None:
        case = connection.execute(sa.select(cases.c.id).where(cases.c.number == number))
        values = {"case_id": case.scalar_one()}
        _settle(connection, mail, viewer, at, f"由{viewer.actor}归入 {number}", values)

    watched = Watched(ledger.engine, viewer, number, {Verb.NOTE}, also=settle)
    try:
        return note(watched, number, _words(mail), at, viewer.actor)
    except Missing as missing:  # the case: of the mail it was seen above
        return Refused(missing.words)


def _words(mail: Any) -> str:
    """A mail as it stands in a record. Who it says it is from, nobody has checked."""
    who = mail.sender or "（发件人不明）"
    return f"来信归入本案。发件人（未核实）{who}，主题“{mail.subject}”：{mail.text or '（无正文）'}"


def discard(ledger: Ledger, viewer: Viewer, mail_id: int, at: datetime) -> None:
    """Let a mail wait no longer; it stays there to be looked up. Raises as `attach` does."""
    with ledger.transaction() as connection:
        mail = _one(connection, viewer, mail_id)
        _settle(connection, mail, viewer, at, f"由{viewer.actor}丢弃", {})


def _settle(
    connection: Connection,
    mail: Any,
    viewer: Viewer,
    at: datetime,
    how: str,
    values: dict[str, Any],
) -> None:
    done = connection.execute(
        sa.update(rows)
        .where(rows.c.id == mail.id, rows.c.settled_at.is_(None))
        .values(
            settled_at=at, settled_by=viewer.actor[:60],
            why=f"{mail.why[: 298 - len(how)]}；{how}", **values,
        )
    )  # fmt: skip
    if done.rowcount != 1:
        raise _settled()
