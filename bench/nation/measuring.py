"""Service times of the ledger's own work, measured on PostgreSQL through the real code.

Every figure keeps its samples: the simulation draws from them. Of a batch both the clock and the
processor of the thread are kept; what is between them is the database, its commit included.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from bench import intake, owing, sinks, sweep
from bench.databases import Postgres
from bench.findings import many
from bench.nation.machine import Stopwatch, apart, cpu_of
from ledger import batches, outbox
from ledger import reference as reference_module
from ledger.changes import table
from ledger.database import Ledger, connect
from ledger.intake import receive
from ledger.reference import read
from ledger.sweeps import due_shards, follow_up
from models.case import Case
from models.person import Duty, DutyKind, Person
from models.unit import Area, Unit, UnitKind
from tasks import sending

Sample = tuple[int, float, float]
"""So many things, in so many seconds, of which so many of this thread's own processor."""
Part = dict[str, Any]

OPEN, DUE = 40_000, 20_000
SIZES = {1: 150, 10: 150, 100: 60, 1000: 18}
"""Cases in a batch, and how many such batches are measured."""
FINDINGS = 20_000
NOTICES = 4_000
UNITS = (0, 2_000, 10_000, 40_000)
"""Units added to the demo city's directory, two people each."""


def postmaster(server: Postgres) -> int:
    """The process of the server that all others come from."""
    return int((server.socket / "data" / "postmaster.pid").read_text().split()[0])


# -- follow-up ---------------------------------------------------------------------------------


def _follow_up(server: Postgres, quick: bool) -> Part:
    url = server.new("followed")
    due = 4_000 if quick else DUE
    apart(sweep.fill, url, due * 2, due)
    apart(into_shards, url)
    samples: list[Sample] = []
    served = {}
    for size, times in SIZES.items():
        copy = server.copy("followed", "one")
        before, wal = cpu_of(postmaster(server)), _written(server)
        taken: list[Sample] = apart(looks, copy, size, times // 4 if quick else times)
        rows = sum(n for n, _, _ in taken)
        used = cpu_of(postmaster(server)) - before
        served[str(size)] = {
            "cpu_per_case": used / rows, "wal_per_case": (_written(server) - wal) / rows,
        }  # fmt: skip
        samples += taken
        server.drop("one")
    idle = apart(empty_looks, url, 50)
    reads = apart(reads_of_reference, url)
    server.drop("followed")
    return {"look": samples, "look_server": served, "idle": idle, "reference_reads": reads}


def into_shards(url: str) -> None:
    """Four areas, so that a shard has enough cases for whole batches."""
    cases, areas = table(Case), table(Area)
    ledger = connect(url)
    with ledger.transaction() as connection:
        ids = list(
            connection.execute(sa.select(areas.c.id).order_by(areas.c.id).limit(4)).scalars()
        )
        for place, area in enumerate(ids):
            mine = sa.update(cases).where(cases.c.id % 4 == place)
            connection.execute(mine.values(area_id=area))
    ledger.engine.dispose()


def looks(url: str, size: int, times: int) -> list[Sample]:
    """So many batches of one size, each timed from claim to commit; reference data read before."""
    ledger = connect(url)
    samples: list[Sample] = []
    take, known = batches.Work._take, [None]

    def timed(work: Any, claim: Any) -> Any:
        work.reference = work.reference or known[0]
        if len(samples) > times:
            return None
        watch = Stopwatch()
        found = take(work, claim)
        known[0] = work.reference
        if found is not None:
            samples.append((found["looked"], *watch.read()))
        return found

    with patch.object(batches.Work, "_take", timed):
        follow_up(ledger, sweep.AT, size)
    return samples[1:]


def empty_looks(url: str, times: int) -> list[Sample]:
    """What asking costs where nothing is due."""
    ledger = connect(url)
    samples: list[Sample] = []
    for _ in range(times):
        watch = Stopwatch()
        follow_up(ledger, sweep.BEFORE)
        samples.append((1, *watch.read()))
    return samples[1:]


def reads_of_reference(url: str) -> dict[str, int]:
    """How often one follow-up reads all reference data, and in how many shards it looked."""
    ledger, count = connect(url), [0]
    real = reference_module.read

    def counted(connection: Any) -> Any:
        count[0] += 1
        return real(connection)

    shards = due_shards(ledger, sweep.AT)
    with patch.object(reference_module, "read", counted):
        follow_up(ledger, sweep.AT)
    return {"reads": count[0], "shards": len(shards)}


def _written(server: Postgres) -> int:
    """Bytes of write-ahead log since the beginning."""
    engine = sa.create_engine(server._url("postgres"))
    with engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
        ).scalar_one()
    engine.dispose()
    return int(found)


# -- reference data ----------------------------------------------------------------------------


def _reference(server: Postgres, quick: bool) -> Part:
    url = server.new("directory")
    samples: list[Part] = []
    there = 0
    for units in UNITS[:2] if quick else UNITS:
        apart(more_units, url, there, units)
        there = units
        samples += apart(reads, url, units, 5)
    server.drop("directory")
    return {"reference": samples}


