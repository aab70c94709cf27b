"""订阅: who asked for the weekly summary of which unit, and what is owed when it is due."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import week
from ledger.accounts import viewer_of
from ledger.admin import Deed, Hand, log
from ledger.changes import table
from ledger.database import Ledger
from ledger.reference import Reference, current
from ledger.scope import Missing, areas_under, units_under
from models.account import Account, AccountRole
from models.notice import Notice, NoticeKind, NoticeState
from models.subscription import Subscription
from models.unit import Area, Unit
from models.words import Trouble
from rules.permission import Grant, Viewer
from rules.subscription import WEEKDAYS, Summary, next_at

MOST = 20
"""So many units one person may have the summary of."""
_BY_UNIT = {AccountRole.HEAD, AccountRole.LEADER}
_BY_AREA = {AccountRole.LEADER, AccountRole.SUPERVISOR}

Say = Callable[[Summary, Reference], Mapping[str, Any]]
"""Makes the facts of the notice."""

rows, units = table(Subscription), table(Unit)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One summary somebody asked for."""

    id: int
    unit_id: int
    unit: str
    weekday: int
    at: time
    next_at: datetime
    active: bool


# -- choosing ----------------------------------------------------------------------------------


def listed(connection: Connection, person_id: int) -> list[Subscribed]:
    """The summaries of a person, in the order in which they were asked for."""
    names = ("id", "unit_id", "weekday", "at", "next_at", "active")
    query = (
        sa.select(*(rows.c[name] for name in names), units.c.name.label("unit"))
        .join(units, rows.c.unit_id == units.c.id)
        .where(rows.c.person_id == person_id)
        .order_by(rows.c.id)
    )
    return [Subscribed(**row) for row in connection.execute(query).mappings()]


def offered(connection: Connection, viewer: Viewer) -> dict[int, str]:
    """The units whose summary a viewer may have: those they lead, head or supervise."""
    found: set[int] = set()
    for grant in viewer.grants:
        found |= _units_of(connection, grant)
    query = sa.select(units.c.id, units.c.name).where(units.c.id.in_(found)).order_by(units.c.id)
    return {row.id: row.name for row in connection.execute(query)}


def _units_of(connection: Connection, grant: Grant) -> set[int]:
    if grant.role in _BY_UNIT and grant.unit_id is not None:
        return units_under(connection, [grant.unit_id])
    if grant.role not in _BY_AREA or grant.unit_id is not None:
        return set()
    query = sa.select(units.c.id)
    if grant.area_id is not None and not _is_root(connection, grant.area_id):
        query = query.where(units.c.area_id.in_(areas_under(connection, [grant.area_id])))
    return set(connection.execute(query).scalars())


def _is_root(connection: Connection, area_id: int) -> bool:
    """Whether an area is the whole city, to which units without an area belong too."""
    areas = table(Area)
    query = sa.select(areas.c.parent_id).where(areas.c.id == area_id)
    return connection.execute(query).scalar_one_or_none() is None


def subscribe(
    ledger: Ledger, hand: Hand, viewer: Viewer, unit_id: int, weekday: int, clock: time
) -> None:
    """Ask for a unit's summary, or for another day and time. Raises Trouble, and Missing."""
    if weekday not in range(len(WEEKDAYS)):
        raise Trouble("请选择星期几。", "Choose a day of the week.")
    with ledger.transaction() as connection:
        name = offered(connection, viewer).get(unit_id)
        if name is None:
            raise _missing()
        due = next_at(current(connection, None).worktime, weekday, clock, hand.at)
        chosen = {"weekday": weekday, "at": clock, "next_at": due, "active": True}
        _write(connection, viewer.person_id, unit_id, chosen)
        after = {"weekday": WEEKDAYS[weekday], "at": f"{clock:%H:%M}"}
        log(connection, hand, Deed.SUBSCRIBED, f"{hand.actor} · {name}", after=after)


def _write(connection: Connection, person_id: int, unit_id: int, chosen: Mapping[str, Any]) -> None:
    mine = rows.c.person_id == person_id
    found = connection.execute(sa.select(rows.c.unit_id, rows.c.active).where(mine)).all()
    if sum(row.active for row in found if row.unit_id != unit_id) >= MOST:
        raise Trouble(
            f"每人最多订阅 {MOST} 个单位的周报。请先暂停一个；上级单位的周报已含下级。",
            f"A person has {MOST} summaries at most. Pause one first; the summary of a unit "
            "tells of those below it too.",
        )
    if unit_id in [row.unit_id for row in found]:
        this = sa.update(rows).where(mine, rows.c.unit_id == unit_id)
        connection.execute(this.values(**chosen))
        return
    connection.execute(sa.insert(rows).values(person_id=person_id, unit_id=unit_id, **chosen))


