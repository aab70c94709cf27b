"""Two at once, on PostgreSQL: one wins, the other is told, and nothing is half done."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import desk, sweeps
from ledger.changes import table
from models.case import Case
from models.request import RequestKind
from rules.lifecycle import Moved, Refused
from tests.world import World, instant

Deed = Callable[[], Any]


@contextmanager
def held(world: World, *numbers: str) -> Iterator[None]:
    """The rows of these cases are held: whoever wants one waits in line."""
    cases = table(Case)
    with world.ledger.engine.begin() as connection:
        query = sa.select(cases.c.id).where(cases.c.number.in_(numbers)).order_by(cases.c.number)
        connection.execute(query.with_for_update())
        yield


def waiting(world: World, count: int) -> None:
    """Wait until so many transactions stand in line for a lock."""
    query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(500):
        with world.ledger.engine.connect() as connection:
            if connection.execute(query).scalar_one() >= count:
                return
        threading.Event().wait(0.01)
    raise AssertionError("nobody is waiting")


def at_once(world: World, number: str, *deeds: Deed) -> list[Any]:
    """Start all deeds while the case is held, so that they meet; then let them go."""
    with ThreadPoolExecutor(len(deeds)) as pool:
        with held(world, number):
            begun: list[Future[Any]] = [pool.submit(deed) for deed in deeds]
            waiting(world, len(deeds))
        return [deed.result(timeout=30) for deed in begun]


def in_progress(world: World, limit: str = "3天") -> str:
    number = world.report("解放路12号", "路面积水", limit=limit)
    world.bob.signs(number)
    return number


def one_of_each(answers: list[Moved | Refused]) -> tuple[Moved, Refused]:
    """The one that won, and the one that was told why not."""
    won = [answer for answer in answers if isinstance(answer, Moved)]
    lost = [answer for answer in answers if isinstance(answer, Refused)]
    assert (len(won), len(lost)) == (1, 1), answers
    return won[0], lost[0]


def test_of_two_supervisors_who_rule_at_once_one_rules_and_the_other_is_told(
    pg_world: World,
) -> None:
    world = pg_world
    number = in_progress(world)
    world.bob.sends_back(number)
    before = len(world.thread(number).records)
    answers = at_once(
        world,
        number,
        lambda: world.raw(desk.rule_on_return, number, upheld=True, units=["住建局"]),
        lambda: world.raw(
            desk.rule_on_return, number, actor="督办员乙", upheld=False, reason="属实"
        ),
    )
    _, lost = one_of_each(answers)
    assert "待签收" in lost.reason.zh
    assert len(world.thread(number).records) == before + 1
    assert world.proven()


def test_a_verification_and_a_withdrawal_at_once_are_never_both_done(pg_world: World) -> None:
    world = pg_world
    number = in_progress(world)
    world.bob.submits(number)
    answers = at_once(
        world,
        number,
        lambda: world.raw(desk.verify, number, actor="Alice", passed=True),
        lambda: world.raw(desk.withdraw, number, "照片传错", actor="Bob"),
    )
    won, lost = one_of_each(answers)
    assert won.to.value == world.status(number) in {"closed", "in_progress"}
    assert "须在：待核查" in lost.reason.zh
    assert world.proven()


def test_a_unit_that_submits_first_is_not_escalated_by_the_sweep_that_stood_behind_it(
    pg_world: World,
) -> None:
    world = pg_world
    number = in_progress(world)
    world.now = instant("2026-09-30 18:00")
    with ThreadPoolExecutor(1) as pool, held(world, number):
        submitting = pool.submit(lambda: world.raw(desk.submit, number, "已整改", actor="Bob"))
        waiting(world, 1)
        assert sweeps.follow_up(world.ledger, world.now)["looked"] == 0
    assert isinstance(submitting.result(timeout=30), Moved)
    world.sweep()
    assert world.levels(number) == []
    assert world.case(number).late is True
    assert world.proven()


def test_a_unit_that_submits_while_the_sweep_escalates_waits_and_both_stand_in_the_record(
    pg_world: World,
) -> None:
    world = pg_world
    number = in_progress(world)
    world.now = instant("2026-09-30 18:00")
    writing, go_on = threading.Event(), threading.Event()

    def pause(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE case_") and not writing.is_set():
            writing.set()
            go_on.wait(20)

    sa.event.listen(world.ledger.engine, "before_cursor_execute", pause)
    with ThreadPoolExecutor(2) as pool:
        sweeping = pool.submit(lambda: sweeps.follow_up(world.ledger, world.now))
        assert writing.wait(20)
        submitting = pool.submit(lambda: world.raw(desk.submit, number, "已整改", actor="Bob"))
        waiting(world, 1)
        go_on.set()
        assert sweeping.result(timeout=30)["escalated"] == 1
        assert isinstance(submitting.result(timeout=30), Moved)
    assert [record.verb for record in world.thread(number).records][-2:] == ["escalate", "submit"]
    assert len(world.levels(number)) == 1
    assert world.proven()


def test_two_reviewers_who_agree_at_once_are_both_counted(pg_world: World) -> None:
    world = pg_world
    number = in_progress(world)
    world.at("2026-10-09 09:00")
    world.bob.submits(number)
    world.carol.passes(number)
    world.bob.appeals(number)
    answers = at_once(
        world,
        number,
        lambda: world.raw(desk.decide, number, actor="Carol", granted=True),
        lambda: world.raw(desk.decide, number, actor="督办员乙", granted=True),
    )
    assert all(isinstance(answer, Moved) for answer in answers)
    verbs = [record.verb for record in world.thread(number).records]
    assert verbs[-2:] == ["review", "uphold_appeal"]
    assert world.case(number).exempt is True


def test_of_two_requests_at_once_one_is_waiting(pg_world: World) -> None:
    world = pg_world
    number = in_progress(world)

    def ask() -> Any:
        return world.raw(desk.ask, number, RequestKind.EXTENSION, "配件未到", actor="Bob")

    _, lost = one_of_each(at_once(world, number, ask, ask))
    assert "已有待审的申请" in lost.reason.zh


def test_two_merges_the_other_way_round_do_not_wait_for_each_other_for_ever(
    pg_world: World,
) -> None:
    world = pg_world
    one, other = in_progress(world), world.report("建设路3号", "井盖破损")
    with ThreadPoolExecutor(2) as pool:
        with held(world, one, other):
            begun = [
                pool.submit(lambda a=a, b=b: world.raw(desk.merge, a, b))  # type: ignore[misc]
                for a, b in ((one, other), (other, one))
            ]
            waiting(world, 2)
        won, lost = one_of_each([deed.result(timeout=30) for deed in begun])
    assert won.to.value == "merged"
    assert "已并案" in lost.reason.zh or "已办结" in lost.reason.zh
    assert world.proven()


@pytest.mark.parametrize("rounds", [5])
def test_a_split_and_an_intake_at_once_give_every_case_its_own_number(
    pg_world: World, rounds: int
) -> None:
    world = pg_world
    shares = (desk.Share("路灯不亮"), desk.Share("井盖破损"))
    numbers = [world.report(f"和平路{n}号", "路面积水") for n in range(rounds)]
    with ThreadPoolExecutor(2) as pool:
        splits = [
            pool.submit(lambda n=n: world.raw(desk.split, n, shares, "两处"))  # type: ignore[misc]
            for n in numbers
        ]
        reports = [
            pool.submit(lambda n=n: world.report(f"东风路{n}号", "垃圾堆积"))  # type: ignore[misc]
            for n in range(rounds)
        ]
        assert all(isinstance(done.result(timeout=30), Moved) for done in splits)
        assert len({done.result(timeout=30) for done in reports}) == rounds
    assert len({row.number for row in world.rows(Case)}) == 4 * rounds
    assert world.proven()
