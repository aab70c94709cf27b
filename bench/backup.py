"""备份: everything out and in again, beside pg_dump and pg_restore of the same database.

The rows are those of findings taken in with dispatch; there are no pictures, whose time is that of
the disk. Backup reads back what it wrote; restore reads every row back and verifies the chains:
`pg_dump` and `pg_restore` do neither.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import make_url

from bench.databases import Databases, Postgres, _programs
from bench.intake import take_in
from bench.measure import Measured, Watch, alone, middle, show
from documents.store import Store
from ledger.database import connect
from tasks import backing_up

AT = datetime(2026, 9, 24, 7, tzinfo=UTC)
HEAD = ("what", "seconds", "own CPU s", "rows/s", "file MB", "peak MB")


def run(databases: Databases, *, quick: bool) -> None:
    """Measure and print."""
    size, times = (2_000, 1) if quick else (20_000, 3)
    source = databases.new("backup")
    alone(take_in, source, size)
    with _folder() as folder:
        file, dump = folder / "city.tar", folder / "city.dump"
        saved = middle([alone(save, source, file) for _ in range(times)])
        did = {
            "duban db backup, read back": saved,
            "duban db check --quick": middle([alone(glance, file) for _ in range(times)]),
            "duban db check (restored into SQLite)": alone(prove, file),
            "duban db restore, read back and proved": alone(put, databases, file, "restored"),
        }
        sizes = dict.fromkeys(did, file.stat().st_size)
        if isinstance(databases, Postgres):
            rows = saved.count
            theirs = {
                "pg_dump -Fc": middle([alone(pg_dump, source, dump, rows) for _ in range(times)]),
                "pg_restore": alone(pg_restore, databases, dump, "again", rows),
            }
            sizes |= dict.fromkeys(theirs, dump.stat().st_size)
            did |= theirs
        title = f"Backup of {saved.count:,} rows ({size:,} findings) · {databases.name}"
        show(title, HEAD, [_line(what, found, sizes[what]) for what, found in did.items()])
    for name in ("restored", "again", "backup"):
        databases.drop(name)


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="duban-bench-backup-") as folder:
        yield Path(folder)


def _line(what: str, found: Measured, size: int) -> tuple[str, ...]:
    return (
        what,
        f"{found.seconds:.2f}",
        f"{found.cpu:.2f}",
        f"{found.rate:,.0f}",
        f"{size / 1e6:.1f}",
        f"{found.peak:.0f}",
    )


def save(url: str, file: Path) -> Measured:
    """Back up."""
    ledger, watch = connect(url), Watch()
    done = backing_up.backup(ledger, None, file.parent, file, AT)
    return watch.done(done.rows)


def glance(file: Path) -> Measured:
    """Hold the file against its digests."""
    watch = Watch()
    return watch.done(backing_up.check(file, file.parent, quick=True).rows)


def prove(file: Path) -> Measured:
    """Restore it into a database for this purpose."""
    watch = Watch()
    found = backing_up.check(file, file.parent)
    assert not found.broken
    return watch.done(found.rows)


def put(databases: Databases, file: Path, name: str) -> Measured:
    """Restore it into a new database."""
    url = _empty(databases, name)
    watch = Watch()
    found = backing_up.restore(file, url, Store(str(file.parent / "photos")), file.parent)
    assert not found.broken
    return watch.done(found.rows)


def pg_dump(url: str, file: Path, rows: int) -> Measured:
    """The same database by PostgreSQL's own tool."""
    watch = Watch()
    _tool("pg_dump", url, "-Fc", "-f", str(file))
    return _theirs(watch, rows)


def pg_restore(databases: Databases, file: Path, name: str, rows: int) -> Measured:
    """Its file into a new database."""
    url = _empty(databases, name)
    watch = Watch()
    _tool("pg_restore", url, "--no-owner", str(file))
    return _theirs(watch, rows)


def _theirs(watch: Watch, rows: int) -> Measured:
    found, spent = watch.done(rows), os.times()
    return Measured(rows, found.seconds, spent.children_user + spent.children_system)


def _tool(name: str, url: str, *arguments: str) -> None:
    of = make_url(url)
    where = ("-h", str(of.query["host"]), "-U", str(of.username), "-d", str(of.database))
    subprocess.run([_programs() / name, *where, *arguments], check=True)


def _empty(databases: Databases, name: str) -> str:
    """A database with nothing in it."""
    if isinstance(databases, Postgres):
        databases._run(f"CREATE DATABASE {name}")
    return databases._url(name)  # type: ignore[attr-defined,no-any-return]
