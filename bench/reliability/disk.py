"""A full disk: the folder of the ledger lies on a small disk of its own, which is filled.

(a) SQLite: DUBAN_HOME, with ledger, keys and pictures. (b) PostgreSQL: the folder of its data.
With less and less room left, a paper is handed in, a sweep is run, messages are sent and people
click. What was refused must have left nothing behind; once there is room again, all goes on.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from bench import sinks
from bench.reliability import arrivals, clicks, invariants
from bench.reliability.arrivals import Arrivals
from bench.reliability.city import DUBAN
from bench.reliability.clicks import Click, Person
from bench.reliability.ending import papers_wrong
from bench.reliability.importing import _answered
from bench.reliability.lease import Scene, _done, _run_out
from bench.reliability.papers import Paper, papers
from bench.reliability.processes import ROOT, Unit, python, wait_until
from bench.reliability.server import Server
from bench.reliability.small import LATER, Town, on_postgresql, on_sqlite
from ledger.database import DatabaseTrouble
from tasks.sending import now

SIZE = 160
"""Megabytes of the small disk. An empty cluster of PostgreSQL takes half of them."""
ROOM = (1024, 128, 0)
"""Kilobytes left when it is tried: enough to begin, hardly any, none."""
TIGHT = {"max_wal_size": "48MB", "min_wal_size": "32MB", "shared_buffers": "16MB"}
CASES = 3_000
PLACE = "书院街77{:04d}号"


def scenes(seed: int) -> Iterator[Scene]:
    """Both of them."""
    with _disk() as folder, on_sqlite(folder) as town:
        yield _play("SQLite", town, Disk(folder), seed)
    with (
        TemporaryDirectory(prefix="duban-home-") as home,
        _disk() as folder,
        on_postgresql(Path(home), data=folder, settings=TIGHT) as (town, server),
    ):
        yield _play("PostgreSQL", town, Disk(folder), seed, server)


@contextmanager
def _disk() -> Iterator[Path]:
    with TemporaryDirectory(prefix="duban-disk-") as name:
        folder = Path(name)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", name], check=True)
        try:
            folder.chmod(0o755)
            yield folder
        finally:
            subprocess.run(["umount", "-l", name], check=True)


@dataclass(slots=True)
class Disk:
    """The small disk, and what fills it."""

    folder: Path

    @property
    def ballast(self) -> Path:
        """The file that fills it."""
        return self.folder / "ballast"

    def fill(self, left: int) -> None:
        """Fill it, but for so many kilobytes."""
        self.free()
        room = os.statvfs(self.folder)
        size = room.f_bavail * room.f_frsize - left * 1024
        with self.ballast.open("wb") as file, suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, max(size, 1))

    def free(self) -> None:
        """Make room again."""
        self.ballast.unlink(missing_ok=True)


@dataclass(slots=True)
class Play:
    """One scene in the course of it."""

    town: Town
    disk: Disk
    server: Server | None
    person: Person
    papers: list[Paper]
    told: list[tuple[str, str]] = field(default_factory=list)
    done: list[Click] = field(default_factory=list)
    taken: list[Paper] = field(default_factory=list)


def _play(name: str, town: Town, disk: Disk, seed: int, server: Server | None = None) -> Scene:
    first, *rest = papers(CASES, seed)
    with _portal(town) as address:
        play = Play(town, disk, server, Person(address, "alice"), rest)
        _import(play, first, "before")
        _click(play)
        town.hand("sweep", town.at + LATER).said()
        for left in ROOM:
            disk.fill(left)
            _all(play, f"{left} kB left")
        disk.free()
        wait_until("the portal", lambda: _up(play), 120)
        _all(play, "room again")
    for paper in [*play.papers]:
        if paper not in play.taken:
            _import(play, paper, "")
    town.hand("sweep", town.at + LATER * 2).said()
    _run_out(town, town.at + LATER * 2)
    return Scene(f"a full disk, {name}", play.told, _wrongs(play))


@contextmanager
def _portal(town: Town) -> Iterator[str]:
    port = sinks.free_port()
    env = town.env | {"DUBAN_PORTAL_PORT": str(port)}
    unit = Unit("portal", python("-m", "portal.serve"), town.taken.with_name("portal.log"), env)
    unit.start()
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until("the portal", lambda: _open(address))
        yield address
    finally:
        unit.stop(5)


def _open(address: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"{address}/health", timeout=5).status_code == 200
    return False


def _up(play: Play) -> bool:
    """Whether the ledger can be used; a server that gave up is started again, as it would be."""
    if play.server and not play.server.unit.alive:
        play.server.unit.start()
    with suppress(DatabaseTrouble):
        play.town.ledger().engine.dispose()
        return _open(play.person.portal)
    return False


# -- what is tried -----------------------------------------------------------------------------


def _all(play: Play, when: str) -> None:
    """Everything once; a server that gave up is started again before each."""
    _again(play)
    _import(play, play.papers[len(play.taken) % len(play.papers)], when)
    at = play.town.at + LATER + (LATER / 10) * (len(play.told) + 1)
    for work in ("sweep", "deliver"):
        _again(play)
        play.told.append((f"{when}: {work}", _done(play.town.hand(work, at).said())))
    _again(play)
    play.told.append((f"{when}: a finding at the portal", _click(play)))


def _again(play: Play) -> None:
    if play.server and not play.server.unit.alive:
        play.told.append(("", "the server had given up, and is started again"))
        play.server.unit.start()
        time.sleep(2)


def _import(play: Play, paper: Paper, when: str) -> None:
    paper.at = paper.at or play.town.at
    file = paper.lie_in(play.town.taken.parent / "papers")
    refused = str(file.with_suffix(".refused.csv"))
    command = [*DUBAN, "import", str(file), "--at", paper.at.isoformat(), "--json",
               "--refused", refused]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, env=os.environ | play.town.env, text=True,
                          capture_output=True, check=False)  # fmt: skip
    if done.returncode == 0:
        paper.answers = _answered(done.stdout)
        play.taken.append(paper)
    if when:
        play.told.append((f"{when}: import", _told(done)))


def _told(done: "subprocess.CompletedProcess[str]") -> str:
    if done.returncode == 0:
        return f"{len(_answered(done.stdout))} rows"
    with suppress(ValueError, KeyError):
        return f"status {done.returncode}: {json.loads(done.stdout)['error']['en'][:160]}"
    return f"status {done.returncode}: {(done.stderr.strip().splitlines() or [''])[-1][:160]}"


def _click(play: Play) -> str:
    """Alice hands in; gives what she was answered."""
    click = Click("finding", PLACE.format(len(play.done)))
    play.done.append(click)
    body = {"place": click.what, "problem": "井盖缺失，行人绕行", "area": "书院街道"}
    try:
        answer = play.person.ask("POST", "/api/v1/findings", json=body,
                                 headers={"Idempotency-Key": click.key})  # fmt: skip
    except (requests.RequestException, ValueError) as error:
        return type(error).__name__
    said = answer.json()
    if answer.status_code in (200, 201):
        click.accepted, click.case = True, said["case"]
        return f"{answer.status_code}"
    return f"{answer.status_code}: {said.get('title', '')[:120]}"


def _wrongs(play: Play) -> list[str]:
    ledger = play.town.ledger()
    wrongs = invariants.quick(ledger, invariants.Chains(), now()) + invariants.whole(ledger)
    wrongs += papers_wrong(ledger, play.taken)
    wrongs += clicks.wrongs(ledger, play.done)
    compared = arrivals.compare(ledger, Arrivals(play.town.taken))
    play.told.append(("lost", str(len(compared.lost))))
    play.told.append(("doubled unsaid", str(len(compared.doubled_unsaid))))
    ledger.engine.dispose()
    return wrongs + compared.lost + compared.doubled_unsaid + compared.beyond
