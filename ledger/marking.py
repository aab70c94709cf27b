"""记回: what came back of the messages in one hand, and what was given back untouched."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import outlets
from ledger.changes import among, table
from ledger.choosing import (
    Channels,
    History,
    Row,
    channels_of,
    history_of,
    notices_of,
    path_of,
    since,
)
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeState
from rules.retry import Attempt, wait

if TYPE_CHECKING:
    from ledger.outbox import Owed, Result


def record(
    connection: Connection, results: Sequence["Result"], at: datetime, now: datetime
) -> Counter[str]:
    """Write what came back. Counts `sent`, `retrying`, `dead`."""
    ids = [result.owed.id for result in results]
    _write_tries(connection, results)
    notices, history = notices_of(connection, ids), history_of(connection, ids)
    channels = channels_of(connection, [result.owed.person_id for result in results])
    fates = [_fate(result, notices, history, channels, at) for result in results]
    for state in (NoticeState.SENT, NoticeState.DEAD):
        ended = [r.owed.id for r, fate in zip(results, fates, strict=True) if fate is state]
        end(connection, ended, state, at)
    owed_again = [
        (r.owed.id, at + fate)
        for r, fate in zip(results, fates, strict=True)
        if isinstance(fate, timedelta)
    ]
    _owe_again(connection, owed_again)
    outlets.settle(connection, list(_reports(results)), now)
    return Counter(_CALLED.get(fate, "retrying") for fate in fates)


_CALLED: dict[object, str] = {NoticeState.SENT: "sent", NoticeState.DEAD: "dead"}


def give_back(connection: Connection, unsent: Sequence["Owed"]) -> None:
    """What was claimed and surely never sent: as if it had not been in hand.

    What another has taken up meanwhile, the lease having run out, is left as it is.
    """
    notices, tries = table(Notice), table(Delivery)
    held = _still_held(connection, unsent)
    if not held:
        return
    rows = [{"of": owed.id, "which": owed.attempt} for owed in held]
    connection.execute(
        sa.update(notices)
        .where(notices.c.id == sa.bindparam("of"))
        .values(state=NoticeState.OWED, attempts=notices.c.attempts - 1,
                lease_until=None, lease_by=""),
        [{"of": row["of"]} for row in rows],
    )  # fmt: skip
    connection.execute(
        sa.delete(tries)
        .where(tries.c.notice_id == sa.bindparam("of"), tries.c.attempt == sa.bindparam("which"))
        .where(tries.c.outcome == DeliveryOutcome.UNKNOWN),
        rows,
    )


def _still_held(connection: Connection, unsent: Sequence["Owed"]) -> list["Owed"]:
    """Those that nobody else has tried since: the attempt is still the last one."""
    notices = table(Notice)
    query = (
        sa.select(notices.c.id, notices.c.attempts)
        .where(among(connection, notices.c.id, [owed.id for owed in unsent]))
        .where(notices.c.state == NoticeState.SENDING)
        .with_for_update()
    )
    last = {row.id: row.attempts for row in connection.execute(query)} if unsent else {}
    return [owed for owed in unsent if last.get(owed.id) == owed.attempt]


def end(connection: Connection, ids: Sequence[int], state: NoticeState, at: datetime) -> None:
    """No more is tried."""
    if not ids:
        return
    notices = table(Notice)
    connection.execute(
        sa.update(notices)
        .where(among(connection, notices.c.id, ids))
        .values(state=state, ended_at=at, lease_until=None, lease_by="")
    )


def _fate(
    result: "Result", notices: dict[int, Row], history: History, channels: Channels, at: datetime
) -> NoticeState | timedelta | None:
    """The state a notice ends in, or how long until it is tried again.

    None: another has taken it up meanwhile, and decides; the lease had run out.
    """
    owed = result.owed
    tried = history[owed.id]
    if any(attempt.outcome is DeliveryOutcome.SENT for attempt in tried):
        return NoticeState.SENT
    if notices[owed.id]["attempts"] != owed.attempt:
        return None
    if owed.url is None:
        return NoticeState.DEAD
    if result.outcome is DeliveryOutcome.TOO_FAST and result.again is not None:
        return result.again
    return _wait(owed, notices[owed.id], tried, channels, at)


def _wait(
    owed: "Owed", notice: Row, tried: Sequence[Attempt], channels: Channels, at: datetime
) -> timedelta:
    counted = tried[notice["forgiven"] :]
    paths = [path_of(channel) for channel in channels[owed.person_id]]
    # By the message, so that what went together comes back together.
    return wait(owed.message, paths, counted, since(notice, counted, at))


def _write_tries(connection: Connection, results: Iterable["Result"]) -> None:
    tries = table(Delivery)
    names = ("outcome", "channel", "answer", "receipt", "took")
    connection.execute(
        sa.update(tries)
        .where(tries.c.notice_id == sa.bindparam("of"), tries.c.attempt == sa.bindparam("which"))
        .values({name: sa.bindparam(f"new_{name}") for name in names}),
        [
            {"of": result.owed.id, "which": result.owed.attempt}
            | {f"new_{name}": getattr(result, name) for name in names}
            for result in results
        ],
    )


def _owe_again(connection: Connection, rows: Sequence[tuple[int, datetime]]) -> None:
    if not rows:
        return
    notices = table(Notice)
    connection.execute(
        sa.update(notices)
        .where(notices.c.id == sa.bindparam("of"))
        .values(state=NoticeState.OWED, next_try_at=sa.bindparam("due"), lease_until=None,
                lease_by=""),
        [{"of": notice_id, "due": due} for notice_id, due in rows],
    )  # fmt: skip


def _reports(results: Iterable["Result"]) -> Iterator[outlets.Report]:
    """What the outlets did: one for each message that was really brought to one."""
    told = set()
    for result in results:
        owed = result.owed
        if not owed.outlet or not result.channel or owed.message in told:
            continue
        told.add(owed.message)
        yield outlets.Report(owed.outlet, result.outcome, result.answer, owed.probe, result.again)