def more_units(url: str, first: int, until: int) -> None:
    """Units with a contact and a head each."""
    ledger = connect(url)
    units, people, duties = table(Unit), table(Person), table(Duty)
    names = range(first, until)
    with ledger.transaction() as connection:
        for start in range(first, until, 1000):
            part = names[start - first : start - first + 1000]
            connection.execute(sa.insert(units), [
                {"code": f"x{n}", "name": f"第{n}责任单位", "kind": UnitKind.ENTERPRISE}
                for n in part
            ])  # fmt: skip
            connection.execute(sa.insert(people), [
                {"code": f"x{n}{hat}", "name": f"经办{n}", "active": True, "lang": "zh"}
                for n in part for hat in "ab"
            ])  # fmt: skip
        for hat, duty in (("a", DutyKind.CONTACT), ("b", DutyKind.HEAD)):
            mine = sa.select(units.c.id, sa.literal(duty, duties.c.duty.type), people.c.id).join(
                people, people.c.code == units.c.code + hat
            ).where(units.c.code.like("x%"), ~units.c.id.in_(
                sa.select(duties.c.unit_id).where(duties.c.duty == duty)))  # fmt: skip
            connection.execute(
                sa.insert(duties).from_select(["unit_id", "duty", "person_id"], mine)
            )
    ledger.engine.dispose()


def reads(url: str, units: int, times: int) -> list[Part]:
    """What it costs to read all reference data, and the memory it takes."""
    from bench.measure import peak  # noqa: PLC0415

    ledger, before = connect(url), peak()
    found = []
    for _ in range(times):
        watch = Stopwatch()
        with ledger.transaction() as connection:
            reference = read(connection)
        wall, cpu = watch.read()
        found.append({"units": len(reference.directory.units), "wall": wall, "cpu": cpu,
                      "megabytes": peak() - before})  # fmt: skip
    return found[1:]


# -- intake ------------------------------------------------------------------------------------


def _intake(server: Postgres, quick: bool) -> Part:
    url = server.new("taken_in")
    count = 3_000 if quick else FINDINGS
    before, wal = cpu_of(postmaster(server)), _written(server)
    samples: list[Sample] = apart(imports, url, count)
    rows = sum(n for n, _, _ in samples)
    server_part = {"cpu_per_case": (cpu_of(postmaster(server)) - before) / rows,
                   "wal_per_case": (_written(server) - wal) / rows}  # fmt: skip
    size = apart(bytes_of, url) / rows
    server.drop("taken_in")
    return {"import": samples, "import_server": server_part, "bytes_per_case": size}


def imports(url: str, count: int) -> list[Sample]:
    """Chunks of findings, from drafts to dispatched cases."""
    ledger, samples = connect(url), []
    chunks = receive(ledger, intake.ORIGIN, many(count), intake.AT)
    watch = Stopwatch()
    for chunk in chunks:
        samples.append((len(chunk), *watch.read()))
        watch = Stopwatch()
    return samples[1:]


def bytes_of(url: str) -> int:
    """Bytes of the database on disk, the demo city's few rows included."""
    with connect(url).engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT pg_database_size(current_database())")
        return int(found.scalar_one())


# -- delivery ----------------------------------------------------------------------------------


def _delivery(server: Postgres, quick: bool) -> Part:
    count = 600 if quick else NOTICES
    done: Part = {}
    with sinks.running("http") as port:
        for name, people in (("single", 0), ("digest", count // 20)):
            url = server.new("owed")
            owing.owe(url, count, [owing.robot(port)], people)
            before, wal = cpu_of(postmaster(server)), _written(server)
            done[f"deliver_{name}"] = apart(sends, url)
            used = cpu_of(postmaster(server)) - before
            done[f"deliver_{name}"] |= {
                "server_cpu": used / count, "wal_per_notice": (_written(server) - wal) / count,
            }  # fmt: skip
            server.drop("owed")
    return done


def sends(url: str) -> Part:
    """Everything owed is sent: the hands that were claimed and marked, and the whole."""
    ledger = connect(url)
    claimed: list[Sample] = []
    marked: list[Sample] = []
    messages: set[str] = set()

    def claim(*given: Any, **more: Any) -> Any:
        watch = Stopwatch()
        hand = real_claim(*given, **more)
        claimed.append((len(hand.owed), *watch.read()))
        messages.update(owed.message for owed in hand.owed)
        return hand

    def mark(which: Ledger, results: Sequence[Any], *given: Any, **more: Any) -> Any:
        watch = Stopwatch()
        counts = real_mark(which, results, *given, **more)
        marked.append((len(results), *watch.read()))
        return counts

    real_claim, real_mark = outbox.claim, outbox.mark
    with TemporaryDirectory() as folder, patch.object(outbox, "claim", claim), \
            patch.object(outbox, "mark", mark):  # fmt: skip
        watch, cpu = Stopwatch(), process_time()
        sent = sending.deliver(ledger, owing.AT, Path(folder))["sent"]
        wall = watch.read()[0]
    return {"claim": claimed, "mark": marked, "sent": sent, "messages": len(messages),
            "wall": wall, "cpu": process_time() - cpu}  # fmt: skip


PARTS: dict[str, Callable[[Postgres, bool], Part]] = {
    "reference": _reference, "looks": _follow_up, "intake": _intake, "delivery": _delivery,
}  # fmt: skip
