"""Figures for outside: from the rows, the same in every process, and cheap while nothing is new."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import heartbeats, metrics_past, metrics_tally, setting_aside
from ledger.changes import insert, table
from ledger.metrics import Figures, figures, pool_of
from ledger.metrics_cases import LATENESS
from ledger.metrics_past import TIMES
from ledger.metrics_tally import Tally
from models.case import Case, Status
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeState
from tests.world import World, instant

D, S = DeliveryOutcome, NoticeState


def told(world: World, cases: int = 3) -> None:
    for number in range(cases):
        world.report(f"揽月路{number}号", "井盖缺失")


def set_state(world: World, notice: int, state: NoticeState, **more: Any) -> None:
    rows = table(Notice)
    with world.ledger.transaction() as connection:
        connection.execute(sa.update(rows).where(rows.c.id == notice).values(state=state, **more))


def tried(
    world: World,
    notice: int,
    attempt: int,
    outcome: DeliveryOutcome,
    by: str,
    took: float | None = None,
) -> None:
    row = {"notice_id": notice, "attempt": attempt, "position": 0, "channel": by, "answer": "",
           "at": world.now, "outcome": outcome, "receipt": "", "message": "",
           "took": took}  # fmt: skip
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
    assert found.attempts.outcomes() == {
        ("mailto", D.SENT): 1, ("dingtalk", D.PERMANENT): 1, ("none", D.PERMANENT): 1,
    }  # fmt: skip
    assert (found.cases_open, found.overdue.late) == (4, 0)
    assert found.oldest_wait == timedelta(hours=1)


def test_an_attempt_counts_only_when_it_is_over(world: World) -> None:
    told(world, 1)
    set_state(world, 1, S.SENDING, attempts=1)
    tried(world, 1, 1, D.UNKNOWN, "")
    assert figures(world.ledger, Tally(), world.now).attempts.outcomes() == {}
    settle(world, 1, D.SENT, "mailto://a")
    set_state(world, 1, S.SENT)
    assert figures(world.ledger, Tally(), world.now).attempts.outcomes() == {("mailto", D.SENT): 1}


def test_a_process_that_has_counted_before_tells_the_same_as_a_new_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_tally, "MARGIN", 0)
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
    assert last.attempts.outcomes().total() == 4


def test_another_ledger_or_another_day_is_counted_anew(world: World) -> None:
    told(world, 2)
    tally = Tally(begun=world.now, tried=10**6, told=10**6, rows=10**6, moot=9)
    assert sum(figures(world.ledger, tally, world.now).notices.values()) == 2
    tally.rows = 40
    assert sum(figures(world.ledger, tally, world.now).notices.values()) == 42
    tomorrow = world.now + timedelta(days=1)
    assert sum(figures(world.ledger, tally, tomorrow).notices.values()) == 2


# -- cases, looks and rounds -------------------------------------------------------------------


def look_at(world: World, number: str, minutes_late: float) -> None:
    rows = table(Case)
    due = world.now - timedelta(minutes=minutes_late)
    with world.ledger.transaction() as connection:
        mine = sa.update(rows).where(rows.c.number == number)
        connection.execute(mine.values(next_look_at=due))


def test_open_cases_are_counted_by_status_and_closed_ones_not_at_all(world: World) -> None:
    told(world, 3)
    rows = table(Case)
    with world.ledger.transaction() as connection:
        connection.execute(sa.update(rows).where(rows.c.id == 2).values(status=Status.CLOSED))
        connection.execute(sa.update(rows).where(rows.c.id == 3).values(status=Status.REWORK))
    found = figures(world.ledger, Tally(), world.now)
    assert {status: n for status, n in found.cases.items() if n} == {
        Status.DISPATCHED: 1, Status.REWORK: 1,
    }  # fmt: skip
    assert Status.CLOSED not in found.cases
    assert found.cases_open == 2


def test_every_look_that_is_overdue_stands_in_the_bucket_of_its_lateness(world: World) -> None:
    told(world, 5)
    numbers = [row.number for row in world.rows(Case)]
    for number, late in zip(numbers, (0, 3, 9, 11, 2000), strict=True):
        look_at(world, number, late)
    found = figures(world.ledger, Tally(), world.now).overdue
    edges = [int(each.total_seconds()) for each in LATENESS]
    assert dict(zip(edges, found.within, strict=False)) == {
        60: 1, 300: 2, 600: 3, 1800: 4, 3600: 4, 21600: 4, 86400: 4,
    }  # fmt: skip
    assert (found.within[-1], found.late, found.oldest) == (5, 2, timedelta(minutes=2000))


def test_a_look_that_is_yet_to_come_is_not_overdue(world: World) -> None:
    told(world, 1)
    look_at(world, world.rows(Case)[0].number, -1)
    found = figures(world.ledger, Tally(), world.now).overdue
    assert (list(found.within), found.oldest) == ([0] * 8, timedelta(0))


def test_a_case_set_aside_is_counted_as_such_and_not_as_a_late_look(world: World) -> None:
    told(world, 2)
    rows = world.rows(Case)
    for row in rows:
        look_at(world, row.number, 60)
    with world.ledger.transaction() as connection:
        for _ in range(3):
            setting_aside.add(connection, rows[0].id, "follow-up", ValueError("no"), world.now)
    found = figures(world.ledger, Tally(), world.now)
    assert (found.overdue.late, found.aside, found.alarms) == (1, 1, 1)


def test_rounds_are_told_as_their_heartbeats_say(world: World) -> None:
    at = instant("2026-09-24 15:00")
    heartbeats.beat(world.ledger, "sweep", at, 2.5, {"reminded": 3})
    heartbeats.beat(world.ledger, "sweep", at + timedelta(minutes=1), 0.5, {"escalated": 1})
    heartbeats.stumble(world.ledger, "deliver", at, "no network")
    deliver, sweep = figures(world.ledger, Tally(), world.now).beats
    assert (sweep.runs, sweep.seconds, sweep.took) == (2, 3.0, 0.5)
    assert (sweep.done, sweep.failures) == ({"reminded": 3, "escalated": 1}, 0)
    assert (deliver.at, deliver.failures) == (None, 1)


def test_connections_lent_out_are_counted(world: World) -> None:
    before = pool_of(world.ledger)
    assert before is not None
    with world.ledger.snapshot():
        during = pool_of(world.ledger)
    assert during is not None
    assert (before.in_use, during.in_use) == (0, 1)
    assert during.most >= during.kept > 0


# -- counts that never fall --------------------------------------------------------------------


def test_times_stand_in_the_bucket_of_the_longest_they_fit(world: World) -> None:
    told(world, 4)
    for notice, took in enumerate((0.1, 0.3, 99.0, None), start=1):
        set_state(world, notice, S.SENT)
        tried(world, notice, 1, D.SENT, "mailto://a@example.cn", took)
    found = figures(world.ledger, Tally(), world.now).attempts
    assert dict(zip(TIMES, found.within("mailto"), strict=False)) == {
        0.1: 1, 0.25: 1, 0.5: 2, 1.0: 2, 2.5: 2, 5.0: 2, 10.0: 2, 15.0: 2,
    }  # fmt: skip
    assert found.within("mailto")[-1] == 3  # one was never asked
    assert found.took["mailto"] == 99_400


@pytest.mark.parametrize("margin", [0, 20_000])
def test_counts_do_not_fall_when_attempts_go_to_the_archive(
    world: World, monkeypatch: pytest.MonkeyPatch, margin: int
) -> None:
    monkeypatch.setattr(metrics_tally, "MARGIN", margin)
    told(world, 4)
    for notice in range(1, 5):
        set_state(world, notice, S.SENT)
        tried(world, notice, 1, D.TEMPORARY, "tencentsms://****@sms.example.cn", 0.7 * notice)
        tried(world, notice, 2, D.SENT, "mailto://a@example.cn", 0.0333)
    tally = Tally()
    before = figures(world.ledger, tally, world.now).attempts
    for notices in ([1], [2, 3]):
        archive(world, notices)
        for known in (tally, Tally()):
            assert figures(world.ledger, known, world.now).attempts == before
    tried(world, 4, 3, D.SENT, "mailto://a@example.cn", 0.2)
    after = [figures(world.ledger, known, world.now).attempts for known in (tally, Tally())]
    assert after[0] == after[1]
    assert after[0].outcomes() - before.outcomes() == {("mailto", D.SENT): 1}


def archive(world: World, notices: list[int]) -> None:
    """Attempts go, and what they told is kept."""
    rows = table(Delivery)
    mine = rows.c.notice_id.in_(notices)
    with world.ledger.transaction() as connection:
        metrics_past.keep(connection, mine)
        connection.execute(sa.delete(rows).where(mine))


def test_what_is_kept_fits_its_counter_however_long_the_names(sqlite_world: World) -> None:
    told(sqlite_world, 1)
    set_state(sqlite_world, 1, S.DEAD)
    tried(sqlite_world, 1, 1, D.MISCONFIGURED, "a-channel-of-thirty-letters-or-so://x", 20.0)
    before = figures(sqlite_world.ledger, Tally(), sqlite_world.now).attempts
    archive(sqlite_world, [1])
    assert figures(sqlite_world.ledger, Tally(), sqlite_world.now).attempts == before
    with sqlite_world.ledger.snapshot() as connection:
        names = [name for name, *_ in connection.exec_driver_sql("SELECT name FROM counter")]
    assert any(name.startswith("old:") for name in names)
    assert max(map(len, names)) <= 32
