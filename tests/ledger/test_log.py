"""The log proves itself: whoever changes it is found; and the engine says when it is unwell."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.health import ailments
from ledger.proof import Break, verify
from models.calendar import CalendarDay, CalendarYear
from models.case import Case
from models.escalation import Escalation, Outcome
from models.notice import Notice
from models.record import Record
from tests.ledger import tampering
from tests.world import World, instant

records, escalations, cases = table(Record), table(Escalation), table(Case)


@pytest.fixture
def late_world(world: World) -> World:
    """Two cases, one of them at the second level of the ladder."""
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.at("2026-09-30 18:00").sweep()
    world.at("2026-10-08 18:00").sweep()
    world.report("人民路5号", "垃圾未清运")
    assert world.proven()
    return world


def change(world: World, *statements: Any) -> list[Break]:
    """Do this to the database by hand, and see what the proof says."""
    tampering.change(world.ledger, *statements)
    return verify(world.ledger).broken


def _last(connection: Connection) -> Any:
    query = sa.select(records).where(records.c.case_id == 1).order_by(records.c.seq.desc())
    return connection.execute(query).first()


@pytest.mark.parametrize(
    "values",
    [
        {"words": "按期反馈"},
        {"actor": "Mallory"},
        {"verb": "note"},
        {"status": "closed"},
        {"data": "{}"},
        {"at": instant("2026-09-24 15:01")},
        {"previous": "0" * 64},
        {"hash": "0" * 64},
    ],
)
def test_a_record_changed_anywhere_is_found(late_world: World, values: dict[str, Any]) -> None:
    where = (records.c.case_id == 1) & (records.c.seq == 2)
    broken = change(late_world, sa.update(records).where(where).values(**values))
    assert broken
    assert {b.case for b in broken} == {"2026-000001"}
    assert broken[0].seq in (2, 3)


def test_a_record_removed_from_the_middle_is_found(late_world: World) -> None:
    where = (records.c.case_id == 1) & (records.c.seq == 2)
    [broken] = change(late_world, sa.delete(records).where(where))
    assert (broken.case, broken.seq) == ("2026-000001", 2)


def test_the_last_record_removed_is_found(late_world: World) -> None:
    with late_world.ledger.transaction() as connection:
        last = _last(connection)
    gone = sa.delete(records).where(records.c.id == last.id)
    rows = sa.delete(escalations).where(
        escalations.c.case_id == 1, escalations.c.record_seq == last.seq
    )
    [broken] = change(late_world, rows, gone)
    assert "末尾" in broken.what


def test_all_records_of_a_case_removed_are_found(late_world: World) -> None:
    [broken] = change(late_world, sa.delete(records).where(records.c.case_id == 2))
    assert (broken.case, broken.what) == ("2026-000002", "records removed · 全部记录缺失")


def test_a_record_inserted_is_found(late_world: World) -> None:
    with late_world.ledger.transaction() as connection:
        last = dict(_last(connection)._mapping)
    row = last | {"seq": last["seq"] + 1, "previous": last["hash"], "verb": "note", "data": "{}"}
    del row["id"]
    assert change(late_world, sa.insert(records).values(**row))


def test_records_in_another_order_are_found(late_world: World) -> None:
    def number(old: int, new: int) -> Any:
        where = (records.c.case_id == 1) & (records.c.seq == old)
        return sa.update(records).where(where).values(seq=new)

    assert change(late_world, number(2, 99), number(3, 2), number(99, 3))


@pytest.mark.parametrize(
    "values",
    [
        {"level": 5},
        {"outcome": Outcome.SKIPPED},
        {"planned_at": instant("2026-10-20 18:00")},
        {"at": instant("2026-10-20 18:00")},
        {"rule": "逾期 9 工作日"},
        {"card": "red"},
        {"recipients": []},
    ],
)
def test_a_row_of_the_escalation_log_changed_is_found(
    late_world: World, values: dict[str, Any]
) -> None:
    row = sa.update(escalations).where(escalations.c.level == 1).values(**values)
    [broken] = change(late_world, row)
    assert "督办日志被改动" in broken.what


def test_a_row_of_the_escalation_log_removed_or_inserted_is_found(late_world: World) -> None:
    removed = change(late_world, sa.delete(escalations).where(escalations.c.level == 1))
    assert "督办日志缺行" in removed[0].what
    row = {
        "case_id": 2, "epoch": 1, "stage": "handle", "level": 1, "rule": "到期", "card": "",
        "planned_at": late_world.now, "at": late_world.now, "outcome": Outcome.CARRIED_OUT,
        "recipients": [], "record_seq": 2,
    }  # fmt: skip
    inserted = change(late_world, sa.insert(escalations).values(**row))
    assert any(broken.case == "2026-000002" for broken in inserted)


def test_every_record_is_checked(late_world: World) -> None:
    proof = verify(late_world.ledger)
    assert (proof.checked, proof.broken) == (len(late_world.rows(Record)), [])


# -- 自检 ---------------------------------------------------------------------------------------


def found(world: World) -> list[tuple[str, int]]:
    return [(a.what.partition(" · ")[0], a.count) for a in ailments(world.ledger, world.now)]


def test_an_engine_that_does_its_work_is_well(late_world: World) -> None:
    late_world.sweep()
    assert found(late_world) == []


Upset = Callable[[World], object]


def _age_notices(world: World) -> None:
    world.report("和平路8号", "垃圾未清运")
    notices = table(Notice)
    old = world.now - timedelta(hours=2)
    with world.ledger.transaction() as connection:
        connection.execute(
            sa.update(notices).where(notices.c.state == "owed").values(next_try_at=old)
        )


def _kill_notices(world: World) -> None:
    notices = table(Notice)
    with world.ledger.transaction() as connection:
        connection.execute(sa.update(notices).values(state="dead"))


def test_looks_that_nobody_takes_are_an_ailment(late_world: World) -> None:
    late_world.sweep()
    late_world.at("2026-10-10 18:11")
    assert ("到点未巡查的案件", 2) in found(late_world)


def test_notices_that_do_not_leave_are_an_ailment(late_world: World) -> None:
    late_world.sweep()
    _age_notices(late_world)
    assert ("积压一小时以上的通知", 1) in found(late_world)


def test_letters_that_never_arrived_are_an_ailment(late_world: World) -> None:
    late_world.sweep()
    count = len(late_world.rows(Notice))
    _kill_notices(late_world)
    assert ("未送达的通知", count) in found(late_world)


def test_a_broken_chain_is_an_ailment(late_world: World) -> None:
    late_world.sweep()
    change(late_world, sa.update(records).where(records.c.seq == 1).values(actor="Mallory"))
    assert ("流转记录链断裂", 2) in found(late_world)


def test_a_calendar_about_to_end_is_an_ailment_two_months_ahead(sqlite_world: World) -> None:
    world = sqlite_world
    with world.ledger.transaction() as connection:
        connection.execute(sa.delete(table(CalendarDay)).where(table(CalendarDay).c.year == 2027))
        connection.execute(sa.delete(table(CalendarYear)).where(table(CalendarYear).c.year == 2027))
    assert found(world.at("2026-11-01 09:00")) == []
    assert found(world.at("2026-11-03 09:00")) == [("2027 年放假安排未装载", 1)]
