"""Whoever slept past its lease and wakes takes nothing from those who did its work meanwhile."""

import time
from datetime import timedelta

import pytest

from bench.reliability.invariants import attempts_written
from ledger import outbox
from ledger.database import DatabaseTrouble, Ledger
from models.delivery import DeliveryOutcome
from models.notice import Notice, NoticeState
from rules.pace import LEASE
from tests.world import World


def test_what_is_given_back_too_late_leaves_the_attempts_of_others_alone(world: World) -> None:
    world.report("解放路1号", "路面积水", limit="3天")
    at, past = world.now, world.now + LEASE + timedelta(seconds=1)
    sleeper = outbox.claim(world.ledger, at, at).owed
    other = outbox.claim(world.ledger, at, past).owed
    assert [owed.id for owed in other] == [owed.id for owed in sleeper] != []
    failed = [outbox.Result(owed, "mail", DeliveryOutcome.TEMPORARY, "稍后再试") for owed in other]

    outbox.mark(world.ledger, [], at, past, unsent=sleeper)
    outbox.mark(world.ledger, failed, at, past)

    with world.ledger.transaction() as connection:
        assert list(attempts_written(connection)) == []
    later = at + timedelta(hours=1)
    third = outbox.claim(world.ledger, later, past).owed
    assert [(owed.id, owed.attempt, owed.resend) for owed in third] == [
        (owed.id, 3, True) for owed in sleeper
    ]
    assert {row.state for row in world.rows(Notice)} == {NoticeState.SENDING}


def test_a_session_that_the_server_ended_for_idleness_is_trouble_that_passes(
    pg_world: World,
) -> None:
    ledger = pg_world.ledger
    with pytest.raises(DatabaseTrouble):
        sleep_in_a_transaction(ledger)
    with ledger.transaction() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1


def sleep_in_a_transaction(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 50")
        time.sleep(0.3)
        connection.exec_driver_sql("SELECT 1")
