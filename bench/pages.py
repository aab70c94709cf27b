"""Pages of a large city, read one after another by one reader, and what they cost the portal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

import requests

from bench.portal import NOW, _numbers, _people
from bench.reliability.processes import Unit, python, wait_until
from bench.sinks import free_port
from ledger import figures
from ledger.database import connect
from models.account import AccountRole
from rules.permission import Grant, Viewer

TIMES = 40
KEY = "a-key-for-measuring"

Line = tuple[str, ...]


def lines(url: str, size: int) -> Iterator[Line]:
    """Every page, with its first answer, the median and the 95th percentile of the next."""
    people, numbers = _people(url), _numbers(url)
    pages = {
        "all cases /cases": (people.supervisor, ["/cases"]),
        "one case /cases/…": (people.supervisor, [f"/cases/{number}" for number in numbers]),
        "a unit's cases /mine": (people.contact, ["/mine"]),
        "to decide /board": (people.supervisor, ["/board"]),
        "the log /log": (people.supervisor, ["/log"]),
        "how it runs /running": (people.supervisor, ["/running"]),
        "the wall /wall": (people.supervisor, ["/wall"]),
        "for Prometheus /metrics": ("", ["/metrics"]),
    }
    with _served(url) as (address, unit):
        found = []
        for name, (token, paths) in pages.items():
            times = _timed(_asker(address, token, paths))
            found.append((name, times))
        peak = _peak(unit.pid)
    found.append(("the wall, reckoned anew", _timed(_wall(url))))
    for name, times in found:
        if len(times) <= TIMES:
            yield f"{size:,}", f"{name}: not answered", "", "", "", ""
            continue
        later = quantiles(times[1:], n=100)
        yield (f"{size:,}", name, f"{times[0] * 1000:.0f}", f"{later[49] * 1000:.0f}",
               f"{later[94] * 1000:.0f}", f"{peak:.0f}")  # fmt: skip


def _timed(ask: Callable[[int], object]) -> list[float]:
    times = []
    for n in range(TIMES + 1):
        start = perf_counter()
        if ask(n) is None:
            break
        times.append(perf_counter() - start)
    return times


def _asker(address: str, token: str, paths: list[str]) -> Callable[[int], object]:
    session = requests.Session()
    if token:
        session.cookies.set("duban", token)
    else:
        session.headers["Authorization"] = f"Bearer {KEY}"

    def ask(n: int) -> object:
        path = paths[n % len(paths)]
        answer = session.get(f"{address}{path}", timeout=120, allow_redirects=False)
        return answer if answer.status_code == 200 else None

    return ask


def _wall(url: str) -> Callable[[int], object]:
    """The figures of the wall, which the portal keeps for half a minute."""
    ledger = connect(url)
    carol = Viewer(1, "Carol", grants=(Grant(AccountRole.SUPERVISOR),))
    return lambda n: figures.wall(ledger, carol, NOW, NOW)


@contextmanager
def _served(url: str) -> Iterator[tuple[str, Unit]]:
    """A portal in a process of its own, with a key for its figures."""
    with TemporaryDirectory() as home:
        address = f"http://127.0.0.1:{free_port()}"
        env = {
            "DUBAN_HOME": home, "DUBAN_DATABASE_URL": url, "DUBAN_METRICS_TOKEN": KEY,
            "DUBAN_PORTAL_PORT": address.rpartition(":")[2], "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        unit = Unit("portal", python("-m", "portal.serve"), Path(home) / "portal.log", env)
        unit.start()
        try:
            wait_until("the portal", lambda: _answers(address))
            yield address, unit
        finally:
            unit.stop()


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/health", timeout=2).ok
    except requests.RequestException:
        return False


def _peak(pid: int) -> float:
    """The most memory a process ever had, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
