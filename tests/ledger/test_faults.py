"""Whatever breaks while messages leave: nothing is lost, and nothing doubled without a word.

Small examples of `python -m bench.faults`, with real servers, processes and databases.
"""

import os
import signal
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from bench import faults, owing, sinks
from bench.faults import HOUR, MINUTE, deliver, until_done
from bench.owing import AT, Counted, counted
from ledger.database import connect
from models.notice import Notice, NoticeState
from notices.channels import send
from rules.pace import LEASE
from tasks import sending
from tests.conftest import Databases
from tests.world import World, found

COUNT = 30


@pytest.fixture
def url(databases: Databases) -> str:
    """A small city that owes nothing yet."""
    made = databases("sqlite", "city")
    ledger = connect(made)
    found(ledger)
    ledger.engine.dispose()
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What the sink took."""
    return tmp_path / "taken"


def nothing_lost(said: Counted, owed: int = COUNT) -> bool:
    found = (said.owed, said.sent, said.lost, said.doubled_unsaid, said.waiting, said.dead)
    return found == (owed, owed, 0, 0, 0, 0)


def of(url: str, file: Path) -> Counted:
    return counted(url, sinks.taken(file))


@pytest.mark.parametrize("kind", ["smtp", "http"])
def test_a_server_that_dies_and_comes_back_loses_nothing(kind: str, url: str, file: Path) -> None:
    with faults.dying(kind, file, 1, COUNT) as port:
        owing.owe(url, COUNT, faults._ways(kind, port))
        until_done(url)
    assert nothing_lost(of(url, file))


def test_a_service_that_takes_a_message_and_calls_it_a_failure_gets_it_again_with_a_word(
    url: str, file: Path
) -> None:
    port = sinks.free_port()
    liar = sinks.start("http", port, file, then_500=True)
    owing.owe(url, 8, faults._ways("http", port))
    ledger = connect(url)
    deliver(ledger, AT)
    ledger.engine.dispose()
    sinks.end(liar)
    with faults.sinks_on("http", port, file):
        until_done(url, AT + MINUTE)
    said = of(url, file)
    assert nothing_lost(said, 8)
    assert said.said_so == said.taken - 8 > 0


def test_a_worker_killed_between_sending_and_marking_doubles_nothing_unsaid(
    url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with sinks.running("http", file) as port:
        owing.owe(url, COUNT, faults._ways("http", port))
        with monkeypatch.context() as patch:
            patch.setattr(sending, "_marked", killed)
            pid = faults._forked(lambda: deliver(connect(url), AT, sending.now()))
            _, status = os.waitpid(pid, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        until_done(url)
    said = of(url, file)
    assert nothing_lost(said)
    assert said.taken > COUNT
    assert said.said_so == COUNT


def test_a_clock_set_back_an_hour_loses_nothing_and_doubles_nothing_unsaid(
    url: str, file: Path
) -> None:
    with sinks.running("http", file) as port:
        owing.owe(url, 9, [owing.robot(port, per_minute=6, burst=3)])
        ledger = connect(url)
        faults._held_elsewhere(ledger, 3)
        deliver(ledger, AT)
        deliver(ledger, AT - HOUR)
        ledger.engine.dispose()
        done = until_done(url, AT - HOUR + MINUTE)
    assert nothing_lost(of(url, file), 9)
    assert done - AT < LEASE + 5 * MINUTE


def test_a_flooded_robot_gets_no_more_than_it_takes_and_the_ladder_first(
    url: str, file: Path
) -> None:
    with sinks.running("http", file) as port:
        owing.owe(url, 60, [owing.robot(port, per_minute=5, burst=5)], people=12, levels=4)
        ledger, taken = connect(url), [0]
        for minute in range(4):
            deliver(ledger, AT + minute * MINUTE)
            taken.append(len(sinks.taken(file)))
        ledger.engine.dispose()
        first = sinks.taken(file)[:4]
        until_done(url, AT + 4 * MINUTE)
    assert max(after - before for before, after in pairwise(taken)) <= 5
    assert all("督办" in text for text in first)
    assert len(sinks.taken(file)) < 60
    assert nothing_lost(of(url, file), 60)


def test_postgresql_gone_for_a_moment_costs_no_message(
    pg_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = pg_world
    for n in range(3):
        world.report(f"解放路{n}号", "路面积水", limit="3天")
    broken = threading.Event()

    def cut(*arguments: object, **more: object) -> object:
        answer = send(*arguments, **more)  # type: ignore[arg-type]
        if not broken.is_set():
            broken.set()
            world.ledger.engine.dispose()
            _cut_all(world)
        return answer

    monkeypatch.setattr(sending, "send", cut)
    monkeypatch.setattr(sending, "_PAUSES", (0, 0, 0))
    assert sending.deliver(world.ledger, world.now, world.folder)["sent"] == 3
    assert {row.state for row in world.rows(Notice)} == {NoticeState.SENT}
    assert len(world.told("bob")) == 1


def _cut_all(world: World) -> None:
    """The server ends every other connection to this database, as when it is stopped."""
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with world.ledger.engine.connect() as connection:
        connection.exec_driver_sql(end)
