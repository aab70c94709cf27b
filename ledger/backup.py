"""备份与恢复的台账一侧: one instant of a ledger written out, and put into an empty one.

What is written is held against its digest as it is read back, before anything is kept.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import rows_in, rows_out
from ledger.changes import table
from ledger.database import REVISION, DatabaseTrouble, Ledger, mask
from ledger.journal import raw, tip, told
from ledger.shapes import Shape, shapes
from models.hook import Hook
from models.journal import Checkpoint
from models.person import Channel
from models.photo import Photo
from models.words import Trouble


@dataclass(frozen=True, slots=True)
class Tally:
    """One table as it was written: how many rows, and the SHA-256 of their lines."""

    rows: int
    sha256: str


Told = Callable[[int], object]
"""Is told how many rows have been done altogether."""


def _nobody(rows: int) -> None:
    """Tell nobody."""


# -- out ---------------------------------------------------------------------------------------


@contextmanager
def frozen(ledger: Ledger) -> Iterator[Connection]:
    """The ledger as of one instant, for as long as it takes."""
    with ledger.snapshot() as connection:
        if ledger.postgresql:
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection


def pages(
    connection: Connection, done: dict[str, Tally], of: Sequence[Shape] | None = None
) -> Iterator[tuple[str, bytes]]:
    """The lines of every table, page by page, each table after those it refers to.

    `done` is told what each table was, once it has been read.
    """
    for shape in shapes() if of is None else of:
        digest, rows = sha256(), 0
        for count, lines in rows_out.lines(connection, shape):
            digest.update(lines)
            rows += count
            yield shape.name, lines
        done[shape.name] = Tally(rows, digest.hexdigest())


def chain(connection: Connection) -> dict[str, Any]:
    """How far the overall chain goes, its last hash, and the newest checkpoint that signs it."""
    end, rows = tip(connection), table(Checkpoint).c
    query = sa.select(rows.position, rows.hash, raw(rows.at).label("at"), rows.key, rows.signature)
    seal = connection.execute(query.order_by(rows.id.desc()).limit(1)).one_or_none()
    return {
        "position": end.position if end else 0,
        "head": end.hash if end else "",
        "seal": {**seal._asdict(), "at": told(seal.at)} if seal else None,
    }


def pictures(connection: Connection) -> Iterator[tuple[str, bool]]:
    """Where each picture lies in the store, and whether it belongs to a case; in order."""
    rows = table(Photo).c
    of_case = sa.func.max(sa.case((rows.case_id.is_(None), 0), else_=1))
    # In the order of their bytes, as they lie in a bundle.
    order = rows.path.collate("C") if connection.dialect.name == "postgresql" else rows.path
    query = sa.select(rows.path, of_case).group_by(rows.path).order_by(order)
    for path, belongs in connection.execute(query.execution_options(yield_per=rows_out.PAGE)):
        yield path, bool(belongs)


def sealed(connection: Connection) -> list[str]:
    """Everything that lies sealed with the key of the channels."""
    hooks = table(Hook).c
    columns = (table(Channel).c.url, hooks.url, hooks.secret)
    return [x for column in columns for x in connection.execute(sa.select(column)).scalars()]


# -- in ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rows:
    """What is to be written: the tables, and their lines in any number of pages."""

    shapes: Sequence[Shape]
    pages: Callable[[], Iterator[tuple[str, bytes]]]
    tallies: Callable[[], Mapping[str, Tally]]
    """What it must be, asked once the pages have been read."""


def put(ledger: Ledger, given: Rows, told: Told = _nobody) -> None:
    """Fill an empty ledger in one transaction; all of it is kept, or nothing.

    Raises Trouble when the ledger is not empty, when a row does not fit, or when what is read
    back is not what was to be written.
    """
    by_name = {shape.name: shape for shape in given.shapes}
    with ledger.transaction() as connection:
        _refuse_filled(connection, ledger, [shape.name for shape in given.shapes])
        with rows_in.filling(connection, given.shapes) as fill:
            done = 0
            for name, lines in given.pages():
                if name not in by_name:
                    raise rows_in.Unfit(name, "its form is not given")
                done += fill(by_name[name], lines)
                told(done)
        compare(given.tallies(), tallies(connection, given.shapes))


def tallies(connection: Connection, of: Sequence[Shape]) -> dict[str, Tally]:
    """What the tables hold, to be held against what they should."""
    found: dict[str, Tally] = {}
    for _ in pages(connection, found, of):
        pass
    return found


def compare(should: Mapping[str, Tally], found: Mapping[str, Tally]) -> None:
    """Raises Unfit where what was read back is not what should be there."""
    for name in should.keys() | found.keys():
        right, here = should.get(name, _NONE), found.get(name, _NONE)
        if right.rows != here.rows:
            raise rows_in.Unfit(name, f"{here.rows} rows instead of {right.rows}")
        if right != here:
            raise rows_in.Unfit(name, "read back, its rows are not those of the source")


_NONE = Tally(0, sha256().hexdigest())


def as_said(found: Mapping[str, Tally]) -> dict[str, dict[str, Any]]:
    """Tallies as a manifest says them."""
    return {name: asdict(tally) for name, tally in found.items()}


def refresh(ledger: Ledger) -> None:
    """Let PostgreSQL count what it was given, so that its plans are right from the first page."""
    if ledger.postgresql:
        with ledger.transaction() as connection:
            connection.exec_driver_sql("ANALYZE")


def refuse_filled(ledger: Ledger, names: Sequence[str]) -> None:
    """Raises Trouble where one of these tables holds anything."""
    with ledger.snapshot() as connection:
        _refuse_filled(connection, ledger, names)


def _refuse_filled(connection: Connection, ledger: Ledger, names: Sequence[str]) -> None:
    there = filled(connection, names)
    if there:
        raise _not_empty(ledger, there)


def filled(connection: Connection, names: Collection[str]) -> list[str]:
    """Those of these tables that hold anything."""
    quote = connection.dialect.identifier_preparer.quote
    return [
        name
        for name in names
        if connection.exec_driver_sql(f"SELECT 1 FROM {quote(name)} LIMIT 1").first()  # noqa: S608
    ]


def _not_empty(ledger: Ledger, there: Sequence[str]) -> Trouble:
    url, some = mask(ledger.engine.url.render_as_string(hide_password=True)), ", ".join(there[:4])
    return Trouble(
        f"数据库 {url} 不是空的（{some}）：不会写入已有数据的库。请另建一个空库（不要运行 duban "
        "init），把 DUBAN_DATABASE_URL 指向它，再来一次。",
        f"The database {url} is not empty ({some}): nothing is ever written over what is there. "
        "Make a new, empty one (without duban init), let DUBAN_DATABASE_URL name it, and try "
        "again.",
    )


# -- versions ----------------------------------------------------------------------------------


def of_this_version(revision: str, ledger: Ledger) -> None:
    """Raises DatabaseTrouble where the ledger is of another version than what is to be put in."""
    with ledger.transaction() as connection:
        there = sa.inspect(connection).has_table("alembic_version")
        found = (
            there
            and connection.exec_driver_sql(
                "SELECT version_num FROM alembic_version"
            ).scalar_one_or_none()
        )
    if found != revision:
        url = mask(ledger.engine.url.render_as_string(hide_password=True))
        raise DatabaseTrouble(
            f"数据库 {url} 的版本是 {found}，备份的版本是 {revision}。请指向一个全新的空库：先按"
            "备份的版本建库，再升级。",
            f"The database {url} is of version {found}, the backup of {revision}. Name a database "
            "without any tables: it is set up as of the backup's version and then upgraded.",
        )


def newer(revision: str) -> bool:
    """Whether a revision is later than any this program knows."""
    return revision > REVISION
