"""管理渠道: how a person is reached. An address may hold a password: the log has its mask."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.admin import Deed, Hand, acting, insert, log, one, update
from ledger.admin_people import PERSON
from ledger.changes import table
from ledger.database import Ledger
from ledger.next_way import exits_of
from ledger.outlets import channel_row, keep, kept
from ledger.scope import Missing
from models.person import Channel, Person, Way
from models.words import Trouble

LONGEST_DELAY = 24 * 60
"""Minutes one channel may wait for those before it."""


def url_of(ledger: Ledger, person_id: int, channel_id: int) -> str:
    """The address itself, sealed, for sending. Raises Missing."""
    with ledger.snapshot() as connection:
        return str(_mine(connection, person_id, channel_id).url)


def add(ledger: Ledger, hand: Hand, person_id: int, way: Way) -> None:
    """One more way to reach a person, tried after the others."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        position = len(_of(connection, person_id))
        insert(connection, Channel, **channel_row(person_id, position, way))
        keep(connection, [way])
        log(connection, hand, Deed.CHANNEL_ADDED, row.name, after={"channel": way.shown})


def change(ledger: Ledger, hand: Hand, person_id: int, channel_id: int, way: Way) -> None:
    """Another address in the place of this one."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        old = _mine(connection, person_id, channel_id).shown
        update(connection, Channel, channel_id, **kept(way))
        keep(connection, [way])
        before, after = {"channel": old}, {"channel": way.shown}
        log(connection, hand, Deed.CHANNEL_CHANGED, row.name, before, after)


def remove(ledger: Ledger, hand: Hand, person_id: int, channel_id: int) -> None:
    """One way less; those behind it move up."""
    rows = table(Channel)
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        old = _mine(connection, person_id, channel_id).shown
        connection.execute(sa.delete(rows).where(rows.c.id == channel_id))
        renumber(connection, [channel.id for channel in _of(connection, person_id)])
        log(connection, hand, Deed.CHANNEL_REMOVED, row.name, before={"channel": old})


def put_first(ledger: Ledger, hand: Hand, person_id: int, channel_id: int) -> None:
    """From now on this way is tried first."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        chosen = _mine(connection, person_id, channel_id)
        ids = [channel.id for channel in _of(connection, person_id) if channel.id != channel_id]
        renumber(connection, [channel_id, *ids])
        log(connection, hand, Deed.CHANNEL_MOVED, row.name, after={"first": chosen.shown})


def set_delay(ledger: Ledger, hand: Hand, person_id: int, channel_id: int, minutes: int) -> None:
    """Try this way no sooner than so many minutes after the first attempt. Raises Trouble."""
    if not 0 <= minutes <= LONGEST_DELAY:
        raise Trouble(
            f"延迟须为 0 至 {LONGEST_DELAY} 分钟；0 是不延迟。",
            f"A delay has 0 to {LONGEST_DELAY} minutes; 0 is none.",
        )
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        old = _mine(connection, person_id, channel_id)
        update(connection, Channel, channel_id, delay=minutes)
        before, after = {"delay": old.delay}, {"delay": minutes, "channel": old.shown}
        log(connection, hand, Deed.CHANNEL_DELAYED, row.name, before, after)


def switch(ledger: Ledger, hand: Hand, person_id: int, channel_id: int, *, on: bool) -> None:
    """Use this way, or leave it out. Raises Missing."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        old = _mine(connection, person_id, channel_id)
        update(connection, Channel, channel_id, active=on)
        before, after = {"active": old.active}, {"active": on, "channel": old.shown}
        log(connection, hand, Deed.CHANNEL_SWITCHED, row.name, before, after)


def set_rate(ledger: Ledger, hand: Hand, person_id: int, channel_id: int, way: Way) -> None:
    """The same address with another rate, for everybody who is reached through its outlet."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        old = _mine(connection, person_id, channel_id)
        before = exits_of(connection, hand.at, [old.outlet]).get(old.outlet)
        update(connection, Channel, channel_id, **kept(way))
        keep(connection, [way])
        was = before.tap.per_minute if before else 0
        after = {"rate": way.per_minute, "channel": way.shown}
        log(connection, hand, Deed.CHANNEL_CHANGED, row.name, {"rate": was}, after)


def note_test(ledger: Ledger, hand: Hand, person_id: int, shown: str, outcome: str) -> None:
    """A test message has been sent: who asked for it and what became of it."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        after = {"channel": shown, "outcome": outcome}
        log(connection, hand, Deed.CHANNEL_TESTED, row.name, after=after)


def _of(connection: Connection, person_id: int) -> Sequence[Any]:
    rows = table(Channel)
    query = sa.select(rows).where(rows.c.person_id == person_id).order_by(rows.c.position)
    return connection.execute(query).all()


def _mine(connection: Connection, person_id: int, channel_id: int) -> Any:
    found = next((row for row in _of(connection, person_id) if row.id == channel_id), None)
    if found is None:
        raise Missing("没有这个渠道。", "There is no such channel.")
    return found


def renumber(connection: Connection, ids: Sequence[int]) -> None:
    """Let these channels of one person be tried in this order."""
    # By way of numbers nobody has: no two of a person's channels may share one, even for a moment.
    for position, channel_id in enumerate(ids):
        update(connection, Channel, channel_id, position=-1 - position)
    for position, channel_id in enumerate(ids):
        update(connection, Channel, channel_id, position=position)
