"""The outbox: at least once, never twice without saying so, and no message lost silently."""

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from ledger import log, outbox
from ledger.changes import table
from ledger.outbox import LEASE, Owed, Result
from ledger.waiting import holder
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice
from models.person import Channel, Person
from tasks import sending
from tests.world import World

NOW = datetime(2026, 9, 24, 7, tzinfo=UTC)
SOON = NOW + LEASE + timedelta(seconds=1)

SENT, UNKNOWN = DeliveryOutcome.SENT, DeliveryOutcome.UNKNOWN
TEMPORARY, PERMANENT = DeliveryOutcome.TEMPORARY, DeliveryOutcome.PERMANENT


def reached_by(world: World, name: str, *urls: str) -> None:
    person = next(row.id for row in world.rows(Person) if row.name == name)
    channels = table(Channel)
    with world.ledger.transaction() as connection:
        connection.execute(sa.delete(channels).where(channels.c.person_id == person))
        for position, url in enumerate(urls):
            row = {"person_id": person, "position": position, "url": url}
            connection.execute(sa.insert(channels).values(**row))


def take(world: World, now: datetime = NOW) -> list[Owed]:
    return outbox.claim(world.ledger, world.now, now).owed


def answer(world: World, owed: Owed, outcome: DeliveryOutcome, said: str = "") -> str:
    counts = outbox.mark(world.ledger, [Result(owed, "folder://…", outcome, said)], world.now)
    return next(iter(counts))


def shown(world: World) -> log.OutboxRow:
    [row] = log.outbox(world.ledger)
    return row


@pytest.fixture
def owed_world(world: World) -> World:
    """A world in which Bob is owed one message."""
    world.report("解放路12号", "路面积水", limit="3天")
    return world


def test_a_notice_in_one_hand_is_in_no_other(owed_world: World) -> None:
    assert len(take(owed_world)) == 1
    assert take(owed_world) == []
    assert shown(owed_world).state == "sending"


def test_a_notice_is_sent_once(owed_world: World) -> None:
    assert owed_world.sweep()["sent"] == 1
    assert owed_world.sweep() == {}
    assert (shown(owed_world).state, shown(owed_world).attempts) == ("sent", 1)
    assert len(owed_world.told("bob")) == 1


def test_a_lease_that_ran_out_is_taken_up_and_the_resend_says_so(owed_world: World) -> None:
    take(owed_world)
    [again] = take(owed_world, SOON)
    assert (again.attempt, again.resend) == (2, True)
    answer(owed_world, again, SENT)
    assert shown(owed_world).maybe_twice is True


def test_the_message_sent_again_says_it_may_come_twice(owed_world: World) -> None:
    take(owed_world)
    notices = table(Notice)
    with owed_world.ledger.transaction() as connection:
        connection.execute(sa.update(notices).values(lease_until=NOW - LEASE))
    owed_world.sweep()
    assert "可能重复" in owed_world.told("bob")[0].body


def test_what_a_dead_process_of_this_host_held_is_free_at_once(owed_world: World) -> None:
    take(owed_world)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    notices = table(Notice)
    with owed_world.ledger.transaction() as connection:
        holder = f"{socket.gethostname()}/{gone.pid}"
        connection.execute(sa.update(notices).values(lease_by=holder))
    assert [owed.resend for owed in take(owed_world)] == [True]


def test_what_a_process_of_another_host_holds_waits_for_its_lease(owed_world: World) -> None:
    take(owed_world)
    notices = table(Notice)
    with owed_world.ledger.transaction() as connection:
        connection.execute(sa.update(notices).values(lease_by="elsewhere/1"))
    assert take(owed_world) == []
    assert len(take(owed_world, SOON)) == 1


def test_an_answer_that_is_not_known_is_asked_again_and_marked(owed_world: World) -> None:
    [owed] = take(owed_world)
    assert answer(owed_world, owed, UNKNOWN, "timed out") == "retrying"
    owed_world.at("2026-09-24 15:02")
    [again] = take(owed_world)
    assert (again.resend, again.position) == (True, 0)
    assert shown(owed_world).maybe_twice is True


