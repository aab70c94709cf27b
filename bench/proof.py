"""验证: records entered in the overall chain, proven and exported, a second.

A hundred thousand records of twenty thousand cases, written as intake writes them. Beside it a
plain SELECT of the very same rows in the same order.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.databases import Databases
from bench.measure import Measured, Watch, alone, middle, show
from ledger import journal
from ledger.changes import insert, table
from ledger.database import connect
from ledger.export import export
from ledger.proof import verify
from models.case import Case, Status
from models.policy import PolicyVersion
from models.record import Record
from rules.chain import link

AT = datetime(2026, 9, 24, 7, tzinfo=UTC)
EACH = 5
"""Records of one case."""
WORDS = "交办城管局（牵头单位）。时限3工作日，2026-09-30 18:00 到期。依据：交办文书。"
DATA = '{"limit":"3 工作日","now":{"due_at":"2026-09-30T10:00:00.000000Z","epoch":1}}'
KEY = bytes(range(32))


def run(databases: Databases, *, quick: bool) -> None:
    """Measure and print."""
    sizes, times = ((10_000,), 1) if quick else ((100_000,), 3)
    head = (
        "records",
        "what",
        "seconds",
        "own CPU s",
        "records/s",
        "of the plain SELECT",
        "peak MB",
    )
    lines: list[tuple[str, ...]] = []
    for size in sizes:
        alone(fill, databases.new("proof"), size)
        entering = []
        for _ in range(times):
            entering.append(alone(enter, databases.copy("proof", "entered")))
            databases.drop("entered")
        url = databases.copy("proof", "entered")
        alone(enter, url)
        plain = middle([alone(select, url) for _ in range(times)])
        did = {
            "plain SELECT of the same rows": plain,
            "enter and sign (journal.seal)": middle(entering),
            "prove (proof.verify)": middle([alone(prove, url) for _ in range(times)]),
            "export": middle([alone(hand_out, url) for _ in range(times)]),
        }
        lines += (_line(size, what, measured, plain) for what, measured in did.items())
        databases.drop("entered")
        databases.drop("proof")
    show(f"Proof · {databases.name}", head, lines)


def _line(size: int, label: str, measured: Measured, plain: Measured) -> tuple[str, ...]:
    return (
        f"{size:,}",
        label,
        f"{measured.seconds:.2f}",
        f"{measured.cpu:.2f}",
        f"{measured.rate:,.0f}",
        f"{measured.rate / plain.rate:.2f} ×",
        f"{measured.peak:.0f}",
    )


# -- what is measured --------------------------------------------------------------------------


def enter(url: str) -> Measured:
    """Every record into the overall chain, and its end signed."""
    ledger = connect(url)
    key = Ed25519PrivateKey.from_private_bytes(KEY)
    watch = Watch()
    sealed = journal.seal(ledger, AT, key)
    assert sealed
    return watch.done(sealed.position)


def prove(url: str) -> Measured:
    """Everything `duban log verify` does."""
    ledger = connect(url)
    key = Ed25519PrivateKey.from_private_bytes(KEY).public_key().public_bytes_raw().hex()
    watch = Watch()
    proof = verify(ledger, [key])
    assert proof.sealed == proof.checked
    assert not proof.broken
    return watch.done(proof.checked)


def hand_out(url: str) -> Measured:
    """Every line of the export, made and dropped."""
    ledger = connect(url)
    watch = Watch()
    return watch.done(sum("position" in line for line in export(ledger, [], AT)))


def select(url: str) -> Measured:
    """The same rows in the same order, read and dropped."""
    records = table(Record)
    query = sa.select(records).order_by(records.c.case_id, records.c.seq)
    engine = connect(url).engine
    watch = Watch()
    with engine.connect() as connection:
        rows = connection.execute(query.execution_options(yield_per=2000))
        return watch.done(sum(1 for _ in rows))


# -- the records -------------------------------------------------------------------------------


def fill(url: str, size: int) -> Measured:
    """So many records, EACH of one case, in the order in which a city writes them: mixed."""
    ledger, watch = connect(url), Watch()
    with ledger.transaction() as connection:
        policy = connection.execute(sa.select(table(PolicyVersion).c.id)).scalars().first()
        chains = [list(_chain(case)) for case in range(1, size // EACH + 1)]
        insert(connection, Case, [_case(chain[-1], policy) for chain in chains])
        for seq in range(EACH):
            insert(connection, Record, [chain[seq] for chain in chains])
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    ledger.engine.dispose()
    return watch.done(size)


def _chain(case: int) -> Iterator[dict[str, Any]]:
    previous = ""
    for seq in range(1, EACH + 1):
        at = AT + timedelta(seconds=case, hours=seq)
        row = {"seq": seq, "at": at, "verb": "dispatch", "actor": "督办引擎", "words": WORDS,
               "data": DATA, "previous": previous}  # fmt: skip
        previous = link(number=f"B-{case}", status="dispatched", **row)
        yield row | {"case_id": case, "status": Status.DISPATCHED, "hash": previous}


def _case(last: dict[str, Any], policy: int | None) -> dict[str, Any]:
    number = last["case_id"]
    return {
        "id": number, "number": f"B-{number}", "status": Status.DISPATCHED, "version": 1,
        "epoch": 1, "turn": 1, "place": f"人民路{number}号", "place_key": f"人民路{number}号",
        "problem": "沿街商铺占道经营，垃圾堆放未清理", "severity": "", "reports": 1,
        "policy_id": policy, "limit": "3 工作日", "reported_at": AT, "since": AT,
        "looked_until": AT, "provisional": False, "returns": 0, "reworks": 0, "extensions": 0,
        "suspensions": 0, "records": EACH, "head": last["hash"],
    }  # fmt: skip
