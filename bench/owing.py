"""A city that owes messages: so many notices, each about a case of its own, as a ledger makes them.

Every message is told apart by its case number (`B-17`), whatever became of its form on the way.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bench.sweep import _case
from ledger import outlets
from ledger.changes import table
from ledger.database import connect
from ledger.reference import read
from models.case import Case
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeKind, NoticeState
from models.person import Channel, Person, Way
from models.unit import Unit

AT = datetime(2026, 9, 22, 2, tzinfo=UTC)
"""Tuesday, ten in the morning in the city."""

TWICE = "可能重复"
"""So a message says that it may come a second time."""

_NUMBER = re.compile(r"\bB-(\d+)\b")


def owe(url: str, count: int, ways: Sequence[Way], people: int = 0, levels: int = 0) -> None:
    """Owe `count` notices to `people` (by default each to another), reached by `ways` in turn.

    `levels` of them are levels of the ladder, the last ones; the others tell of a dispatch.
    """
    ledger = connect(url)
    with ledger.transaction() as connection:
        reference = read(connection)
        persons = _people(connection, people or count)
        cases = [_case(reference, n, AT) | {"next_look_at": None} for n in range(count)]
        _insert(connection, Case, cases)
        _insert(connection, Channel, [
            outlets.channel_row(person, 0, ways[n % len(ways)])
            for n, person in enumerate(persons)
        ])  # fmt: skip
        outlets.keep(connection, ways)
        unit = connection.execute(sa.select(table(Unit).c.id)).scalars().first() or 0
        _insert(connection, Notice, [
            _notice(n, persons[n % len(persons)], unit, level=int(n >= count - levels))
            for n in range(count)
        ])  # fmt: skip
    ledger.engine.dispose()


def _people(connection: Connection, count: int) -> list[int]:
    people = table(Person)
    rows = [{"code": f"b{n}", "name": f"经办人{n}", "active": True, "lang": "zh"}
            for n in range(count)]  # fmt: skip
    _insert(connection, Person, rows)
    mine = sa.select(people.c.id).where(people.c.code.like("b%")).order_by(people.c.id)
    return list(connection.execute(mine).scalars())[-count:]


def _notice(n: int, person: int, unit: int, level: int) -> dict[str, Any]:
    kind = NoticeKind.ESCALATION if level else NoticeKind.DISPATCHED
    return {
        "key": f"owed:B-{n + 1}", "case_id": n + 1, "person_id": person, "unit_id": unit,
        "kind": kind, "facts": {"level": level, "title": "督办单"} if level else {},
        "owed_at": AT, "next_try_at": AT, "state": NoticeState.OWED, "attempts": 0,
        "forgiven": 0, "lease_by": "",
    }  # fmt: skip


def _insert(connection: Connection, model: Any, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 1000):
        connection.execute(sa.insert(table(model)), rows[start : start + 1000])


# -- what came of it ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """What was owed, what the sinks really took, and what the ledger says of it."""

    owed: int
    sent: int
    """Notices the ledger calls sent."""
    taken: int
    """Messages the sinks took, doubles included."""
    said_so: int
    """Of these, such as said that they may come twice."""
    lost: int
    """Called sent and never taken, or neither sent, nor waiting, nor a dead letter."""
    doubled_unsaid: int
    """Came a second time without a word."""
    waiting: int
    dead: int


def counted(url: str, messages: Iterable[str]) -> Counted:
    """Compare the ledger with what the sinks took."""
    said, first, said_so, total = Counter[str](), Counter[str](), 0, 0
    for text in messages:
        total += 1
        said_so += TWICE in text
        for number in {f"B-{found}" for found in _NUMBER.findall(text)}:
            (said if TWICE in text else first)[number] += 1
    ledger = connect(url)
    notices, cases = table(Notice), table(Case)
    query = sa.select(notices.c.state, cases.c.number).join(cases, cases.c.id == notices.c.case_id)
    with ledger.transaction() as connection:
        rows = connection.execute(query).all()
    ledger.engine.dispose()
    states = Counter(row.state for row in rows)
    arrived = first.keys() | said.keys()
    gone = [row for row in rows if row.state is NoticeState.SENT and row.number not in arrived]
    strange = states[NoticeState.MOOT] + states[NoticeState.CAPPED]
    return Counted(
        owed=len(rows), sent=states[NoticeState.SENT], taken=total, said_so=said_so,
        lost=len(gone) + strange, doubled_unsaid=sum(count - 1 for count in first.values()),
        waiting=states[NoticeState.OWED] + states[NoticeState.SENDING],
        dead=states[NoticeState.DEAD],
    )  # fmt: skip


def unknown(url: str) -> int:
    """Attempts of which nobody knows what became."""
    ledger = connect(url)
    tries = table(Delivery)
    query = sa.select(sa.func.count(tries.c.id)).where(tries.c.outcome == DeliveryOutcome.UNKNOWN)
    with ledger.transaction() as connection:
        found = connection.execute(query).scalar_one()
    ledger.engine.dispose()
    return int(found)


def mail(port: int, n: int = 0, name: str = "mail") -> Way:
    """A mailbox behind a sink."""
    url = f"mailto://127.0.0.1:{port}?from=duban@city.example&to=b{n}@city.example"
    return Way(url, f"mailto://127.0.0.1/b{n}@city.example", name, name)


def robot(port: int, name: str = "robot", per_minute: int = 0, burst: int = 0) -> Way:
    """A robot behind a sink."""
    url = f"wecombot://{name}?base=http://127.0.0.1:{port}"
    return Way(url, f"wecombot://{name}", name, name, per_minute, burst)


def next_due(url: str) -> datetime | None:
    """When the next notice that waits is due."""
    ledger = connect(url)
    notices = table(Notice)
    waits = notices.c.state.in_((NoticeState.OWED, NoticeState.SENDING))
    with ledger.transaction() as connection:
        found = connection.execute(sa.select(sa.func.min(notices.c.next_try_at)).where(waits))
        due: datetime | None = found.scalar_one_or_none()
    ledger.engine.dispose()
    return due


def folder_of(file: Path) -> Path:
    """Where messages to folders would lie."""
    return file.parent / "messages"