def test_a_channel_that_fails_for_now_is_tried_again_after_a_while(owed_world: World) -> None:
    [owed] = take(owed_world)
    assert answer(owed_world, owed, TEMPORARY, "busy") == "retrying"
    waits = shown(owed_world).next_try_at - owed_world.now
    assert timedelta(minutes=1) <= waits <= timedelta(minutes=1, seconds=15)
    assert take(owed_world) == []
    owed_world.at("2026-09-24 15:02")
    [again] = take(owed_world)
    assert (again.attempt, again.resend) == (2, False)


def test_a_channel_that_refuses_is_left_for_the_next_one_at_once(owed_world: World) -> None:
    reached_by(owed_world, "Bob", "folder://bob", "folder://bob-office")
    [owed] = take(owed_world)
    answer(owed_world, owed, PERMANENT, "no such user")
    [again] = take(owed_world)
    assert (again.url, again.resend) == ("folder://bob-office", False)


def test_after_four_failures_the_next_channel_is_tried_and_then_none(owed_world: World) -> None:
    reached_by(owed_world, "Bob", "folder://bob", "folder://bob-office")
    urls = []
    for hour in range(15, 23):
        [owed] = take(owed_world.at(f"2026-09-24 {hour}:00"))
        urls.append(owed.url)
        answer(owed_world, owed, TEMPORARY, "busy")
    assert urls == ["folder://bob"] * 4 + ["folder://bob-office"] * 4
    assert sending.deliver(owed_world.ledger, owed_world.now, owed_world.folder) == {"dead": 1}
    assert shown(owed_world).state == "dead"


def test_somebody_without_a_channel_is_a_dead_letter_that_can_be_seen(owed_world: World) -> None:
    reached_by(owed_world, "Bob")
    assert owed_world.sweep()["dead"] == 1
    row = shown(owed_world)
    assert (row.state, row.answer) == ("dead", "没有可用的通知渠道")


def test_a_channel_that_cannot_be_read_is_given_up_and_the_next_one_takes_it(
    owed_world: World,
) -> None:
    reached_by(owed_world, "Bob", "nonsense://bob:secret@nowhere", "folder://bob")
    assert owed_world.sweep()["sent"] == 1
    assert len(owed_world.told("bob")) == 1
    assert "secret" not in str([*owed_world.rows(Delivery), *owed_world.rows(Notice)])


def test_a_reminder_is_not_sent_once_the_rectification_is_in(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.sweep()
    # Reminded by night, to be sent in the morning; Bob hands in before that.
    world.at("2026-09-29 22:00").sweep()
    world.at("2026-09-30 07:00").bob.submits(case)
    assert world.at("2026-09-30 08:00").sweep()["moot"] == 1
    assert [told.subject for told in world.told("bob")] == [world.told("bob")[0].subject]


def test_an_escalation_is_sent_even_if_the_rectification_came_in_between(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    reached_by(world, "城管局负责人", "nonsense://x", "folder://head")
    world.at("2026-09-30 18:00").sweep()
    world.bob.submits(case)
    world.at("2026-09-30 18:05").sweep()
    assert any("督办" in told.subject for told in world.told("head"))


def test_the_log_shows_what_became_of_each_message(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    reached_by(world, "Bob")
    world.at("2026-09-30 18:00").sweep()
    [row] = log.rows(world.ledger, case)
    assert [(who["person"], who["state"]) for who in row.recipients] == [
        ("城管局负责人", "sent"),
        ("Bob", "dead"),
    ]


def test_an_empty_outbox_is_no_work(world: World) -> None:
    assert sending.deliver(world.ledger, world.now, world.folder) == {}


def test_a_holder_is_this_host_and_process() -> None:
    assert holder() == f"{socket.gethostname()}/{os.getpid()}"
