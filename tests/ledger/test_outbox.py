"""The outbox: at least once, never twice without saying so, and no message lost silently."""

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import holders, log, outbox
from ledger.changes import table
from ledger.holders import holder
from ledger.outbox import LEASE, Owed, Result
from ledger.outlets import channel_row
from ledger.resending import dead, resend
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeState
from models.person import Channel, Person, Way
from notices.vault import Vault, new_key
from rules.retry import MOST
from tasks import sending
from tasks.composing import message_of
from tests.world import World

NOW = datetime(2026, 9, 24, 7, tzinfo=UTC)
SOON = NOW + LEASE + timedelta(seconds=1)

SENT, UNKNOWN = DeliveryOutcome.SENT, DeliveryOutcome.UNKNOWN
TEMPORARY, PERMANENT = DeliveryOutcome.TEMPORARY, DeliveryOutcome.PERMANENT
TOO_FAST, MISCONFIGURED = DeliveryOutcome.TOO_FAST, DeliveryOutcome.MISCONFIGURED


def reached_by(world: World, name: str, *urls: str, mask: str = "") -> None:
    person = next(row.id for row in world.rows(Person) if row.name == name)
    channels = table(Channel)
    with world.ledger.transaction() as connection:
        connection.execute(sa.delete(channels).where(channels.c.person_id == person))
        for position, url in enumerate(urls):
            row = channel_row(person, position, Way(url, mask))
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
        house = holder().rpartition("/")[0]
        connection.execute(sa.update(notices).values(lease_by=f"{house}/{gone.pid}.1"))
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


def busy_for_days(world: World) -> list[str | None]:
    """Nobody answers but "busy", whenever it is tried; the addresses that were tried."""
    urls: list[str | None] = []
    while shown(world).state != "dead":
        for owed in take(world):
            urls.append(owed.url)
            answer(world, owed, TEMPORARY if owed.url else PERMANENT, "busy")
        world.now = max(world.now, shown(world).next_try_at)
    return urls


def test_after_four_failures_the_next_channel_is_tried_and_then_none(owed_world: World) -> None:
    reached_by(owed_world, "Bob", "folder://bob", "folder://bob-office")
    urls = busy_for_days(owed_world)
    assert urls[:8] == ["folder://bob"] * 4 + ["folder://bob-office"] * 4
    assert (len(urls), urls[-1]) == (2 * MOST + 1, None)
    assert shown(owed_world).state == "dead"


def test_what_is_refused_on_every_channel_is_a_dead_letter_at_once(owed_world: World) -> None:
    reached_by(owed_world, "Bob", "nonsense://x", "nonsense://y")
    assert sending.deliver(owed_world.ledger, owed_world.now, owed_world.folder)["dead"] == 1
    assert shown(owed_world).state == "dead"


def test_a_channel_the_person_does_not_want_used_is_left_out(owed_world: World) -> None:
    reached_by(owed_world, "Bob", "folder://bob", "folder://bob-office")
    with owed_world.ledger.transaction() as connection:
        first = table(Channel).c.url == "folder://bob"
        connection.execute(sa.update(table(Channel)).where(first).values(active=False))
    [owed] = take(owed_world)
    assert owed.url == "folder://bob-office"


def test_a_channel_with_a_delay_has_its_turn_when_it_is_over(owed_world: World) -> None:
    reached_by(owed_world, "Bob", "folder://bob", "folder://bob-office")
    with owed_world.ledger.transaction() as connection:
        second = table(Channel).c.position == 1
        connection.execute(sa.update(table(Channel)).where(second).values(delay=60))
    started, urls = owed_world.now, []
    for _ in range(5):
        [owed] = take(owed_world)
        urls.append(owed.url)
        answer(owed_world, owed, TEMPORARY, "busy")
        last, owed_world.now = owed_world.now, shown(owed_world).next_try_at
    assert urls == ["folder://bob"] * 4 + ["folder://bob-office"]
    assert last - started == timedelta(minutes=60)


def test_what_was_too_fast_waits_as_asked_and_no_attempt_counts(owed_world: World) -> None:
    for _ in range(MOST + 1):
        [owed] = take(owed_world)
        result = Result(owed, "x", TOO_FAST, "too fast", again=timedelta(minutes=10))
        outbox.mark(owed_world.ledger, [result], owed_world.now)
        assert shown(owed_world).next_try_at - owed_world.now == timedelta(minutes=10)
        owed_world.now += timedelta(minutes=10)
    assert [owed.position for owed in take(owed_world)] == [0]


# -- given back, and marked late ---------------------------------------------------------------


def test_what_was_never_sent_is_given_back_as_if_it_had_not_been_in_hand(
    owed_world: World,
) -> None:
    outbox.mark(owed_world.ledger, [], owed_world.now, unsent=take(owed_world))
    assert (shown(owed_world).state, shown(owed_world).attempts) == ("owed", 0)
    assert owed_world.rows(Delivery) == []
    [again] = take(owed_world)
    assert (again.attempt, again.resend) == (1, False)


