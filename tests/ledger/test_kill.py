"""Killed at any instant, the engine loses nothing: run again, and all is as if undisturbed."""

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import loading, proof
from ledger.changes import table
from ledger.database import Ledger, connect
from models.case import Case
from models.escalation import Escalation
from models.finding import Finding
from models.notice import Notice
from tests.conftest import BOTH, Databases
from tests.ledger import hand, hands
from tests.world import CITY, instant

ROWS, KILLS = 3000, 2
UNITS = ("城管局", "住建局", "西岚区", "火星局")
TAKEN_AT = instant("2026-09-24 15:00").isoformat()
SWEPT_AT = instant("2026-10-08 18:00").isoformat()

pytestmark = pytest.mark.parametrize("kind", BOTH)


@pytest.fixture(scope="session")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 rows: most are cases, some duplicates, some fixed, some that cannot be taken."""
    file = tmp_path_factory.mktemp("paper") / "台账.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        sheet = csv.writer(out)
        sheet.writerow(["点位", "问题描述", "责任单位", "整改时限", "备注"])
        sheet.writerows(map(_row, range(ROWS)))
    return file


def _row(n: int) -> list[str]:
    limit = "尽快" if n % 97 == 0 else "3天"
    again = n - 1 if n % 50 == 0 else n
    note = "已整改" if n % 3 == 0 else f"第{n}行"
    return [f"解放路{again}号", "路面积水", UNITS[again % 4], limit, note]


@dataclass
class City:
    """One database of a kind, with what the engine made of it."""

    url: str

    def __post_init__(self) -> None:
        self.ledger = connect(self.url)
        with self.ledger.transaction() as connection:
            loading.load_city(connection, loading.parse_city(CITY, "city.yaml"))

    def state(self) -> dict[str, Any]:
        """What a user could tell apart; the order of work is not among it."""
        proven = proof.verify(self.ledger)
        return {
            "cases": _sorted(self.ledger, _cases()),
            "findings": _sorted(self.ledger, _findings()),
            "log": _sorted(self.ledger, _log()),
            "notices": _sorted(self.ledger, sa.select(table(Notice).c.key)),
            "records": proven.checked,
            "broken": proven.broken,
        }


def _cases() -> sa.Select[Any]:
    c = table(Case).c
    return sa.select(c.place, c.problem, c.status, c.due_at, c.number, c.reports, c.next_look_at)


def _findings() -> sa.Select[Any]:
    c = table(Finding).c
    return sa.select(c.row, c.outcome, c.place, c.problem)


def _log() -> sa.Select[Any]:
    c, number = table(Escalation).c, table(Case).c.number
    columns = (c.stage, c.level, c.rule, c.outcome, c.planned_at, c.at)
    return sa.select(number, *columns).join(table(Case), c.case_id == table(Case).c.id)


def _sorted(ledger: Ledger, query: sa.Select[Any]) -> Counter[tuple[Any, ...]]:
    with ledger.transaction() as connection:
        return Counter(tuple(row) for row in connection.execute(query))


@pytest.fixture
def cities(databases: Databases) -> Iterator[Callable[[str], City]]:
    """Makes cities on databases of their own, and lets go of them."""
    made: list[City] = []

    def city(kind: str) -> City:
        made.append(City(databases(kind)))
        return made[-1]

    yield city
    for found in made:
        found.ledger.engine.dispose()


def _timed(work: Callable[..., object], *arguments: str) -> float:
    started = time.monotonic()
    work(*arguments)
    return time.monotonic() - started


def test_an_import_and_a_sweep_killed_again_and_again_end_as_if_undisturbed(
    cities: Callable[[str], City], kind: str, paper: Path
) -> None:
    calm, troubled = cities(kind), cities(kind)

    took = _timed(hand.take, calm.url, str(paper), TAKEN_AT)
    for _ in range(KILLS):
        hands.kill(took, "import", troubled.url, paper, TAKEN_AT)
    assert proof.verify(troubled.ledger).broken == []
    hands.run("import", troubled.url, paper, TAKEN_AT)
    imported = calm.state()
    assert troubled.state() == imported
    assert sum(imported["findings"].values()) == ROWS

    took = _timed(hand.sweep, calm.url, SWEPT_AT)
    for _ in range(KILLS):
        hands.kill(took, "sweep", troubled.url, SWEPT_AT)
    assert proof.verify(troubled.ledger).broken == []
    hands.run("sweep", troubled.url, SWEPT_AT)
    swept = calm.state()
    assert troubled.state() == swept
    assert swept["broken"] == []
    assert len({row[0] for row in swept["log"]}) > 1800
