"""验证: nobody changed the records since they were written, or where somebody did.

Four things are held against each other: each case's own chain and the row of the case, the
escalation log and the records that say the same, the overall chain and the records entered in
it, and the overall chain and the checkpoints that sign it.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain, groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.guards import unguarded
from ledger.journal import Seal, holds, raw, tip, told
from models.case import Case
from models.escalation import Escalation
from models.journal import Checkpoint, Entry
from models.record import Record
from rules.chain import checkpoint, entry, link, moment

STREAM = 2000
"""So many rows are held at a time."""

DATABASE, JOURNAL, CHECKPOINT = "database", "journal", "checkpoint"
"""Where a break is when it is not in one case."""

entries, records, log = table(Entry), table(Record), table(Escalation)
cases, checkpoints = table(Case), table(Checkpoint)


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the log is not as it was written.

    `case` is the case's number and `seq` the record within it; or `journal` and the position,
    `checkpoint` and its number, `database` and 0.
    """

    case: str
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Proof:
    """How many records were checked, up to which position they are signed, every break found.

    `sealed` and `checkpoints` count what a trusted key has signed: without keys, nothing.
    """

    checked: int
    sealed: int
    checkpoints: int
    broken: list[Break]


def verify(ledger: Ledger, keys: Collection[str] = (), last: Seal | None = None) -> Proof:
    """Reckon everything again, as of one instant.

    `keys` are the public keys to be trusted, in hexadecimal; without any, signatures are not
    checked. `last` is the newest checkpoint known outside of the database.
    """
    with ledger.snapshot() as connection:
        checked, broken = _cases(connection)
        broken += _without_records(connection)
        broken += _journal(connection)
        broken += _not_entered(connection)
        signed, wrong = _checkpoints(connection, keys)
        broken += wrong
        if last is not None and not holds(connection, last):
            what = "the newest checkpoint was removed · 最新签封缺失"
            broken.append(Break(CHECKPOINT, last.position, what))
        broken += (
            Break(DATABASE, 0, f"the guard of table {name} is missing · 表 {name} 的防改触发器缺失")
            for name in unguarded(connection)
        )
    return Proof(checked, max(signed, default=0), len(signed), broken)


def newest(connection: Connection, count: int) -> tuple[int, list[Break]]:
    """How many of the `count` records written last were checked, and which are not as written.

    Quick, and blind to all that lies before: `verify` is the proof.
    """
    top = connection.execute(sa.select(sa.func.max(records.c.id))).scalar() or 0
    checked, broken = 0, []
    before: Any = None
    for row in _stream(connection, _records().where(records.c.id > top - count)):
        follows = before and (before.case_id, before.seq + 1) == (row.case_id, row.seq)
        number = row.number or f"case {row.case_id}"
        if wrong := _wrong(row, number, before.hash if follows else None):
            broken.append(Break(number, row.seq, wrong))
        checked, before = checked + 1, row
    return checked, broken


