"""The senders: side by side, each outlet as it bears it, and every answer written down."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from ledger import outbox
from ledger.database import DatabaseTrouble
from ledger.outbox import Owed, Result
from models.delivery import DeliveryOutcome
from models.notice import NoticeKind
from rules.pace import FAILURES
from tasks import sending
from tasks.senders import Errand, Senders
from tests.world import World

SENT, TEMPORARY = DeliveryOutcome.SENT, DeliveryOutcome.TEMPORARY
LATER = time.monotonic() + 3600


def owed(n: int, outlet: str = "mail", side_by_side: int = 8) -> Owed:
    return Owed(
        id=n, key=f"k{n}", case_id=None, person_id=1, unit_id=1, kind=NoticeKind.ESCALATION,
        facts={}, number="", place="", problem="", status=None, stage="handle",  # type: ignore[arg-type]
        due_at=None, provisional=False, left=None, unit="", person="Bob", next=None, position=0,
        url="folder://bob", attempt=1, resend=False, message=f"m{n}", outlet=outlet,
        side_by_side=side_by_side,
    )  # fmt: skip


def errands(
    count: int,
    what: Callable[[], DeliveryOutcome] = lambda: SENT,
    until: float = LATER,
    **more: Any,
) -> list[Errand]:
    def bring(one: Owed) -> list[Result]:
        return [Result(one, "folder://…", what(), "said")]

    mine = [owed(n, **more) for n in range(count)]
    return [Errand([one], lambda one=one: bring(one), until) for one in mine]  # type: ignore[misc]


def all_of(senders: Senders) -> tuple[list[Result], list[Owed]]:
    results, unsent = [], []
    while senders.busy:
        back = senders.collect()
        results += back.results
        unsent += back.unsent
    return results, unsent


def test_every_message_comes_back_once() -> None:
    with Senders() as senders:
        senders.take(errands(300))
        results, unsent = all_of(senders)
    assert sorted(result.owed.id for result in results) == list(range(300))
    assert unsent == []


def test_a_slow_outlet_does_not_hold_up_the_others() -> None:
    answered = threading.Event()

    def slow() -> DeliveryOutcome:
        answered.wait(10)
        return SENT

    with Senders(most=12) as senders:
        senders.take(errands(100, slow, outlet="slow"))
        senders.take(errands(60, outlet="mail"))
        quick: list[Result] = []
        while len(quick) < 60:
            quick += senders.collect().results
        assert {result.owed.outlet for result in quick} == {"mail"}
        answered.set()
        assert len(all_of(senders)[0]) == 100


@pytest.mark.parametrize("width", [1, 3])
def test_no_more_go_through_an_outlet_at_once_than_it_bears(width: int) -> None:
    lock, inside, most = threading.Lock(), 0, 0

    def counts() -> DeliveryOutcome:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.002)
        with lock:
            inside -= 1
        return SENT

    with Senders() as senders:
        senders.take(errands(20, counts, side_by_side=width))
        all_of(senders)
    assert most == width


def test_after_failures_in_a_row_the_rest_of_the_hand_is_given_back() -> None:
    with Senders() as senders:
        senders.take(errands(100, lambda: TEMPORARY, side_by_side=1))
        results, unsent = all_of(senders)
    assert len(results) == FAILURES
    assert [one.id for one in unsent] == list(range(FAILURES, 100))


def test_too_fast_once_and_the_rest_is_given_back() -> None:
    with Senders() as senders:
        senders.take(errands(100, lambda: DeliveryOutcome.TOO_FAST, side_by_side=1))
        results, unsent = all_of(senders)
    assert (len(results), len(unsent)) == (1, 99)


def test_failures_of_one_outlet_are_none_of_another() -> None:
    with Senders() as senders:
        senders.take(errands(50, lambda: TEMPORARY, outlet="robot", side_by_side=1))
        senders.take(errands(50, outlet="mail"))
        results, unsent = all_of(senders)
    assert sum(result.outcome is SENT for result in results) == 50
    assert {one.outlet for one in unsent} == {"robot"}


def test_what_could_outlive_its_lease_is_not_begun() -> None:
    with Senders() as senders:
        senders.take(errands(3, until=time.monotonic() - 1))
        results, unsent = all_of(senders)
    assert (results, len(unsent)) == ([], 3)


def test_stopping_waits_for_what_is_under_way_and_begins_nothing_more() -> None:
    with Senders() as senders:
        senders.take(errands(10, side_by_side=2))
        back = senders.stop()
    assert len(back.results) + len(back.unsent) == 10
    assert len(back.results) <= 4


# -- the loop around them ----------------------------------------------------------------------


def test_while_the_database_is_away_answers_are_kept_and_written_when_it_is_back(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, mark, calls = sqlite_world, outbox.mark, []
    world.report("解放路12号", "路面积水", limit="3天")

    def away(*arguments: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) < 3:
            raise DatabaseTrouble("away", "away")
        return mark(*arguments, **more)

    monkeypatch.setattr(outbox, "mark", away)
    monkeypatch.setattr(sending, "_PAUSES", (0, 0, 0))
    assert sending.deliver(world.ledger, world.now, world.folder) == {"sent": 1}
    assert sending.deliver(world.ledger, world.now, world.folder) == {}
    assert len(world.told("bob")) == 1


def test_when_no_more_can_be_claimed_what_was_sent_is_still_written_down(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, claim, calls = sqlite_world, outbox.claim, []
    world.report("解放路12号", "路面积水", limit="3天")

    def once(*arguments: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise DatabaseTrouble("away", "away")
        return claim(*arguments, **more)

    monkeypatch.setattr(outbox, "claim", once)
    with pytest.raises(DatabaseTrouble):
        sending.deliver(world.ledger, world.now, world.folder)
    monkeypatch.setattr(outbox, "claim", claim)
    assert sending.deliver(world.ledger, world.now, world.folder) == {}
    assert len(world.told("bob")) == 1


def test_what_was_claimed_and_could_not_be_prepared_is_given_back_unsent(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    world.report("解放路12号", "路面积水", limit="3天")

    def away(*_: Any) -> Any:
        raise DatabaseTrouble("away", "away")

    with monkeypatch.context() as patch:
        patch.setattr(sending, "ways_of", away)
        with pytest.raises(DatabaseTrouble):
            sending.deliver(world.ledger, world.now, world.folder)
    assert sending.deliver(world.ledger, world.now, world.folder) == {"sent": 1}
    assert "可能重复" not in world.told("bob")[0].body


def test_each_claim_is_made_by_the_real_clock_not_by_the_instant_of_the_run(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, claim, seen = sqlite_world, outbox.claim, set[datetime]()

    def sees(ledger: Any, at: datetime, now: datetime, **more: Any) -> Any:
        seen.add(now)
        return claim(ledger, at, now, **more)

    monkeypatch.setattr(outbox, "claim", sees)
    moment = datetime.fromisoformat("2031-01-01T00:00+00:00")
    sending.deliver(world.ledger, world.now, world.folder, clock=lambda: moment)
    assert seen == {moment}
