"""即时: how long it takes from a click in the portal to the message at a mail server.

Portal, Prefect server and task worker run; no rounds do. Then the task worker is killed: what was
clicked meanwhile must lie in the ledger, and go with one round by hand.
"""

import os
import sys
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from statistics import quantiles

from bench import compressed
from bench.compressed import City, Guest
from bench.measure import show
from bench.reliability.city import duban
from bench.reliability.processes import Unit, descendants, python, wait_until
from bench.sinks import free_port

WEEK = 7 * 24 * 60
PATIENCE = 60.0
KINDS = ("a finding handed in", "more time asked for")

Line = tuple[str, ...]


def say(words: str) -> None:
    """Say on standard error how far it is."""
    print(words, file=sys.stderr, flush=True)


def run(*, quick: bool) -> None:
    """Measure and print."""
    count = 5 if quick else 25
    lines: list[Line] = []
    memory: list[Line] = []
    for postgresql in (False, True):
        name = "PostgreSQL" if postgresql else "SQLite"
        say(f"{name}: its processes start")
        with compressed.running(WEEK, postgresql=postgresql, rounds=False) as city:
            clicking = Clicking(city)
            lines += [_line(name, kind, seconds) for kind, seconds in clicking.one_by_one(count)]
            say(f"{name}: clicked one by one, {lines[-2:]}")
            lines.append(_line(name, "the last of ten clicks at once", clicking.at_once(10)))
            say(f"{name}: at once {lines[-1]}")
            lines.append(_without(name, clicking))
            say(f"{name}: without its task worker {lines[-1]}")
            memory += _memory(name, city)
    head = ("database", "click", "clicks", "p50 s", "p95 s", "longest s", "lost")
    show(f"From a click to a message, load {os.getloadavg()[1]:.1f}", head, lines)
    show("Memory of the processes", ("database", "process", "RSS MB"), memory)


def _line(name: str, kind: str, seconds: list[float]) -> Line:
    parts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
    here = [each for each in seconds if each < PATIENCE]
    return (name, kind, f"{len(seconds)}", f"{parts[49]:.2f}", f"{parts[94]:.2f}",
            f"{max(seconds):.2f}", f"{len(seconds) - len(here)}")  # fmt: skip


@dataclass
class Clicking:
    """Alice hands in, units sign and ask; what they cause is looked for at the mail server."""

    city: City

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.city.taken)
        self.alice = compressed.guest(self.city, "alice")
        self.units = compressed.contacts(self.city)
        self.names = [name for name in self.units if name.endswith("局")]
        self.places = 0

    def one_by_one(self, count: int) -> list[tuple[str, list[float]]]:
        """So many findings, and then so many requests; the seconds each took to arrive."""
        self.timed(self.finding)  # the first one brings what is loaded once
        found = [self.timed(self.finding) for _ in range(count)]
        asked = []
        for number, unit in [each[1] for each in found]:
            assert unit.do(number, "acknowledge")
            asked.append(self.timed(partial(self.request, number, unit))[0])
        return list(zip(KINDS, ([each[0] for each in found], asked), strict=True))

    def timed(self, click: Callable[[], tuple[str, Guest]]) -> tuple[float, tuple[str, Guest]]:
        """Seconds from the click to the message, and what was clicked."""
        self.inbox.new()
        start = time.monotonic()
        number, unit = click()
        while not self.inbox.has(number) and time.monotonic() - start < PATIENCE:
            time.sleep(0.01)
        return time.monotonic() - start, (number, unit)

    def at_once(self, count: int) -> list[float]:
        """Findings one right after another; the seconds until the last message, of each."""
        self.inbox.new()
        clicked = [(time.monotonic(), self.finding()[0]) for _ in range(count)]
        arrived: dict[str, float] = {}
        while len(arrived) < count and time.monotonic() - clicked[-1][0] < PATIENCE:
            for at, number in clicked:
                if number not in arrived and self.inbox.has(number):
                    arrived[number] = time.monotonic() - at
            time.sleep(0.01)
        return [arrived.get(number, PATIENCE) for _, number in clicked]

    def finding(self) -> tuple[str, Guest]:
        """Alice hands in what the next unit is to put right."""
        self.places += 1
        name = self.names[self.places % len(self.names)]
        body = {"place": f"人民路{self.places}号", "problem": f"井盖缺失，第{self.places}处",
                "units": [name]}  # fmt: skip
        answer = self.alice.ask("POST", "/api/v1/findings", json=body)
        answer.raise_for_status()
        return answer.json()["case"], self.units[name]

    @staticmethod
    def request(number: str, unit: Guest) -> tuple[str, Guest]:
        """The unit asks for more time; whoever decides is told."""
        assert unit.do(number, "request_extension", reason="等材料到货")
        return number, unit


