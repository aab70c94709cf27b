"""`python -m tests.machine --database sqlite --examples 2000 --steps 50 --seed N`

Drives a ledger of its own and prints how far it is; at the end what was tried, and how often it
moved a case or was refused. Exits 1 where ledger and model differ, with the steps that show it.
"""

import argparse
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from ledger import journal, proof
from ledger.database import Ledger
from tests.ledger import postgresql
from tests.machine.running import machine, prepare, run


@contextmanager
def database(kind: str) -> Iterator[Ledger]:
    """A ledger that lives as long as this run, and need not survive it."""
    if kind == "postgresql":
        with postgresql.server() as server:
            yield prepare(postgresql.create(server, "machine"))
        return
    with TemporaryDirectory(prefix="duban-machine-") as folder:
        yield prepare(f"sqlite:///{Path(folder) / 'machine.db'}")


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.machine")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-shrink", dest="shrink", action="store_false")
    wanted = parser.parse_args()
    print(f"{wanted.database}, {wanted.examples} × {wanted.steps}, seed {wanted.seed}", flush=True)
    with database(wanted.database) as ledger:
        return _drive(ledger, wanted)


def _drive(ledger: Ledger, wanted: argparse.Namespace) -> int:
    driven, began = machine(ledger, every=100), monotonic()
    try:
        run(driven, wanted.examples, wanted.steps, wanted.seed, shrink=wanted.shrink)
    except Exception:
        traceback.print_exc()
        _report(driven.tried, monotonic() - began)
        return 1
    entered = journal.extend(ledger)
    broken = proof.verify(ledger).broken
    _report(driven.tried, monotonic() - began)
    print(f"{entered} records in the overall chain, {len(broken)} breaks", *broken[:5], sep="\n")
    return 1 if broken else 0


def _report(tried: Counter[str], seconds: float) -> None:
    print(f"{seconds:.0f} s")
    for what, times in sorted(tried.items()):
        print(f"{times:9,}  {what}")


if __name__ == "__main__":
    sys.exit(main())
