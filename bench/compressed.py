"""A small city whose week passes in minutes: the demo city, open day and night, limits in minutes.

No clock is set. What is said in days of a week is said in minutes instead, by a policy that any
city could load: "1 工作日" of a week that passes in two hours is "0.285714 紧急工作时".
"""

import json
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
import sqlalchemy as sa
import yaml

from bench import sinks
from bench.reliability.city import duban, mailed
from bench.reliability.processes import Unit, python, wait_until
from bench.reliability.server import Server
from duban.session import now
from ledger import accounts
from ledger.changes import table
from ledger.database import Ledger, connect
from models.account import Account, AccountRole
from models.person import Duty, DutyKind
from models.unit import Unit as House
from rules.permission import Grant

DAYS = 7
PATIENCE = 30
"""Seconds a request may take."""
ALWAYS = [["00:00", "24:00"]]
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PYTHONWARNINGS": "ignore",
}


@dataclass(slots=True)
class City:
    """What runs, and where it is reached."""

    folder: Path
    env: dict[str, str]
    portal: str
    api: str
    postgres: Server | None = None
    units: dict[str, Unit] = field(default_factory=dict)

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened anew."""
        return connect(self.env["DUBAN_DATABASE_URL"])

    @property
    def taken(self) -> Path:
        """What the mail server took."""
        return self.folder / "taken"


@contextmanager
def running(minutes: float, *, postgresql: bool, rounds: bool) -> Iterator[City]:
    """The city with all its processes, in which a week passes in so many minutes.

    Without `rounds` nothing is done but what clicks cause. Nothing of it is left at the end.
    """
    # Asked to end, it ends all that it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="duban-city-")))
        folder.chmod(0o755)
        city = _laid_out(folder)
        if postgresql:
            stack.enter_context(_postgres(city))
        port = sinks.free_port()
        sink = sinks.start("smtp", port, city.taken)
        stack.callback(sinks.end, sink)
        _found(city, port, minutes)
        stack.callback(_stop, city)
        _start(city, rounds=rounds)
        yield city


def _laid_out(folder: Path) -> City:
    prefect, portal = sinks.free_port(), sinks.free_port()
    home = folder / "home"
    home.mkdir()
    address, api = f"http://127.0.0.1:{portal}", f"http://127.0.0.1:{prefect}/api"
    env = QUIET | {
        "DUBAN_HOME": str(home), "DUBAN_DATABASE_URL": f"sqlite:///{home}/duban.db",
        "DUBAN_PORTAL_PORT": str(portal), "DUBAN_PORTAL_URL": address,
        "PREFECT_HOME": str(folder / "prefect"), "PREFECT_API_URL": api,
    }  # fmt: skip
    return City(folder, env, address, api)


@contextmanager
def _postgres(city: City) -> Iterator[None]:
    server = Server(city.folder / "pg")
    server.create()
    try:
        server.start()
        for name in ("duban", "prefect"):
            server.new(name)
        prefect = server.url("prefect", "postgresql+asyncpg")
        city.env |= {"DUBAN_DATABASE_URL": server.url("duban"),
                     "PREFECT_SERVER_DATABASE_CONNECTION_URL": prefect}  # fmt: skip
        city.postgres = server
        yield
    finally:
        server.stop()


def _found(city: City, port: int, minutes: float) -> None:
    duban(city.env, "init", "--demo")
    home = Path(city.env["DUBAN_HOME"])
    (home / "city.yaml").write_text(_always_open(mailed(port)), "utf-8")
    duban(city.env, "load", str(home / "city.yaml"))
    (home / "policy.yaml").write_text(policy(minutes), "utf-8")
    duban(city.env, "policy", str(home / "policy.yaml"))


def _always_open(text: str) -> str:
    city = yaml.safe_load(text)
    city["city"]["hours"] = {str(day): ALWAYS for day in range(7)}
    return json.dumps(city, ensure_ascii=False, default=str)


def policy(minutes: float) -> str:
    """A policy by which a week's days pass in so many minutes, and nothing is held back."""

    def days(count: float) -> str:
        return f"{count * minutes / DAYS / 60:.6f} 紧急工作时"

    office = [{"level": 1, "title": "超时", "tell": ["office"]}]
    ladder = [
        {"level": 1, "title": "单位负责人督办", "tell": ["head", "contact"], "card": "yellow"},
        {"level": 2, "after": days(1), "title": "督办单", "tell": ["leader", "head"]},
        {"level": 3, "after": days(3), "title": "列入通报", "tell": ["office"], "card": "red"},
        {"level": 4, "after": days(5), "title": "提请约谈", "tell": ["office", "head"]},
    ]
    reminders = [{"at": "50%", "tell": ["contact"]}, {"at": "80%", "tell": ["contact", "head"]}]
    stages = {
        "file": {"limit": days(0.5), "ladder": office},
        "dispatch": {"limit": days(1), "ladder": office},
        "sign": {"limit": days(1), "reminders": [{"after": 0, "tell": ["contact", "head"]}]},
        "handle": {"limit": days(3), "reminders": reminders, "ladder": ladder},
        "rule": {"limit": days(1), "ladder": office},
        "verify": {"limit": days(2), "ladder": office},
    }
    burden = {"reminders_per_day": 999, "together_within": None, "news_within": None,
              "news_per_day": 999}  # fmt: skip
    whole = {"extends": "chuangcheng", "policy": "compressed", "title": "压缩的一周",
             "reading": {"sources": ["policy"]}, "stages": stages, "rework": days(2),
             "burden": burden, "hold_reminders": False}  # fmt: skip
    return json.dumps(whole, ensure_ascii=False)


