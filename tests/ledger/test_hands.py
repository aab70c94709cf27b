"""Many hands at the same work: everything is done, and each thing once."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from ledger import log
from models.case import Case
from models.escalation import Escalation
from models.finding import Batch, Finding
from models.notice import Notice
from tests.ledger import hands
from tests.world import World, instant

ROWS = 800


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A ledger of different problems, as a street hands it in."""
    file = tmp_path / "台账.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(["点位", "问题描述", "责任单位", "整改时限"])
        table.writerows([f"解放路{n}号", "路面积水", "城管局", "3天"] for n in range(ROWS))
    return file


def test_one_paper_handed_in_twice_at_the_same_moment_is_taken_once(
    world: World, database: str, paper: Path
) -> None:
    at = world.now.isoformat()
    both = hands.run("many", 2, "import", database, paper, at)
    assert sum(did.get("accepted", 0) for did in both) == ROWS
    assert sum(did.get("unchanged", 0) for did in both) == ROWS
    assert len(world.rows(Case)) == len(world.rows(Finding)) == ROWS
    assert len(world.rows(Batch)) == 1
    assert [c.number for c in world.rows(Case)] == [f"2026-{n:06d}" for n in range(1, ROWS + 1)]
    assert world.proven()


def test_eight_processes_at_once_carry_out_each_level_once(
    pg_world: World, paper: Path, tmp_path: Path
) -> None:
    world, url = pg_world, pg_world.ledger.engine.url.render_as_string(hide_password=False)
    hands.run("import", url, paper, world.now.isoformat())
    at = instant("2026-10-08 18:00").isoformat()
    did = hands.run("many", 8, "sweep", url, at)
    total = sum(map(Counter, did), Counter[str]())
    assert (total["looked"], total["escalated"]) == (ROWS, ROWS)
    assert sum(bool(one) for one in did) > 1, "one process did all the work"
    rows = world.rows(Escalation)
    once = {(row.case_id, row.epoch, row.stage, row.level, row.rule) for row in rows}
    assert len(once) == len(rows)
    carried = Counter(row.case_id for row in rows if row.level and row.recipients)
    assert set(carried.values()) == {1}
    assert len(carried) == ROWS
    assert world.proven()


def test_what_four_processes_send_at_once_arrives_once(world: World, database: str) -> None:
    for number in range(60):
        world.report(f"解放路{number}号", "路面积水", ("城管局", "住建局", "西岚区")[number % 3])
    did = hands.run("many", 4, "deliver", database, world.now.isoformat(), world.folder)
    assert sum(one.get("sent", 0) for one in did) == len(world.rows(Notice)) == 60
    for who in ("bob", "builder", "mallory"):
        [told] = world.told(who)
        assert told.subject.startswith("【交办通知】20 件")
    assert not any(row.maybe_twice for row in log.outbox(world.ledger))