def _without(name: str, clicking: Clicking) -> Line:
    """The task worker killed: nothing goes by itself, and everything with one round."""
    city, inbox = clicking.city, clicking.inbox
    city.units["reactions"].kill()
    numbers = [clicking.finding()[0] for _ in range(5)]
    time.sleep(5)
    early = sum(inbox.has(number) for number in numbers)
    assert not early, "somebody else sent it"
    start = time.monotonic()
    duban(city.env, "sweep")
    lost = sum(not inbox.has(number) for number in numbers)
    took = time.monotonic() - start
    kind = "task worker killed; then `duban sweep`, seconds of its own"
    return name, kind, "5", "", "", f"{took:.2f}", f"{lost}"


def _memory(name: str, city: City) -> list[Line]:
    """What the processes hold, and what a portal does that knows of no Prefect server."""
    alone = _portal_alone(city)
    city.units["reactions"].start()
    time.sleep(20)
    return [
        (name, "portal that asks for reactions", f"{_rss(city.units['portal']):.0f}"),
        (name, "portal without PREFECT_API_URL", f"{alone:.0f}"),
        (name, "reactions, waiting", f"{_rss(city.units['reactions']):.0f}"),
        (name, "Prefect server", f"{_rss(city.units['prefect server']):.0f}"),
    ]


def _portal_alone(city: City) -> float:
    port = free_port()
    env = city.env | {"DUBAN_PORTAL_PORT": str(port), "PREFECT_API_URL": ""}
    unit = Unit("portal alone", python("-m", "portal.serve"), city.folder / "alone.log", env)
    unit.start()
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until("the other portal", lambda: compressed.answers(f"{address}/health"), 300)
        carol = compressed.guest(city, "carol")
        carol.portal = address
        for path in ("/board", "/cases", "/log", "/wall") * 5:
            carol.ask("GET", path)
        return _rss(unit)
    finally:
        unit.stop()


def _rss(unit: Unit) -> float:
    """Megabytes of a process and of all it has started."""
    return sum(map(_one, (unit.pid, *descendants(unit.pid))))


def _one(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


class Inbox:
    """The mail server's file, read on from where it was read to."""

    def __init__(self, file: Path) -> None:
        self.file, self.read, self.text = file, 0, ""

    def new(self) -> None:
        """Only what comes from now on counts."""
        self.has("")
        self.text = ""

    def has(self, words: str) -> bool:
        """Whether a message came with these words."""
        if self.file.exists():
            with self.file.open("rb") as opened:
                opened.seek(self.read)
                lines = opened.read()
            whole = lines[: lines.rfind(b"\n") + 1]
            self.read += len(whole)
            self.text += "".join(map(_text, whole.splitlines()))
        return words in self.text


def _text(line: bytes) -> str:
    mail = message_from_bytes(b64decode(line), policy=policy.default)
    part = mail.get_body(("plain",))
    return f"{mail['Subject']}\n{part.get_content() if part else ''}\n"


if __name__ == "__main__":
    run(quick=True)
