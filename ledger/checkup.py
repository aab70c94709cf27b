"""体检: what the database and the ledger say of themselves, for `duban doctor` and readiness."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import proof, setting_aside
from ledger.changes import table
from ledger.database import Ledger
from ledger.guards import unguarded
from ledger.health import LATE_LOOK, STUCK_NOTICE
from ledger.heartbeats import Beat, all_beats
from models.case import Case
from models.journal import Checkpoint
from models.notice import Notice, NoticeState
from models.outlet import Outlet
from models.person import Channel
from models.photo import Photo

NEWEST = 2_000
"""So many of the newest records are proved again."""
LATELY = timedelta(days=7)
MOST = 1_000
"""Counts of what waits stop here."""

cases, notices, seals = table(Case), table(Notice), table(Checkpoint)


def revision(ledger: Ledger) -> str | None:
    """The migration the database stands at; None where there is no ledger in it.

    Raises DatabaseTrouble where it cannot be asked.
    """
    with ledger.snapshot() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        return found.scalar_one_or_none()


# -- the server --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Server:
    """How the database is set up. Of SQLite only what it has is told."""

    version: str
    unguarded: Sequence[str]
    journal: str = "wal"
    major: int = 0
    connections: int = 0
    """Those this role may still open."""
    now: datetime | None = None
    """Its clock."""
    idle_in_transaction: float = 0
    """Seconds the longest transaction of ours has stood open without doing anything."""
    switched_off: Sequence[str] = ()
    """What must be on and is not: autovacuum, fsync, full_page_writes."""


def server(ledger: Ledger) -> Server:
    """Ask the database how it is set up."""
    with ledger.snapshot() as connection:
        bare = unguarded(connection)
        if not ledger.postgresql:
            version = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar_one())
            journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())
            return Server(version, bare, journal)
        row = connection.execute(sa.text(_OF_SERVER)).one()
    off = [name for name in _MUST_BE_ON if getattr(row, name) == "off"]
    return Server(
        row.version, bare, major=int(row.number) // 10_000, connections=int(row.spare),
        now=row.now, idle_in_transaction=float(row.idle), switched_off=off,
    )  # fmt: skip


_MUST_BE_ON = ("autovacuum", "fsync", "full_page_writes")
_OF_SERVER = """
    SELECT current_setting('server_version') AS version,
        current_setting('server_version_num') AS number,
        clock_timestamp() AS now,
        current_setting('autovacuum') AS autovacuum,
        current_setting('fsync') AS fsync,
        current_setting('full_page_writes') AS full_page_writes,
        LEAST(
            current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int
            - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
            (SELECT CASE WHEN rolconnlimit < 0 THEN 1000000 ELSE rolconnlimit END
             FROM pg_roles WHERE rolname = current_user)
            - (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user),
            (SELECT CASE WHEN datconnlimit < 0 THEN 1000000 ELSE datconnlimit END
             FROM pg_database WHERE datname = current_database())
            - (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())
        ) AS spare,
        (SELECT COALESCE(max(extract(epoch FROM clock_timestamp() - state_change)), 0)
         FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'idle in transaction') AS idle"""


# -- the log -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trust:
    """The newest records proved again, and the newest seal."""

    checked: int
    broken: Sequence[proof.Break]
    sealed_at: datetime | None
    sealed_by: str | None
    """The public key, in hexadecimal."""
    unsealed: int
    """Records since, or since ever; counted up to `MOST`."""


def trust(ledger: Ledger) -> Trust:
    """Whether the records written last are as they were written, and who signed last."""
    with ledger.snapshot() as connection:
        checked, broken = proof.newest(connection, NEWEST)
        query = sa.select(seals.c.at, seals.c.key, seals.c.position).order_by(seals.c.id.desc())
        seal = connection.execute(query.limit(1)).one_or_none()
        unsealed = proof.after(connection, seal.position if seal else 0, MOST)
    if seal is None:
        return Trust(checked, broken, None, None, unsealed)
    return Trust(checked, broken, seal.at, seal.key, unsealed)


# -- the work ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failing:
    """An outlet nothing goes through; its name is masked."""

    shown: str
    since: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class Rounds:
    """What was done, and what should have been; counts stop at `MOST`."""

    beats: Sequence[Beat]
    late: int
    oldest: datetime | None
    """When the earliest look was due that nobody has had."""
    stuck: int
    dead: int
    """Notices given up lately."""
    failing: Sequence[Failing]
    aside: int
    alarming: int


def rounds(ledger: Ledger, now: datetime) -> Rounds:
    """How the work stands as of `now`."""
    late = sa.and_(
        cases.c.next_look_at < now - LATE_LOOK, setting_aside.free(setting_aside.FOLLOW_UP, now)
    )
    waiting = notices.c.state.in_(_states(NoticeState.OWED, NoticeState.SENDING))
    ended = notices.c.state.in_(_states(NoticeState.DEAD, NoticeState.CAPPED))
    dead = sa.and_(ended, notices.c.state == NoticeState.DEAD, notices.c.ended_at > now - LATELY)
    with ledger.snapshot() as connection:
        oldest = sa.select(sa.func.min(cases.c.next_look_at)).where(late)
        return Rounds(
            beats=all_beats(connection),
            late=_count(connection, sa.select(cases.c.id).where(late)),
            oldest=connection.execute(oldest).scalar(),
            stuck=_count(connection, sa.select(notices.c.id).where(
                waiting, notices.c.next_try_at < now - STUCK_NOTICE)),
            dead=_count(connection, sa.select(notices.c.id).where(dead)),
            failing=_failing(connection),
            aside=setting_aside.count(connection),
            alarming=setting_aside.alarms(connection),
        )  # fmt: skip


def _states(*states: NoticeState) -> sa.BindParameter[Any]:
    # Written into the statement, as the indexes of these rows have it.
    return sa.bindparam(None, list(states), expanding=True, literal_execute=True)


def _count(connection: Connection, query: sa.Select[Any]) -> int:
    some = query.limit(MOST).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def _failing(connection: Connection) -> list[Failing]:
    of = table(Outlet)
    query = sa.select(of.c.shown, of.c.failing_since, of.c.answer)
    query = query.where(of.c.failing_since.is_not(None)).order_by(of.c.failing_since)
    return [Failing(*row) for row in connection.execute(query)]


# -- samples -----------------------------------------------------------------------------------


def sealed_addresses(ledger: Ledger, most: int = 50) -> list[str]:
    """Some addresses of channels as they lie there, the newest first."""
    rows = table(Channel)
    with ledger.snapshot() as connection:
        query = sa.select(rows.c.url).order_by(rows.c.id.desc()).limit(most)
        return list(connection.execute(query).scalars())


def pictures(ledger: Ledger, most: int = 12) -> list[str]:
    """Paths of some pictures: the newest, and some from all over the years."""
    rows = table(Photo)
    with ledger.snapshot() as connection:
        last = connection.execute(sa.select(sa.func.max(rows.c.id))).scalar() or 0
        newest = sa.select(rows.c.id, rows.c.path).order_by(rows.c.id.desc()).limit(most // 2)
        found = dict(connection.execute(newest).tuples().all())
        for n in range(most // 2):
            from_there = rows.c.id >= last * n // (most // 2)
            query = sa.select(rows.c.id, rows.c.path).where(from_there).order_by(rows.c.id)
            found |= dict(connection.execute(query.limit(1)).tuples().all())
    return list(dict.fromkeys(found.values()))
