"""`duban up` for real: it does the work, stops cleanly, and mends what a kill -9 left behind."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

import pytest
import requests

from duban.up import _start
from tests.cli.conftest import LEDGER, Duban

RUNNING = "Ctrl-C"


def until(what: Callable[[], object], seconds: float) -> bool:
    """Whether `what` comes true within so many seconds."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if what():
            return True
        time.sleep(0.2)
    return bool(what())


def of_this_home(home: Path) -> list[int]:
    """Every process that works on this home, found by its environment."""
    mark = f"DUBAN_HOME={home.resolve()}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark in environment and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


class Up:
    """One `duban up` and what it printed."""

    def __init__(self, printed: Path) -> None:
        self.printed = printed
        command = [sys.executable, "-c", "from duban.cli import main; main()", "up"]
        with printed.open("wb") as out:
            self.process: Popen[bytes] = Popen(command, stdout=out, stderr=STDOUT, stdin=PIPE)

    def is_running(self, seconds: float = 90) -> bool:
        """Whether it says so in time."""
        until(lambda: RUNNING in self.said or self.process.poll() is not None, seconds)
        return self.process.poll() is None

    @property
    def said(self) -> str:
        return self.printed.read_text("utf-8")


@pytest.fixture
def up(home: Path, tmp_path: Path) -> Iterator[Callable[[], Up]]:
    if not Path("/proc/self/environ").exists():
        pytest.skip("needs /proc")
    started: list[Up] = []

    def start() -> Up:
        started.append(Up(tmp_path / f"up{len(started)}.txt"))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
    for pid in of_this_home(home):
        os.kill(pid, signal.SIGKILL)


def test_a_child_notes_its_own_number_in_case_we_are_killed_before_we_could(tmp_path: Path) -> None:
    note = tmp_path / "child.pid"
    with (tmp_path / "child.log").open("wb") as log:
        child = _start(("-c", "import time; time.sleep(60)"), log, note)
    try:
        assert until(lambda: note.exists() and note.read_text() == f"{child.pid}\n", 20)
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_a_paper_in_the_inbox_becomes_a_notice_and_ctrl_c_leaves_nothing_behind(
    town: Duban, home: Path, up: Callable[[], Up]
) -> None:
    killed = up()
    assert until((home / "prefect" / "server.json").exists, 240), killed.said
    left = set(of_this_home(home)) - {killed.process.pid}
    killed.process.kill()
    killed.process.wait()
    assert left, "what it had started runs on"

    # Whatever the hour of this run: only a clock that never stops is told of by night.
    paper = LEDGER.replace("3工作日", "2紧急工作时")
    (home / "inbox" / "ledger.csv").write_text(paper, "utf-8")
    engine = up()
    assert engine.is_running(), engine.said
    assert left.isdisjoint(of_this_home(home)), "the leftovers were ended"
    message = home / "messages" / "bob.txt"
    assert until(message.exists, 180), (home / "logs" / "serving.log").read_text("utf-8")[-2000:]
    assert "人民路1号" in message.read_text("utf-8")
    assert (home / "inbox" / "done" / "ledger.csv").exists()
    links = re.findall(r"http://127\.0\.0\.1:\d+/l/[\w-]+", message.read_text("utf-8"))
    assert links
    for link in links:
        assert "人民路1号" in requests.get(link, timeout=30).text, "it opens the portal"

    engine.process.send_signal(signal.SIGINT)
    assert engine.process.wait(90) == 0, engine.said
    assert of_this_home(home) == []
    assert town("cases", "--json").json["rows"][0]["status"] == "dispatched"
