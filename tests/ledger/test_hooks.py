"""Other systems are told of every record once: in order, signed, whatever dies in between."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from ledger import admin, admin_hooks, hooks, journal
from ledger.admin import Hand
from ledger.changes import table
from models.account import Act
from models.finding import Draft
from models.hook import Hook, HookCall, HookState
from models.record import Record
from models.unit import Area
from models.words import Trouble
from notices.hooks import new_secret, shown
from notices.vault import Vault, new_key
from rules.hooks import WAITS
from tasks import calling
from tasks.hooks import call_hooks
from tasks.keys import vault
from tests.hearing import Receiver, listening
from tests.world import World

NOW = datetime(2026, 9, 24, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Desk:
    """A city, a receiver, and what an administrator and the rounds do about them."""

    world: World
    receiver: Receiver
    vault: Vault = field(default_factory=lambda: Vault([new_key()]))
    now: datetime = NOW

    def add(self, name: str = "热线", verbs: tuple[str, ...] = (), area: str = "") -> int:
        url = self.receiver.url
        area_id = None
        if area:
            [row] = self.world.rows(Area, table(Area).c.code == area)
            area_id = row.id
        sealed = self.vault.seal(url), shown(url), self.vault.seal(self.receiver.secret)
        return admin_hooks.add(self.world.ledger, self.hand, name, *sealed, verbs, area_id)

    @property
    def hand(self) -> Hand:
        return Hand(None, "Carol", self.world.now)

    def call(self, **more: Any) -> dict[str, int]:
        """The hook step of one round."""
        at, clock = self.world.now, lambda: self.now
        private = more.pop("private", True)
        return dict(
            calling.call_all(self.world.ledger, at, self.vault, private=private, clock=clock)
        )

    def later(self, by: timedelta) -> "Desk":
        self.world.now += by
        self.now += by
        return self

    def calls(self, *conditions: Any) -> list[Any]:
        return list(self.world.rows(HookCall, *conditions))

    @property
    def hook(self) -> Any:
        [row] = self.world.rows(Hook)
        return row

    def report(self, count: int = 1, **more: Any) -> None:
        start = len(self.world.rows(Record))
        drafts = [
            Draft(str(n), f"滨河路{start}之{n}号", "垃圾桶满溢", units=("城管局",), **more)
            for n in range(count)
        ]
        self.world.hand_in(*drafts)

    def names(self) -> list[str]:
        return [str(said["id"]) for said in self.receiver.heard]

    def all_names(self) -> list[str]:
        return [hooks.name_of(row.hash) for row in self.world.rows(Record)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(new_secret()) as opened:
        yield opened


@pytest.fixture
def desk(world: World, receiver: Receiver) -> Desk:
    return Desk(world, receiver)


@pytest.fixture
def sqlite_desk(sqlite_world: World, receiver: Receiver) -> Desk:
    return Desk(sqlite_world, receiver)


def test_every_record_from_the_day_it_was_added_is_told_once_and_in_order(desk: Desk) -> None:
    desk.report()
    before = desk.all_names()
    desk.add()
    desk.report(3)
    desk.world.sweep()
    assert desk.call() == {"called": len(desk.all_names()) - len(before)}
    assert desk.names() == desk.all_names()[len(before) :]
    assert desk.call() == {}
    assert [call.state for call in desk.calls()] == [HookState.SENT] * len(desk.names())


def test_what_is_told_is_the_case_as_it_was_then_and_no_way_to_reach_anybody(
    desk: Desk,
) -> None:
    desk.add()
    number = desk.world.report("滨河路1号", "垃圾桶满溢", limit="3 工作日", area="东澄区")
    desk.world.sweep()
    due = desk.world.case(number).due_at
    desk.world.bob.signs(number)
    desk.world.bob.submits(number)
    desk.call()
    told = {said["type"]: said for said in desk.receiver.heard}
    assert {"case.dispatch", "case.acknowledge", "case.submit"} <= told.keys()
    first = told["case.dispatch"]
    assert (first["case"]["status"], first["case"]["unit"]) == ("dispatched", "市城市管理局")
    assert datetime.fromisoformat(first["case"]["due_at"]) == due
    assert first["case"]["number"] == number
    assert told["case.submit"]["case"]["status"] == "submitted"
    assert "folder://" not in str(desk.receiver.heard)
    assert "actor" not in str(desk.receiver.heard)


def test_a_hook_hears_its_verbs_of_its_area_and_nothing_else(desk: Desk) -> None:
    desk.add("西岚", area="west")
    desk.add("全市", verbs=("dispatch",), area="city")
    desk.report(area="东澄区")
    desk.report(area="西岚区")
    desk.report()
    desk.world.sweep()
    desk.call()
    by = {row.id: row.name for row in desk.world.rows(Hook)}
    cases = {row.id: row for row in desk.world.rows(Record)}
    heard = [(by[call.hook_id], cases[call.record_id]) for call in desk.calls()]
    [west] = {row.case_id for name, row in heard if name == "西岚"}
    assert len({row.verb for name, row in heard if name == "西岚"}) > 1
    whole = [row for name, row in heard if name == "全市"]
    assert {row.verb for row in whole} == {"dispatch"}
    assert len(whole) == 3  # also of the case that lies in no area
    assert west in {row.case_id for row in whole}


def test_nothing_is_lost_while_the_receiver_is_killed_and_revived_during_300_records(
    sqlite_desk: Desk,
) -> None:
    desk, receiver = sqlite_desk, sqlite_desk.receiver
    desk.add()
    for _ in range(4):
        desk.report(38)
        desk.world.sweep()
    assert len(desk.all_names()) >= 300
    lives = iter((37, 5, 90, 1, 60))
    end = next(lives)

    def cut(nth: int) -> int | None:
        """The last request of a life is read, and never answered."""
        return None if nth == end else 204 if nth < end else 503

    receiver.says = cut
    for _ in range(20):
        if desk.call().get("refused"):
            receiver.die()
            desk.call()  # nobody listens
            receiver.wake()
            end = next(lives, 10_000)
        desk.later(MINUTE * 6)
    assert set(desk.names()) == set(desk.all_names())
    twice = len(desk.names()) - len(desk.all_names())
    assert twice == 5  # cut off after reading, five times; nobody could know
    assert all(len(bodies) == 1 for bodies in receiver.bodies.values())
    assert {call.state for call in desk.calls()} == {HookState.SENT}
    assert desk.hook.failing_since is None


def test_who_dies_between_calling_and_marking_has_it_called_again_under_the_same_name(
    desk: Desk,
) -> None:
    hook_id = desk.add()
    desk.report()
    hooks.owe(desk.world.ledger, desk.world.now)
    ledger, at = desk.world.ledger, desk.world.now
    hand = hooks.claim(ledger, hook_id, at, desk.now)
    assert hand
    assert hooks.claim(ledger, hook_id, at, desk.now) == []  # it is in somebody's hand
    desk.now += hooks.LEASE
    again = hooks.claim(ledger, hook_id, at, desk.now)
    assert [owed.name for owed in again] == [owed.name for owed in hand]
    assert {call.answer for call in desk.calls()} == {hooks.INTERRUPTED}
    desk.now += hooks.LEASE
    desk.call()
    assert desk.names() == [owed.name for owed in hand]


def test_calls_and_position_are_written_together_or_not_at_all(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = sqlite_desk
    desk.add()
    desk.report(2)

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(admin, "update", fails)
        with pytest.raises(RuntimeError):
            hooks.owe(desk.world.ledger, desk.world.now)
    assert desk.calls() == []
    assert desk.call()["called"] == len(desk.all_names())


def test_two_rounds_at_once_call_once(desk: Desk) -> None:
    desk.add()
    desk.report(20)
    with ThreadPoolExecutor(3) as rounds:
        list(rounds.map(lambda _: desk.call(), range(3)))
    assert sorted(desk.names()) == sorted(desk.all_names())


def test_what_fails_is_tried_again_ever_later_and_then_given_up(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    desk.receiver.says, desk.receiver.words = lambda _: 422, "格式不对".encode()
    desk.add()
    desk.report()
    count = len(desk.all_names())
    assert desk.call() == {"refused": count}
    first = desk.calls()[0]
    assert (first.status, first.attempts) == (422, 1)
    assert "格式不对" in first.answer
    assert MINUTE <= first.next_try_at - desk.world.now <= MINUTE * 1.25
    assert desk.hook.failing_since is None  # it works, but does not take these
    for wait in WAITS:
        desk.later(wait * 1.25)
        last = desk.call()
    assert last == {"given_up": count}
    assert {call.state for call in desk.calls()} == {HookState.DEAD}
    desk.receiver.says = lambda _: 204
    assert admin_hooks.send_again(desk.world.ledger, desk.hand, desk.hook.id) == count
    assert desk.call() == {"called": count}


def test_a_receiver_that_is_down_is_asked_once_a_round_and_says_since_when(
    sqlite_desk: Desk,
) -> None:
    desk = sqlite_desk
    desk.add()
    desk.report(5)
    since = desk.world.now
    desk.receiver.die()
    for _ in range(3):
        assert desk.call() == {"refused": 1}
        desk.later(MINUTE)
    assert desk.hook.failing_since == since
    assert sum(call.attempts for call in desk.calls()) == 3
    desk.receiver.wake()
    desk.later(timedelta(hours=1)).call()
    assert desk.hook.failing_since is None
    assert sorted(desk.names()) == sorted(desk.all_names())


def test_one_that_is_down_does_not_keep_the_others_waiting(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    dead = Receiver(secret=desk.receiver.secret)
    dead.wake()
    dead.die()
    living, desk.receiver = desk.receiver, dead
    desk.add("坏的")
    desk.receiver = living
    desk.add("好的")
    desk.report(2)
    counts = desk.call()
    assert counts == {"refused": 1, "called": len(desk.all_names())}


def test_a_hook_sealed_with_a_lost_key_does_not_keep_the_others_waiting(
    sqlite_desk: Desk,
) -> None:
    desk = sqlite_desk
    desk.add("旧钥")
    desk.vault = Vault([new_key()])
    desk.add("新钥")
    desk.report()
    assert desk.call() == {"unreadable": 1, "called": len(desk.all_names())}


def test_a_receiver_that_is_gone_is_switched_off_and_can_go_on_from_there(
    desk: Desk,
) -> None:
    hook_id = desk.add()
    desk.receiver.says = lambda _: 410
    desk.report()
    assert desk.call() == {"refused": 1}
    assert desk.hook.active is False
    assert "hook.gone" in [row.act for row in desk.world.rows(Act)]
    assert desk.call() == {}
    desk.report()
    desk.receiver.says = lambda _: 204
    admin_hooks.switch_on(desk.world.ledger, desk.hand, hook_id)
    desk.later(MINUTE * 2).call()
    assert sorted(desk.names()) == sorted(desk.all_names())


def test_switched_on_again_it_may_skip_what_happened_meanwhile(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    hook_id = desk.add()
    admin_hooks.switch_off(desk.world.ledger, desk.hand, hook_id)
    desk.report()
    old = len(desk.all_names())
    admin_hooks.switch_on(desk.world.ledger, desk.hand, hook_id, skip=True)
    desk.report()
    desk.call()
    assert desk.names() == desk.all_names()[old:]


def test_the_signature_is_of_the_real_moment_and_not_of_the_round(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    desk.add()
    desk.report()
    desk.now = NOW + timedelta(days=30)
    desk.call()
    assert set(desk.receiver.stamps) == {int(desk.now.timestamp())}


def test_without_leave_no_host_of_the_own_network_is_called(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    desk.add()
    desk.report()
    assert desk.call(private=False) == {"refused": 1}
    assert desk.names() == []
    assert "内网" in desk.calls(table(HookCall).c.attempts > 0)[0].answer


def test_secrets_lie_nowhere_but_sealed(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    desk.receiver.says = lambda _: 500
    desk.receiver.words = f"{desk.receiver.secret} a-key-in-the-path".encode()
    hook_id = desk.add()
    desk.report()
    desk.call()
    listener = admin_hooks.listener(desk.world.ledger, hook_id)
    everything = [repr(listener)] + [
        str(row) for name in SQLModel.metadata.tables for row in _rows(desk.world, name)
    ]
    bare = desk.receiver.secret.removeprefix("whsec_")
    assert not [line for line in everything if bare in line or "a-key-in-the-path" in line]


def _rows(world: World, name: str) -> list[Any]:
    with world.ledger.transaction() as connection:
        return list(connection.execute(sa.select(SQLModel.metadata.tables[name])))


def test_a_name_is_given_once_and_verbs_must_be_known(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    desk.add()
    for name, verbs, words in (
        ("热线", (), "已有名为"), (" ", (), "请填写名称"), ("大屏", ("fly",), "动作无效"),
    ):  # fmt: skip
        with pytest.raises(Trouble, match=words):
            desk.add(name, verbs)


def test_what_was_taken_long_ago_is_forgotten_and_nothing_else(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    desk.add()
    desk.report()
    desk.call()
    assert hooks.forget(desk.world.ledger, desk.world.now) == 0
    desk.later(timedelta(days=1)).report()
    journal.extend(desk.world.ledger)
    hooks.owe(desk.world.ledger, desk.world.now)
    gone = hooks.forget(desk.world.ledger, desk.world.now)
    assert gone == len(desk.names())
    assert {call.state for call in desk.calls()} == {HookState.OWED}


def test_a_round_makes_the_calls_of_the_ledger_it_works_on(
    sqlite_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, home = sqlite_desk, tmp_path / "home"
    desk.vault = vault(home)
    desk.add()
    desk.report()
    url = desk.world.ledger.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DUBAN_DATABASE_URL", url)
    monkeypatch.setenv("DUBAN_HOME", str(home))
    monkeypatch.setenv("DUBAN_HOOKS_PRIVATE", "true")
    assert call_hooks.fn(desk.world.now) == {"called": len(desk.all_names())}