def switch(ledger: Ledger, hand: Hand, viewer: Viewer, subscription_id: int, *, on: bool) -> None:
    """Pause a summary, or take it up again from its next day on. Raises Missing."""
    with ledger.transaction() as connection:
        row = _mine(connection, viewer, subscription_id)
        worktime = current(connection, None).worktime
        values: dict[str, Any] = {"active": on}
        if on:
            values["next_at"] = next_at(worktime, row.weekday, row.at, hand.at)
        connection.execute(sa.update(rows).where(rows.c.id == row.id).values(**values))
        before, after = {"active": row.active}, {"active": on}
        log(connection, hand, Deed.SUBSCRIBED, f"{hand.actor} · {row.unit}", before, after)


def _mine(connection: Connection, viewer: Viewer, subscription_id: int) -> Subscribed:
    mine = listed(connection, viewer.person_id)
    found = next((each for each in mine if each.id == subscription_id), None)
    if found is None:
        raise _missing()
    return found


def _missing() -> Missing:
    return Missing(
        "没有这个单位的周报可订，或不在您的范围内。请从列表里选。",
        "There is no such summary, or not within your scope. Choose from the list.",
    )


# -- when it is due ----------------------------------------------------------------------------


def owe_due(ledger: Ledger, at: datetime, say: Say) -> Counter[str]:
    """Owe the summaries that are due by `at`; counts `summed`, and `quiet` where nothing is told.

    Each is one transaction: the notice, and when the next one is due. Of the weeks of an outage
    only one summary is made. Whoever may see the unit no longer gets none, and is not asked
    again until they choose it anew.
    """
    counts: Counter[str] = Counter()
    known: Reference | None = None
    for subscription_id in _due(ledger, at):
        with ledger.transaction() as connection:
            row = _held(connection, subscription_id, at)
            if row is not None:
                known = current(connection, known)
                counts[_owe(connection, known, row, at, say)] += 1
    return counts


def _due(ledger: Ledger, at: datetime) -> Sequence[int]:
    query = sa.select(rows.c.id).where(rows.c.next_at <= at, rows.c.active)
    with ledger.snapshot() as connection:
        return connection.execute(query.order_by(rows.c.next_at, rows.c.id)).scalars().all()


def _held(connection: Connection, subscription_id: int, at: datetime) -> Any | None:
    """The subscription, held; None when somebody else has just seen to it."""
    still = sa.and_(rows.c.id == subscription_id, rows.c.next_at <= at, rows.c.active)
    query = sa.select(rows).where(still).with_for_update(skip_locked=True)
    return connection.execute(query).one_or_none()


def _owe(connection: Connection, reference: Reference, row: Any, at: datetime, say: Say) -> str:
    this = sa.update(rows).where(rows.c.id == row.id)
    viewer = _viewer(connection, row.person_id)
    if viewer is None or row.unit_id not in offered(connection, viewer):
        connection.execute(this.values(active=False))
        return "quiet"
    onward = next_at(reference.worktime, row.weekday, row.at, at)
    connection.execute(this.values(next_at=onward))
    told = week.summary(connection, viewer, row.unit_id, at)
    if told.empty:
        return "quiet"
    on = row.next_at.astimezone(reference.zone).date()
    key = f"summary:{row.id}:{on.isoformat()}"
    return "summed" if _insert(connection, row, key, at, say(told, reference)) else "quiet"


def _viewer(connection: Connection, person_id: int) -> Viewer | None:
    accounts = table(Account)
    query = sa.select(accounts.c.id).where(accounts.c.person_id == person_id)
    account = connection.execute(query).scalar_one_or_none()
    return viewer_of(connection, account) if account is not None else None


def _insert(
    connection: Connection, row: Any, key: str, at: datetime, facts: Mapping[str, Any]
) -> bool:
    """Owe the notice, unless that day's has been already: its hour may have been changed since."""
    notices = table(Notice)
    if connection.execute(sa.select(notices.c.id).where(notices.c.key == key)).first():
        return False
    connection.execute(
        sa.insert(notices).values(
            key=key, case_id=None, person_id=row.person_id, unit_id=row.unit_id,
            kind=NoticeKind.SUMMARY, facts=dict(facts), owed_at=at, next_try_at=at,
            state=NoticeState.OWED, attempts=0, lease_by="", forgiven=0,
        )
    )  # fmt: skip
    return True
