"""择路: over which channel each message goes that is due, and which must wait for its outlet."""

from collections import defaultdict
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from ledger.outlets import Gates
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice
from models.person import Channel
from rules.retry import Attempt, Choice, Path, channel_for

Row = Mapping[Any, Any]
Channels = Mapping[int, Sequence[Any]]
History = Mapping[int, Sequence[Attempt]]


@dataclass(frozen=True, slots=True)
class Way:
    """How a message leaves: over which channel, and what its outlet bears."""

    position: int | None = None
    """None: no channel is left."""
    url: str | None = field(default=None, repr=False)
    shown: str = ""
    outlet: str = ""
    side_by_side: int = 1
    probe: bool = False


@dataclass(slots=True)
class Chosen:
    """What became of the messages of one claim."""

    ways: dict[int, Way] = field(default_factory=dict)
    """Of each notice that goes."""
    waiting: dict[timedelta, list[int]] = field(default_factory=dict)
    """Notices by how long they wait for an outlet."""


def choose(
    connection: Connection,
    messages: Sequence[Sequence[Row]],
    history: History,
    at: datetime,
    now: datetime,
    booked: MutableMapping[str, int],
) -> Chosen:
    """Choose for `messages`, the most urgent first: theirs are the tokens that are left.

    `booked` counts, by outlet, the messages that one run has put off already: each waits for a
    token of its own, and does not come back before it is there.
    """
    channels = channels_of(connection, [rows[0]["person_id"] for rows in messages])
    gates = Gates(connection, [c.outlet for mine in channels.values() for c in mine], now)
    chosen = Chosen()
    for rows in messages:
        first, ids = rows[0], [row["id"] for row in rows]
        found = _choose(first, channels[first["person_id"]], gates, history, at, booked)
        if isinstance(found, timedelta):
            chosen.waiting.setdefault(found, []).extend(ids)
        else:
            chosen.ways |= dict.fromkeys(ids, found)
    gates.close()
    return chosen


def _choose(
    row: Row,
    channels: Sequence[Any],
    gates: Gates,
    history: History,
    at: datetime,
    booked: MutableMapping[str, int],
) -> Way | timedelta:
    paths = [path_of(channel, gates.rest(channel.outlet)) for channel in channels]
    choice = next_choice(paths, row, history[row["id"]], at)
    if choice is None:
        return Way()
    if choice.wait:
        return choice.wait
    channel = channels[choice.position]
    admitted = gates.admit(channel.outlet, booked)
    if admitted.wait:
        return admitted.wait
    width = gates.side_by_side(channel.outlet)
    url, shown, outlet = channel.url, channel.shown, channel.outlet
    return Way(choice.position, url, shown, outlet, width, admitted.probe)


def next_choice(
    paths: Sequence[Path], notice: Row, attempts: Sequence[Attempt], at: datetime
) -> Choice | None:
    """The channel to try next, as of `at`."""
    counted = attempts[notice["forgiven"] :]
    return channel_for(paths, counted, since(notice, counted, at))


def since(notice: Row, counted: Sequence[Attempt], at: datetime) -> timedelta:
    """The time since the first attempt; since it was owed, where none has been made."""
    first = counted[0].at if counted else None
    return max(at - (first or notice["owed_at"]), timedelta(0))


def path_of(channel: Any, rest: timedelta = timedelta(0)) -> Path:
    """A channel as the choice sees it."""
    return Path(timedelta(minutes=channel.delay), channel.active, rest)


def channels_of(connection: Connection, people: Sequence[int]) -> defaultdict[int, list[Any]]:
    """The channels of people, in their order."""
    channels = table(Channel)
    query = sa.select(channels).where(among(connection, channels.c.person_id, set(people)))
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query.order_by(channels.c.person_id, channels.c.position)):
        found[row.person_id].append(row)
    return found


def history_of(connection: Connection, ids: Sequence[int]) -> defaultdict[int, list[Attempt]]:
    """The attempts at notices, in their order."""
    tries = table(Delivery)
    names = ("notice_id", "position", "outcome", "at", "channel")
    query = sa.select(*(tries.c[name] for name in names))
    query = query.where(among(connection, tries.c.notice_id, ids)).order_by(tries.c.attempt)
    found: defaultdict[int, list[Attempt]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.notice_id].append(attempt_of(row))
    return found


def attempt_of(row: Any) -> Attempt:
    """An attempt as the choice sees it. Of one that was reported on, the channel is known."""
    reported = bool(row.channel) or row.outcome is not DeliveryOutcome.UNKNOWN
    return Attempt(row.position, row.outcome, row.at, reported)


def notices_of(connection: Connection, ids: Sequence[int]) -> dict[int, Row]:
    """The notices themselves."""
    notices = table(Notice)
    query = sa.select(notices).where(among(connection, notices.c.id, ids))
    return {row["id"]: row for row in connection.execute(query).mappings()}