def after(connection: Connection, position: int, most: int) -> int:
    """How many records came after a position of the overall chain, at most `most`."""
    upto = sa.select(entries.c.record_id).where(entries.c.position == position).scalar_subquery()
    since = records.c.id > sa.func.coalesce(upto, 0)
    some = sa.select(records.c.id).where(since).limit(most).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def _stream(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    return iter(connection.execute(query.execution_options(yield_per=STREAM)))


# -- the chain of each case --------------------------------------------------------------------


def _cases(connection: Connection) -> tuple[int, list[Break]]:
    """Follow every case from its first record to the last one its row knows of."""
    checked, broken = 0, []
    said = _Log(connection)
    for _, rows in groupby(_stream(connection, _records()), lambda row: row.case_id):
        previous: str | None = ""
        expected = 1
        for row in rows:
            checked += 1
            number = row.number or f"case {row.case_id}"
            if row.seq != expected:
                what = "record removed or reordered · 记录缺失或错位"
                broken.append(Break(number, expected, what))
                previous = None  # what it was linked to is not there to be asked
            for wrong in filter(None, (_wrong(row, number, previous), said.wrong(row))):
                broken.append(Break(number, row.seq, wrong))
            previous, expected = row.hash, row.seq + 1
        if (row.records, row.head) != (row.seq, row.hash):
            what = "the end of the chain was removed · 末尾记录缺失"
            broken.append(Break(number, row.records or row.seq, what))
    return checked, broken + said.left()


def _records() -> sa.Select[Any]:
    r = records.c
    return (
        sa.select(
            r.case_id, sa.cast(r.seq, sa.Integer).label("seq"), raw(r.at).label("at"), r.verb,
            r.actor, raw(r.status).label("status"), r.words, r.data, r.previous, r.hash,
            cases.c.number, cases.c.records, cases.c.head,
        )
        .join(cases, r.case_id == cases.c.id, isouter=True)
        .order_by(r.case_id, r.seq)
    )  # fmt: skip


def _wrong(row: Any, number: str, previous: str | None) -> str | None:
    if previous is not None and row.previous != previous:
        return "not linked to the record before · 与上一条不相连"
    told_at = told(row.at)
    digest = link(
        row.previous, number, row.seq, told_at, row.verb, row.actor, row.status, row.words, row.data
    )
    return None if digest == row.hash else "record changed · 记录被改动"


def _without_records(connection: Connection) -> Iterator[Break]:
    theirs = sa.select(records.c.id).where(records.c.case_id == cases.c.id)
    query = sa.select(cases.c.number).where(cases.c.records > 0, ~theirs.exists())
    for number in connection.execute(query).scalars():
        yield Break(number, 0, "records removed · 全部记录缺失")


# -- the escalation log ------------------------------------------------------------------------


class _Log:
    """The escalation log beside the records, both in order of case and number."""

    def __init__(self, connection: Connection) -> None:
        self._rows = _stream(connection, _levels())
        self._next = next(self._rows, None)
        self._strays: list[Break] = []

    def wrong(self, record: Any) -> str | None:
        """What is wrong between this record and the log."""
        mine = list(self._of((record.case_id, record.seq)))
        if record.verb not in ("escalate", "remind"):
            return "escalation row inserted · 督办日志多出一行" if mine else None
        if len(mine) != 1:
            return "escalation row removed or inserted · 督办日志缺行或多行"
        return None if _same(mine[0], record) else "escalation row changed · 督办日志被改动"

    def _of(self, place: tuple[int, int]) -> Iterator[Any]:
        while (row := self._next) and (row.case_id, row.record_seq) <= place:
            if (row.case_id, row.record_seq) == place:
                yield row
            else:
                self._strays.append(_stray(row))
            self._next = next(self._rows, None)

    def left(self) -> list[Break]:
        """The rows of the log that no record speaks of."""
        rest = chain([self._next] if self._next else [], self._rows)
        return self._strays + [_stray(row) for row in rest]


def _levels() -> sa.Select[Any]:
    c = log.c
    return (
        sa.select(
            c.id, c.case_id, sa.cast(c.record_seq, sa.Integer).label("record_seq"),
            raw(c.stage).label("stage"), c.level, c.rule, c.card, raw(c.at).label("at"),
            raw(c.planned_at).label("planned_at"), raw(c.outcome).label("outcome"),
            sa.cast(c.recipients, sa.Text).label("recipients"), cases.c.number,
        )
        .join(cases, c.case_id == cases.c.id, isouter=True)
        .order_by(c.case_id, c.record_seq, c.id)
    )  # fmt: skip


def _stray(row: Any) -> Break:
    what = f"escalation row {row.id} without a record · 督办日志无对应记录"
    return Break(row.number or f"case {row.case_id}", row.record_seq, what)


def _same(row: Any, record: Any) -> bool:
    """Whether a row of the log says what its record says."""
    try:
        said = json.loads(record.data)
        said.pop("now", None)  # facts of the case that changed with it: not what the log tells
        said["planned"] = moment(datetime.fromisoformat(said["planned"]))
        return bool(row.at == record.at and said == _said(row))
    except (ValueError, TypeError, AttributeError, KeyError):
        return False  # not even of the form it was written in


def _said(row: Any) -> dict[str, Any]:
    return {
        "stage": row.stage,
        "level": row.level,
        "rule": row.rule,
        "card": row.card,
        "planned": told(row.planned_at),
        "outcome": row.outcome,
        "recipients": [who["notice"] for who in json.loads(row.recipients)],
    }


# -- the overall chain -------------------------------------------------------------------------


def _journal(connection: Connection) -> Iterator[Break]:
    """Follow the overall chain, and hold each entry against the record it stands for."""
    before: Collection[str] = ("",)
    expected = 1
    for row in _stream(connection, _entries()):
        if row.position != expected:
            what = "entry removed from the overall chain · 总账缺行"
            yield Break(JOURNAL, expected, what)
            before = ()
        if row.number is None:
            yield Break(JOURNAL, row.position, "its record was removed · 总账所载记录缺失")
            before = (row.hash,)
        else:
            hashes = [entry(b, row.position, row.number, row.seq, row.record_hash) for b in before]
            if hashes and row.hash not in hashes:
                what = "record or its entry changed since it was entered · 与总账不符"
                yield Break(row.number, row.seq, what)
            # If it was the entry that was changed, the next one follows what it should have been.
            before = {row.hash, *hashes}
        expected = row.position + 1


def _entries() -> sa.Select[Any]:
    return (
        sa.select(
            entries.c.position, entries.c.hash, cases.c.number, records.c.seq,
            records.c.hash.label("record_hash"),
        )
        .join(records, entries.c.record_id == records.c.id, isouter=True)
        .join(cases, records.c.case_id == cases.c.id, isouter=True)
        .order_by(entries.c.position)
    )  # fmt: skip


def _not_entered(connection: Connection) -> Iterator[Break]:
    """Records that came too late to have been passed over, and yet are not in the chain."""
    last = tip(connection)
    if last is None:
        return
    query = (
        sa.select(cases.c.number, records.c.case_id, records.c.seq)
        .join(cases, records.c.case_id == cases.c.id, isouter=True)
        .join(entries, entries.c.record_id == records.c.id, isouter=True)
        .where(records.c.id < last.record_id, entries.c.record_id.is_(None))
        .order_by(records.c.id)
    )
    for row in _stream(connection, query):
        what = "record inserted, or its entry removed · 记录系插入，或总账缺行"
        yield Break(row.number or f"case {row.case_id}", row.seq, what)


# -- checkpoints -------------------------------------------------------------------------------


def _checkpoints(connection: Connection, keys: Collection[str]) -> tuple[list[int], list[Break]]:
    """The positions that a trusted key has signed, and every checkpoint that does not hold."""
    query = (
        sa.select(
            *(checkpoints.c[name] for name in ("id", "position", "hash", "key", "signature")),
            raw(checkpoints.c.at).label("at"),
            entries.c.hash.label("entry_hash"),
        )
        .join(entries, entries.c.position == checkpoints.c.position, isouter=True)
        .order_by(checkpoints.c.id)
    )
    signed, broken = [], []
    for row in _stream(connection, query):
        wrong = _not_as_signed(row, keys)
        if wrong:
            broken.append(Break(CHECKPOINT, row.id, wrong))
        elif keys:
            signed.append(int(row.position))
    return signed, broken


def _not_as_signed(row: Any, keys: Collection[str]) -> str | None:
    if keys and row.key not in keys:
        return "signed by an unknown key · 签封密钥不明"
    if keys and not _signed(row):
        return "checkpoint changed · 签封被改动"
    if row.entry_hash is None:
        return "the overall chain no longer reaches it · 签封之内总账缺行"
    if row.entry_hash != row.hash:
        return "the overall chain is not the one signed · 总账与签封不符"
    return None


def _signed(row: Any) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    try:
        signature = bytes.fromhex(row.signature)
        _public(row.key).verify(signature, checkpoint(row.position, row.hash, told(row.at)))
    except (ValueError, InvalidSignature):
        return False
    return True


@cache
def _public(key: str) -> Any:
    # Loading it takes a twentieth of a second, which commands that do not verify should not pay.
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    return ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
