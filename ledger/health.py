"""自检: what the engine should have done and has not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from ledger import setting_aside
from ledger.changes import table
from ledger.database import Ledger
from ledger.heartbeats import all_beats
from ledger.journal import Seal
from ledger.proof import DATABASE, verify
from ledger.reference import read
from models.case import Case
from models.notice import Notice, NoticeState
from rules.heartbeat import stale, stumbling

LATE_LOOK = timedelta(minutes=10)
STUCK_NOTICE = timedelta(hours=1)
CALENDAR_ENDS = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Ailment:
    """One thing that is not as it should be, how much of it, and what to do."""

    what: str
    count: int
    advice: str


def ailments(
    ledger: Ledger, at: datetime, keys: Collection[str] = (), last: Seal | None = None
) -> list[Ailment]:
    """Looks overdue, notices stuck or dead, a calendar about to end, records not as written.

    `keys` and `last` are what the records are held against: see `ledger.proof.verify`.
    """
    cases, notices = table(Case), table(Notice)
    waiting = notices.c.state.in_((NoticeState.OWED, NoticeState.SENDING))
    with ledger.transaction() as connection:

        def count(rows: sa.Table, condition: sa.ColumnElement[bool]) -> int:
            query = sa.select(sa.func.count()).select_from(rows).where(condition)
            return int(connection.execute(query).scalar_one())

        late = count(cases, cases.c.next_look_at < at - LATE_LOOK)
        stuck = count(notices, waiting & (notices.c.next_try_at < at - STUCK_NOTICE))
        dead = count(notices, notices.c.state == NoticeState.DEAD)
        reference = read(connection)
        aside = setting_aside.alarms(connection)
        beats = all_beats(connection)
    away = [*stale(beats, at), *stumbling(beats)]
    soon = (at + CALENDAR_ENDS).astimezone(reference.zone).year
    unpublished = soon not in reference.published
    broken = verify(ledger, keys, last).broken
    unguarded = [each for each in broken if each.case == DATABASE]
    found = [
        Ailment("到点未巡查的案件 · looks overdue", late, "duban doctor"),
        Ailment(
            f"停下或屡次失败的巡查 · rounds that stay away or fail: {', '.join(away)}",
            len(away),
            "duban doctor",
        ),
        Ailment(
            "搁置后三次仍未办成的案件 · cases set aside that failed three times",
            aside,
            "门户“运行情况”有原因，改正后立即重试 · see the portal under Running",
        ),
        Ailment("积压一小时以上的通知 · notices stuck", stuck, "duban outbox --state owed"),
        Ailment("未送达的通知 · notices dead", dead, "duban outbox --state dead"),
        Ailment(
            f"{soon} 年放假安排未装载 · the calendar of {soon} is not loaded",
            int(unpublished),
            "国务院通知发布后运行 duban load 日历.csv",
        ),
        Ailment(
            "流转记录链断裂 · broken record chains",
            len(broken) - len(unguarded),
            "duban log verify",
        ),
        Ailment(
            "防改触发器缺失的表 · tables without their guard",
            len(unguarded),
            "查明何人所为，再由迁移重建 · find out who did it, then restore it from the migration",
        ),
    ]
    return [ailment for ailment in found if ailment.count]
