"""重发: what was given up or held back is owed again, because somebody says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import past_notices
from ledger.changes import among, table
from ledger.database import Ledger
from ledger.log import keys_left
from models.notice import Notice, NoticeState
from models.words import Words

ENDED = (NoticeState.DEAD, NoticeState.CAPPED)
"""What may be sent again: it did not arrive."""

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Resent:
    """One notice asked for. `reason` says why it is not sent again; None: it is owed again."""

    key: str
    reason: Words | None = None


def resend(ledger: Ledger, keys: Sequence[str], at: datetime, by: str) -> list[Resent]:
    """Owe these notices again as of `at`: every channel of the person is tried anew.

    Only what is dead or was held back; of others it says why not. Who asked for it stands in
    the notice's facts.
    """
    wanted = list(dict.fromkeys(keys))
    answers = []
    for start in range(0, len(wanted), _PAGE):
        answers += _resend(ledger, wanted[start : start + _PAGE], at, by)
    return answers


def dead(ledger: Ledger) -> list[str]:
    """The keys of all dead letters, the oldest first."""
    notices = table(Notice)
    # Written into the statement, as the index of these rows has it.
    states: sa.BindParameter[Any] = sa.bindparam(
        "ended", list(ENDED), expanding=True, literal_execute=True
    )
    query = sa.select(notices.c.key).where(notices.c.state.in_(states))
    query = query.where(notices.c.state == NoticeState.DEAD).order_by(notices.c.id)
    with ledger.snapshot() as connection:
        return list(connection.execute(query).scalars())


def _resend(ledger: Ledger, keys: Sequence[str], at: datetime, by: str) -> list[Resent]:
    notices = table(Notice)
    with ledger.transaction() as connection:
        query = sa.select(notices).where(among(connection, notices.c.key, keys))
        rows = connection.execute(query.order_by(notices.c.id).with_for_update()).all()
        found = {row.key: row for row in rows}
        _owe(connection, [row for row in rows if row.state in ENDED], at, by)
        past = past_notices.by_key(connection, keys_left(keys, found))
    return [Resent(key, _ARCHIVED if key in past else _refusal(found.get(key))) for key in keys]


def _owe(connection: Connection, rows: Sequence[Any], at: datetime, by: str) -> None:
    if not rows:
        return
    notices = table(Notice)
    asked = {"by": by, "at": at.isoformat()}
    connection.execute(
        sa.update(notices)
        .where(notices.c.id == sa.bindparam("of"))
        .values(state=NoticeState.OWED, next_try_at=at, ended_at=None,
                forgiven=notices.c.attempts, facts=sa.bindparam("said")),
        [{"of": row.id, "said": row.facts | {"resent": asked}} for row in rows],
    )  # fmt: skip


def _refusal(row: Any) -> Words | None:
    if row is None:
        return Words(
            "没有这条通知。请核对编号：duban outbox --json 的 key 一栏。",
            "There is no such notice. See the column key of duban outbox --json.",
        )
    return None if row.state in ENDED else _REFUSALS[row.state]


_ARCHIVED = Words(
    "这条通知所说的案件早已办结，通知已存档，不再重发。如需再办，请先重新办理案件。",
    "The case this notice speaks of was closed long ago and the notice is archived; it is not "
    "sent again. If there is more to do, reopen the case.",
)
_UNDER_WAY = Words(
    "这条通知还在发送途中，会自动重试，不必重发。",
    "This notice is still under way and is tried again by itself.",
)
_REFUSALS = {
    NoticeState.OWED: _UNDER_WAY,
    NoticeState.SENDING: _UNDER_WAY,
    NoticeState.SENT: Words(
        "这条通知已送达，重发会让对方收到两次。如需再次提醒，请在案件上人工催办。",
        "This notice has been delivered; sent again, it would arrive twice. To remind once more, "
        "urge the case by hand.",
    ),
    NoticeState.MOOT: Words(
        "这条通知所说的事已经过去，不再发送。",
        "What this notice speaks of is over; it is not sent any more.",
    ),
}
