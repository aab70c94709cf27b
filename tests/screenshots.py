"""`make screenshots`: every page of the portal, on a phone and on a PC, in both languages.

The demo's fortnight is played on a ledger of its own, the portal serves it, and a real browser
looks at it as each role. The pictures lie in `screenshots/`, to be looked at; what is not as it
should be (an address that fails, a page wider than a phone) is said and makes the run fail.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pendulum
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, sync_playwright

from duban import demo
from duban.session import now
from duban.settings import Settings
from ledger import accounts, loading, measures, reference, sweeps
from ledger.changes import table
from ledger.database import Ledger, connect, migrate
from ledger.look_back import draw
from models.account import AccountRole
from models.case import Case, Status
from models.escalation import Escalation
from models.instants import plain
from models.person import Person
from models.unit import Area, Unit
from portal.app import create
from rules.permission import Grant
from tasks import sending
from tasks.papers import take
from tests.browser.conftest import CALM, Server

OUT = Path("screenshots")
SIZES = {"pc": (1366, 850), "phone": (390, 844)}
LANGS = ("zh", "en")
R = AccountRole


@dataclass(frozen=True, slots=True)
class Stage:
    """The portal on a played ledger, and who can look at it: a token for each role."""

    address: str
    ledger: Ledger
    tokens: dict[str, str]

    def case(self, *statuses: Status, offset: int = 0) -> str:
        """The number of a case that stands there."""
        cases = table(Case)
        query = sa.select(cases.c.number).where(cases.c.status.in_(statuses))
        with self.ledger.snapshot() as connection:
            return str(
                connection.execute(query.order_by(cases.c.id).offset(offset)).scalars().first()
            )

    def row(self) -> int:
        """A row of the escalation log."""
        log = table(Escalation)
        query = sa.select(log.c.id).where(log.c.level > 1).order_by(log.c.id.desc())
        with self.ledger.snapshot() as connection:
            return int(connection.execute(query).scalars().first() or 1)


Where = str | Callable[[Stage], str]

PAGES: tuple[tuple[str, str, Where], ...] = (
    ("", "sign-in", "/sign-in"),
    ("inspector", "hand-in", "/hand-in"),
    ("inspector", "verify", "/verify"),
    ("inspector", "handed-in", "/handed-in"),
    ("inspector", "case-to-verify", lambda s: f"/cases/{s.case(Status.SUBMITTED)}"),
    ("contact", "mine", "/mine"),
    ("contact", "case", lambda s: f"/cases/{s.case(Status.IN_PROGRESS)}"),
    ("contact", "mine-empty", "/mine?text=nothing-like-this"),
    ("supervisor", "board", "/board"),
    ("supervisor", "log", "/log"),
    ("supervisor", "log-row", lambda s: f"/log/{s.row()}"),
    ("supervisor", "cases", "/cases"),
    ("supervisor", "case", lambda s: f"/cases/{s.case(Status.DISPATCHED)}"),
    ("supervisor", "case-returned", lambda s: f"/cases/{s.case(Status.RETURNED)}"),
    ("supervisor", "case-closed", lambda s: f"/cases/{s.case(Status.CLOSED)}"),
    ("supervisor", "why", lambda s: f"/cases/{s.case(Status.IN_PROGRESS)}/why"),
    ("supervisor", "transfer", lambda s: f"/cases/{s.case(Status.IN_PROGRESS)}/do/transfer"),
    ("supervisor", "wall", "/wall"),
    ("supervisor", "running", "/running"),
    ("supervisor", "account", "/account"),
    ("supervisor", "password", "/password"),
    ("supervisor", "missing", "/cases/2026-999999"),
    ("administrator", "admin", "/admin"),
)


def main(arguments: list[str]) -> int:
    """Take the pictures; 1 when a page was not as it should be. Names pick pages."""
    OUT.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, _stage(Path(folder)) as stage, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=list(CALM))
        wrong = list(_all(browser, stage, arguments))
        browser.close()
    print("\n".join(wrong) or f"every page is in {OUT}/")
    return 1 if wrong else 0


def _all(browser: Browser, stage: Stage, wanted: list[str]) -> Iterator[str]:
    for size, (width, height) in SIZES.items():
        for lang in LANGS:
            for role in dict.fromkeys(role for role, _, _ in _pages(stage)):
                context = browser.new_context(viewport={"width": width, "height": height})
                cookies = {"duban-lang": lang} | ({"duban": stage.tokens[role]} if role else {})
                context.add_cookies(
                    [{"name": n, "value": v, "url": stage.address} for n, v in cookies.items()]
                )
                for name, path in [(n, w) for r, n, w in _pages(stage) if r == role]:
                    if not wanted or name in wanted or role in wanted:
                        file = OUT / f"{role or 'nobody'}-{name}-{size}-{lang}.png"
                        page = context.new_page()
                        yield from _shoot(page, stage.address + path, file)
                        page.close()
                context.close()


def _pages(stage: Stage) -> list[tuple[str, str, str]]:
    fixed = [(r, n, w if isinstance(w, str) else w(stage)) for r, n, w in PAGES]
    return [*fixed, *_admin_pages()]


def _admin_pages() -> list[tuple[str, str, str]]:
    from portal.pages import routers

    paths = sorted(
        {
            route.path
            for router in routers()
            for route in router.routes
            if route.path.startswith("/admin/") and "{" not in route.path
            and "GET" in (getattr(route, "methods", None) or ())
        }
    )  # fmt: skip
    return [("administrator", path.strip("/").replace("/", "-"), path) for path in paths]


def _shoot(page: Page, url: str, file: Path) -> Iterator[str]:
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    answer = page.goto(url, wait_until="load")
    page.wait_for_timeout(250)
    page.screenshot(path=file, full_page=True)
    if answer is None or answer.status >= (500 if "999999" in url else 400):
        yield f"{file.name}: {answer.status if answer else 'no answer'} {url}"
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wide > 1:
        yield f"{file.name}: {wide} px wider than the screen"
    yield from (f"{file.name}: {t}" for t in troubles if "404" not in t)


# -- the stage ---------------------------------------------------------------------------------


@contextmanager
def _stage(folder: Path) -> Iterator[Stage]:
    ledger = played(folder)
    tokens = _tokens(ledger)
    server = Server(create(ledger, Settings(home=folder, _env_file=None)))  # type: ignore[call-arg]
    server.start()
    try:
        yield Stage(f"http://127.0.0.1:{server.port}", ledger, tokens)
    finally:
        server.stop()


def played(folder: Path, days: int = 14) -> Ledger:
    """A ledger on which the demo's fortnight has been played, without Prefect."""
    url = f"sqlite:///{folder / 'duban.db'}"
    migrate(url)
    ledger = connect(url)
    with ledger.transaction() as connection:
        loading.load_shipped(connection, datetime(2026, 1, 1, tzinfo=UTC))
        text = (loading.SHIPPED / "demo" / "city.yaml").read_text("utf-8")
        loading.load_city(connection, loading.parse_city(text, "city.yaml"))
    zone = reference.zone(ledger)
    start = plain(pendulum.now(zone.key).start_of("day").subtract(days=days))

    def sweep(at: datetime) -> None:
        sweeps.dispatch_filed(ledger, at)
        sweeps.follow_up(ledger, at)
        measures.propose(ledger, at)
        sending.deliver(ledger, at, folder / "messages")

    def hand_in(name: str, data: bytes, at: datetime) -> None:
        take(ledger, data, name, at, folder / f"refused-{name}")

    demo.play(ledger, start, sweep, hand_in, days=days)
    draw(ledger, start + timedelta(days=days))
    return ledger


ROLES = {
    "inspector": (R.INSPECTOR, "", "chenglan"),
    "contact": (R.CONTACT, "csgl", ""),
    "supervisor": (R.SUPERVISOR, "", ""),
    "administrator": (R.ADMINISTRATOR, "", ""),
}


def _tokens(ledger: Ledger) -> dict[str, str]:
    found = {}
    with ledger.transaction() as connection:
        people = _ids(connection, Person)
        units, areas = _ids(connection, Unit), _ids(connection, Area)
        for person, (name, (role, unit, area)) in zip(people.values(), ROLES.items(), strict=False):
            grant = Grant(role, units.get(unit), areas.get(area))
            account = accounts.add_account(
                connection, person, name, "a plain long sentence", [grant], now(), must_change=False
            )
            found[name] = accounts.new_session(connection, person, now(), account_id=account)
    return found


def _ids(connection: sa.Connection, model: Any) -> dict[str, int]:
    rows = table(model)
    query = sa.select(rows.c.code, rows.c.id).order_by(rows.c.id)
    return {row.code: row.id for row in connection.execute(query)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