def test_an_answer_that_comes_after_the_lease_does_not_take_it_from_the_next_hand(
    owed_world: World,
) -> None:
    [first] = take(owed_world)
    [second] = take(owed_world, SOON)
    answer(owed_world, first, TEMPORARY, "late")
    assert shown(owed_world).state == "sending"
    outbox.mark(owed_world.ledger, [], owed_world.now, unsent=[first])
    assert shown(owed_world).attempts == 2
    assert answer(owed_world, second, SENT) == "sent"


def test_what_has_arrived_once_is_not_sent_again_because_a_later_attempt_failed(
    owed_world: World,
) -> None:
    [first] = take(owed_world)
    [second] = take(owed_world, SOON)
    assert answer(owed_world, first, SENT) == "sent"
    assert answer(owed_world, second, TEMPORARY, "busy") == "sent"
    assert take(owed_world, SOON) == []


def test_a_clock_set_back_keeps_no_lease_for_longer(owed_world: World) -> None:
    take(owed_world)
    assert take(owed_world, NOW - timedelta(seconds=30)) == []
    [again] = take(owed_world, NOW - timedelta(hours=1))
    assert again.resend


# -- sent again by hand ------------------------------------------------------------------------


def test_a_dead_letter_sent_again_by_hand_tries_every_channel_anew(owed_world: World) -> None:
    reached_by(owed_world, "Bob", "nonsense://x")
    owed_world.sweep()
    reached_by(owed_world, "Bob", "folder://bob")
    [answered] = resend(owed_world.ledger, dead(owed_world.ledger), owed_world.now, "Carol")
    assert answered.reason is None
    assert owed_world.sweep()["sent"] == 1
    assert len(owed_world.told("bob")) == 1
    assert shown(owed_world).attempts == 3
    [row] = owed_world.rows(Notice)
    assert row.facts["resent"]["by"] == "Carol"
    assert "可能重复" not in owed_world.told("bob")[0].body


def test_what_was_held_back_by_the_cap_can_be_sent_all_the_same(owed_world: World) -> None:
    with owed_world.ledger.transaction() as connection:
        values = {"state": NoticeState.CAPPED, "ended_at": owed_world.now}
        connection.execute(sa.update(table(Notice)).values(**values))
    [row] = owed_world.rows(Notice)
    assert resend(owed_world.ledger, [row.key], owed_world.now, "Carol")[0].reason is None
    assert owed_world.sweep()["sent"] == 1


def test_what_arrived_or_is_under_way_is_not_sent_again_and_it_is_said_why(
    owed_world: World,
) -> None:
    [row] = owed_world.rows(Notice)
    reasons = [resend(owed_world.ledger, [row.key, "no:such"], owed_world.now, "Carol")]
    owed_world.sweep()
    reasons.append(resend(owed_world.ledger, [row.key], owed_world.now, "Carol"))
    said = [answered.reason.zh for answers in reasons for answered in answers if answered.reason]
    assert [words[:6] for words in said] == ["这条通知还在", "没有这条通知", "这条通知已送"]
    assert owed_world.sweep() == {}
    assert len(owed_world.told("bob")) == 1


# -- what cannot be written or opened ----------------------------------------------------------


def test_a_message_that_cannot_be_written_holds_up_no_other(
    owed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(together: list[Owed], *more: Any) -> object:
        if together[0].person == "Bob":
            raise KeyError("place")
        return message_of(together, *more)

    owed_world.report("中山路1号", "路灯不亮", "住建局", "3天")
    monkeypatch.setattr(sending, "message_of", broken)
    assert sending.deliver(owed_world.ledger, owed_world.now, owed_world.folder) == {
        "sent": 1,
        "retrying": 1,
    }


def test_an_address_sealed_with_a_lost_key_is_a_dead_letter_that_says_so(
    owed_world: World,
) -> None:
    reached_by(owed_world, "Bob", Vault([new_key()]).seal("folder://bob"), mask="folder://bob")
    counts = sending.deliver(
        owed_world.ledger, owed_world.now, owed_world.folder, vault=Vault([new_key()])
    )
    assert counts["dead"] == 1
    first = owed_world.rows(Delivery)[0]
    assert (first.outcome, "密钥" in first.answer) == (MISCONFIGURED, True)


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


def test_what_lives_under_the_number_of_the_dead_holds_nothing() -> None:
    house, _, process = holder().rpartition("/")
    assert house.startswith(socket.gethostname())
    assert not holders.dead(holder())
    assert holders.dead(f"{house}/{process.partition('.')[0]}.1")


def test_the_killed_that_nobody_has_buried_holds_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = f"{holder().rpartition('/')[0]}/{gone.pid}.{holders._started(gone.pid)}"
    assert not holders.dead(name)
    gone.kill()
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
    assert holders.dead(name)
    gone.communicate()


def test_of_a_container_that_shares_this_host_name_nothing_is_known() -> None:
    house = holder().rpartition("/")[0]
    other = f"{house.rpartition('.')[0]}.1"
    assert not holders.dead(f"{other}/{os.getpid()}.1")
    assert not holders.dead(f"{socket.gethostname()}/1")
