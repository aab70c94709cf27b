"""管理渠道: how a person is reached. An address may hold a password: the log has its mask."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.admin import Deed, Hand, acting, insert, log, one, update
from ledger.admin_people import PERSON, Mask
from ledger.changes import table
from ledger.database import Ledger
from ledger.scope import Missing
from models.person import Channel, Person


def url_of(ledger: Ledger, person_id: int, channel_id: int) -> str:
    """The address itself, for sending. Raises Missing."""
    with ledger.snapshot() as connection:
        return str(_mine(connection, person_id, channel_id).url)


def add(ledger: Ledger, hand: Hand, person_id: int, url: str, mask: Mask) -> None:
    """One more way to reach a person, tried after the others."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        position = len(_of(connection, person_id))
        insert(connection, Channel, person_id=person_id, position=position, url=url)
        log(connection, hand, Deed.CHANNEL_ADDED, row.name, after={"channel": mask(url)})


def change(
    ledger: Ledger, hand: Hand, person_id: int, channel_id: int, url: str, mask: Mask
) -> None:
    """Another address in the place of this one."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        old = _mine(connection, person_id, channel_id).url
        update(connection, Channel, channel_id, url=url)
        before, after = {"channel": mask(old)}, {"channel": mask(url)}
        log(connection, hand, Deed.CHANNEL_CHANGED, row.name, before, after)


def remove(ledger: Ledger, hand: Hand, person_id: int, channel_id: int, mask: Mask) -> None:
    """One way less; those behind it move up."""
    rows = table(Channel)
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        old = _mine(connection, person_id, channel_id).url
        connection.execute(sa.delete(rows).where(rows.c.id == channel_id))
        _number(connection, [channel.id for channel in _of(connection, person_id)])
        log(connection, hand, Deed.CHANNEL_REMOVED, row.name, before={"channel": mask(old)})


def put_first(ledger: Ledger, hand: Hand, person_id: int, channel_id: int, mask: Mask) -> None:
    """From now on this way is tried first."""
    with acting(ledger) as connection:
        row = one(connection, Person, person_id, PERSON)
        chosen = _mine(connection, person_id, channel_id)
        ids = [channel.id for channel in _of(connection, person_id) if channel.id != channel_id]
        _number(connection, [channel_id, *ids])
        log(connection, hand, Deed.CHANNEL_MOVED, row.name, after={"first": mask(chosen.url)})


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


def _number(connection: Connection, ids: Sequence[int]) -> None:
    # By way of numbers nobody has: no two of a person's channels may share one, even for a moment.
    for position, channel_id in enumerate(ids):
        update(connection, Channel, channel_id, position=-1 - position)
    for position, channel_id in enumerate(ids):
        update(connection, Channel, channel_id, position=position)
