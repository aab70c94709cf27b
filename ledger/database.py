"""The database: engine, transactions, migrations. SQLite (WAL) or PostgreSQL, one code."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from models.words import Trouble, Words

if TYPE_CHECKING:
    from alembic.config import Config

REVISION = "0007"
"""The newest migration. Alembic knows it too, but takes half a second to be asked."""


POOL = 5
"""Connections a process keeps where DUBAN_POOL does not say; ten more while they are needed."""
_NEVER_FOR_EVER = {
    "connect_timeout": 10,
    # A host cut off says nothing any more: neither side may wait for it longer than a minute.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "application_name": "duban",
    "options": "-c idle_in_transaction_session_timeout=10min -c tcp_keepalives_idle=30 "
    "-c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 -c tcp_user_timeout=60000",
}


class DatabaseTrouble(Trouble):
    """The database cannot be used as it is: unreachable, not set up, or of another version."""


class OtherVersion(DatabaseTrouble):
    """The database stands at another migration than this program needs."""

    def __init__(self, zh: str, en: str, found: str | None) -> None:
        super().__init__(zh, en)
        self.found = found


class BadValue(Trouble):
    """A value that no row can hold: a number too large, a character that is none."""

    def __init__(self) -> None:
        super().__init__(
            "有一个值太大、太长，或含有不能保存的字符。请检查后再提交。",
            "A value is too large or too long, or holds a character that cannot be kept. Check "
            "what was sent.",
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """One open ledger. `transaction()` is the only way to its rows."""

    engine: Engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or nothing.

        Raises DatabaseTrouble when the database cannot be reached or is busy for too long.
        """
        url = self.engine.url.render_as_string(hide_password=True)
        with _reaching(url), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Everything as of one instant, only to be read; nobody waits for it.

        Raises DatabaseTrouble as `transaction` does.
        """
        url = self.engine.url.render_as_string(hide_password=True)
        options: dict[str, Any] = {"begin": "BEGIN"}
        if self.postgresql:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with (
            _reaching(url),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @property
    def postgresql(self) -> bool:
        """Whether rows can be claimed with SKIP LOCKED."""
        return self.engine.dialect.name == "postgresql"


def connect(url: str) -> Ledger:
    """Open the ledger at `url`, checking that it is there and of this version.

    Raises DatabaseTrouble, which names the database without its password.
    """
    ledger = Ledger(_engine(url))
    _check_version(ledger, url)
    return ledger


def migrate(url: str, to: str = "head") -> bool:
    """Bring the database at `url` to this version, creating it if it is new and SQLite.

    Or only up to a revision, for a backup of that time. Whether there was a ledger of an older
    version.
    """
    database = make_url(url).database if url.startswith("sqlite") else None
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    import alembic.command  # noqa: PLC0415 - slow, and only setting up needs it
    from alembic.util.exc import CommandError  # noqa: PLC0415

    engine = _engine(url)
    if engine.dialect.name == "sqlite":
        # SQLite changes a table by writing it anew; the rows that refer to it must wait for that.
        sa.event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys=OFF"))
    try:
        with _reaching(url):
            before = _revision(engine)
        with as_file(files("deploy") / "migrations") as folder:
            config = _config(folder)
            with _reaching(url), engine.begin() as connection:
                config.attributes["connection"] = connection
                alembic.command.upgrade(config, to)
        return before not in (None, REVISION)
    except CommandError:  # a revision that this program does not know
        raise _other_version(url, _revision(engine)) from None
    finally:
        engine.dispose()


def unchecked(url: str) -> Ledger:
    """Open the ledger at `url` whatever its version, to put a backup of that version into it."""
    return Ledger(_engine(url))


def mask(url: str) -> str:
    """The database URL with its password hidden."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url.partition(":")[0] + "://…"


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        if parsed.get_backend_name() == "postgresql":
            size = int(os.environ.get("DUBAN_POOL", POOL))
            return sa.create_engine(
                parsed, pool_pre_ping=True, pool_size=size, connect_args=_NEVER_FOR_EVER
            )
    except (ArgumentError, NoSuchModuleError):
        pass
    raise DatabaseTrouble(
        f"DUBAN_DATABASE_URL 无法识别：{mask(url)}。应为 sqlite:///文件路径 或 "
        "postgresql://用户:口令@主机/库名。",
        f"DUBAN_DATABASE_URL cannot be read: {mask(url)}. Expected sqlite:///path or "
        "postgresql://user:password@host/name.",
    )


