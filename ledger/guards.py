"""防改触发器: the tables whose rows are only ever added, and whether the database sees to it."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from ledger.changes import table
from models.account import Act
from models.cost import Cost
from models.escalation import Escalation
from models.evidence import Evidence
from models.journal import Checkpoint, Entry
from models.measure import Measure
from models.meeting import Meeting
from models.record import Record
from models.remark import Remark
from models.request import Review

KEPT: Sequence[type[SQLModel]] = (
    Record, Escalation, Entry, Checkpoint, Evidence, Review, Meeting, Cost, Measure, Act,
    Remark,
)  # fmt: skip

_ON_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
# A trigger that is switched off ('D'), or fires for replicas only ('R'), guards nothing.
_ON_POSTGRESQL = """
    SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
    AND c.relnamespace = current_schema()::regnamespace"""


def unguarded(connection: Connection) -> list[str]:
    """The tables that have lost a trigger that refuses UPDATE and DELETE."""
    sqlite = connection.dialect.name == "sqlite"
    there = set(connection.execute(sa.text(_ON_SQLITE if sqlite else _ON_POSTGRESQL)).scalars())
    names = [table(kept).name for kept in KEPT]
    return [name for name in names if not _guards(name, sqlite) <= there]


def _guards(name: str, sqlite: bool) -> set[str]:
    return {f"keep_{name}_update", f"keep_{name}_delete"} if sqlite else {f"keep_{name}"}
