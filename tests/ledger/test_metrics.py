"""Figures for outside: from the rows, the same in every process, and cheap while nothing is new."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import metrics
from ledger.changes import insert, table
from ledger.metrics import Figures, Tally, figures
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeState
from tests.world import World

D, S = DeliveryOutcome, NoticeState


def told(world: World, cases: int = 3) -> None:
    for number in range(cases):
        world.report(f"揽月路{number}号", "井盖缺失")


def set_state(world: World, notice: int, state: NoticeState, **more: Any) -> None:
    rows = table(Notice)
    with world.ledger.transaction() as connection:
        connection.execute(sa.update(rows).where(rows.c.id == notice).values(state=state, **more))


def tried(world: World, notice: int, attempt: int, outcome: DeliveryOutcome, by: str) -> None:
    row = {"notice_id": notice, "attempt": attempt, "position": 0, "channel": by, "answer": "",
           "at": world.now, "outcome": outcome, "receipt": "", "message": ""}  # fmt: skip
    with world.ledger.transaction() as connection:
        insert(connection, Delivery, [row])


def settle(world: World, notice: int, outcome: DeliveryOutcome, by: str) -> None:
    rows = table(Delivery)
    with world.ledger.transaction() as connection:
        mine = sa.update(rows).where(rows.c.notice_id == notice)
        connection.execute(mine.values(outcome=outcome, channel=by))


def test_states_and_attempts_are_counted_from_the_rows(world: World) -> None:
    told(world, 4)
    set_state(world, 1, S.SENT)
    set_state(world, 2, S.DEAD)
    set_state(world, 3, S.MOOT)
    tried(world, 1, 1, D.SENT, "mailto://a@example.cn")
    tried(world, 2, 1, D.PERMANENT, "dingtalk://****@oapi.dingtalk.com")
    tried(world, 2, 2, D.PERMANENT, "")
    found = figures(world.ledger, Tally(), world.now + timedelta(hours=1))
    assert {state.value: n for state, n in found.notices.items() if n} == {
        "owed": 1, "sent": 1, "dead": 1, "moot": 1,
    }  # fmt: skip
    assert found.deliveries == {
        ("mailto", D.SENT): 1, ("dingtalk", D.PERMANENT): 1, ("none", D.PERMANENT): 1,
    }  # fmt: skip
    assert (found.cases_open, found.late_looks) == (4, 0)
    assert found.oldest_wait == timedelta(hours=1)


def test_an_attempt_counts_only_when_it_is_over(world: World) -> None:
    told(world, 1)
    set_state(world, 1, S.SENDING, attempts=1)
    tried(world, 1, 1, D.UNKNOWN, "")
    assert figures(world.ledger, Tally(), world.now).deliveries == {}
    settle(world, 1, D.SENT, "mailto://a")
    set_state(world, 1, S.SENT)
    assert figures(world.ledger, Tally(), world.now).deliveries == {("mailto", D.SENT): 1}


def test_a_process_that_has_counted_before_tells_the_same_as_a_new_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MARGIN", 0)
    tally = Tally()

    def alike() -> Figures:
        known, fresh = (figures(world.ledger, t, world.now) for t in (tally, Tally()))
        assert known == fresh
        return known

    told(world, 6)
    for notice, outcome in ((1, D.SENT), (2, D.TEMPORARY), (3, D.UNKNOWN)):
        tried(world, notice, 1, outcome, "mailto://a")
    set_state(world, 1, S.SENT)
    set_state(world, 2, S.DEAD)
    set_state(world, 3, S.SENDING, attempts=1)
    alike()
    assert (tally.tried, tally.told) == (2, 2)  # the third is under way
    settle(world, 3, D.SENT, "dingtalk://x")
    for notice, state in ((3, S.SENT), (4, S.MOOT), (5, S.CAPPED), (2, S.OWED)):
        set_state(world, notice, state)
    tried(world, 2, 2, D.SENT, "mailto://a")
    alike()
    set_state(world, 2, S.SENT)
    set_state(world, 6, S.SENT)
    last = alike()
    assert last.notices[S.SENT] == 4
    assert sum(last.deliveries.values()) == 4


def test_another_ledger_or_another_day_is_counted_anew(world: World) -> None:
    told(world, 2)
    tally = Tally(begun=world.now, tried=10**6, told=10**6, rows=10**6, moot=9)
    assert sum(figures(world.ledger, tally, world.now).notices.values()) == 2
    tally.rows = 40
    assert sum(figures(world.ledger, tally, world.now).notices.values()) == 42
    tomorrow = world.now + timedelta(days=1)
    assert sum(figures(world.ledger, tally, tomorrow).notices.values()) == 2