class _Hinting(SQLiteCompiler):
    """Writes the index that `with_hint` names ("INDEXED BY …"), which SQLAlchemy leaves out."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


def _sqlite(url: sa.URL) -> Engine:
    engine = sa.create_engine(url, connect_args={"timeout": 60})
    engine.dialect.statement_compiler = _Hinting
    # The driver's own transaction handling begins too late (at the first write) to keep two
    # sweeps from reading the same rows: transactions begin IMMEDIATE, which queues them.
    sa.event.listen(engine, "connect", _set_up_sqlite)
    # What only reads needs no turn: it sees the rows as of its first one.
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE"))


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None
    for pragma in ("busy_timeout=60000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise BadValue from None
    except OverflowError as error:
        if "int too large" not in str(error):
            raise
        raise BadValue from None
    except PoolTimeoutError:
        raise _crowded() from None
    except DatabaseError as error:
        # Below it stand our own mistakes (a broken constraint, wrong SQL): those are raised on.
        if type(error) not in (OperationalError, DatabaseError) and not _overslept(error):
            raise
        cause = str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__
        raise DatabaseTrouble(
            f"无法使用数据库 {mask(url)}：{cause}。请检查数据库是否在运行、地址与口令是否正确、"
            "磁盘是否可写。",
            f"The database {mask(url)} cannot be used: {cause}. Check that it is running, that "
            "address and password are right, and that the disk can be written.",
        ) from None


def _overslept(error: DatabaseError) -> bool:
    """Whether the server has ended the session of a process that did nothing for too long."""
    return getattr(error.orig, "sqlstate", None) == "25P03"


def _crowded() -> DatabaseTrouble:
    return DatabaseTrouble(
        "数据库连接都被占用，等了半分钟也没有空出来。请稍后再试；常常如此，请调大 DUBAN_POOL，"
        "或查明什么占住了数据库。",
        "All database connections are taken, and none came free within half a minute. Try again "
        "later; if it happens often, raise DUBAN_POOL, or find out what holds the database.",
    )


def _check_version(ledger: Ledger, url: str) -> None:
    with _reaching(url):
        here = _sqlite_missing(url)
        found = None if here else _revision(ledger.engine)
    if found is None:
        raise DatabaseTrouble(
            f"数据库 {mask(url)} 还没有建立。新建请运行 duban init；从备份恢复请运行 "
            "duban db restore 备份文件（不要先 init）。",
            f"The database {mask(url)} has not been set up. Begin with duban init, or, to go on "
            "with a backup, with duban db restore FILE (and no init before it).",
        )
    if found != REVISION:
        raise _other_version(url, found)


def _other_version(url: str, found: str | None) -> OtherVersion:
    todo = other_version_todo(found)
    return OtherVersion(
        f"数据库 {mask(url)} 的版本是 {found}，本程序需要 {REVISION}。{todo.zh}",
        f"The database {mask(url)} is of version {found}; this program needs {REVISION}. {todo.en}",
        found,
    )


def other_version_todo(found: str | None) -> Words:
    """What to do about a database that is older or newer than the program."""
    if found and found > REVISION:
        return Words(
            "数据库比程序新：请改用建库的那一版程序，或更新的。",
            "The database is newer: use the program that set it up, or a later one.",
        )
    return Words(
        "先用原来的程序或数据库自己的工具备份，再运行 duban init 升级（在办案件不受影响）。",
        "Back it up with the earlier program or the database's own tools, then upgrade it with "
        "duban init; open cases are kept.",
    )


def _sqlite_missing(url: str) -> bool:
    parsed = make_url(url)
    name = parsed.database
    return bool(
        parsed.get_backend_name() == "sqlite"
        and name
        and name != ":memory:"
        and not Path(name).exists()
    )


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        return found.scalar_one_or_none()


def _config(folder: Path) -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(folder))
    return config