# -- the processes -----------------------------------------------------------------------------


def _start(city: City, *, rounds: bool) -> None:
    at = ("--host", "127.0.0.1", "--port", city.api.split(":")[2].partition("/")[0])
    _unit(city, "prefect server", "-m", "prefect", "server", "start", *at)
    wait_until("the Prefect server", lambda: answers(f"{city.api}/health"), 400)
    _unit(city, "portal", "-m", "portal.serve")
    _unit(city, "reactions", "-m", "duban.reacting")
    if rounds:
        _unit(city, "rounds", "-m", "duban.serving")
    wait_until("the portal", lambda: answers(f"{city.portal}/health"), 400)


def _unit(city: City, name: str, *arguments: str) -> None:
    log = city.folder / f"{name.replace(' ', '-')}.log"
    city.units[name] = Unit(name, python(*arguments), log, city.env | {"PGAPPNAME": name})
    city.units[name].start()


def _stop(city: City) -> None:
    for unit in reversed(city.units.values()):
        unit.stop(patience=15)


def answers(address: str) -> bool:
    """Whether anybody answers there, and well."""
    try:
        return requests.get(address, timeout=3).ok
    except requests.RequestException:
        return False


# -- people ------------------------------------------------------------------------------------


class Guest:
    """Somebody signed in to the portal by a session of their own."""

    def __init__(self, city: City, login: str, token: str) -> None:
        self.login, self.portal, self.csrf = login, city.portal, ""
        self.web = requests.Session()
        self.web.cookies.set("duban", token)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request. Raises RequestException when the portal is away."""
        if not self.csrf and method != "GET":
            page = self.web.get(f"{self.portal}/account", timeout=PATIENCE).text
            self.csrf = page.partition('<meta name="csrf" content="')[2].partition('"')[0]
        return self.web.request(
            method, f"{self.portal}{path}", timeout=PATIENCE, allow_redirects=False,
            headers={"X-CSRF-Token": self.csrf, "Idempotency-Key": secrets.token_hex(8)}, **more,
        )  # fmt: skip

    def do(self, number: str, verb: str, **body: Any) -> bool:
        """Do something to a case; whether it was done."""
        return self.ask("POST", f"/api/v1/cases/{number}/{verb}", json=body).ok


def guest(city: City, login: str) -> Guest:
    """One of the demo's people."""
    accounts_, ledger = table(Account), city.ledger
    with ledger.snapshot() as connection:
        query = sa.select(accounts_.c.id).where(accounts_.c.login == login)
        found = connection.execute(query).scalar_one()
    return _signed_in(city, login, found)


def contacts(city: City) -> dict[str, Guest]:
    """The contact of every unit that has one to whom no account was given yet, by its name."""
    duties, houses, ledger = table(Duty), table(House), city.ledger
    query = (
        sa.select(sa.func.min(duties.c.person_id), houses.c.id, houses.c.name)
        .join(houses, houses.c.id == duties.c.unit_id)
        .where(duties.c.duty == DutyKind.CONTACT)
        .where(duties.c.person_id.not_in(sa.select(table(Account).c.person_id)))
        .group_by(houses.c.id, houses.c.name)
    )
    with ledger.transaction() as connection:
        made = {}
        for person, unit, name in connection.execute(query).tuples().all():
            account = accounts.add_account(
                connection, person, f"unit{unit}", secrets.token_urlsafe(12),
                [Grant(AccountRole.CONTACT, unit)], now(), must_change=False,
            )  # fmt: skip
            made[name] = (f"unit{unit}", account)
    return {name: _signed_in(city, *account) for name, account in made.items()}


def _signed_in(city: City, login: str, account: int) -> Guest:
    opened = accounts.open_session(city.ledger, account, now())
    assert isinstance(opened, accounts.Opened)
    return Guest(city, login, opened.token)
