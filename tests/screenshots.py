"""`make screenshots`: every page of the portal, on a phone and on a PC, in both languages.

The demo's fortnight is played on a ledger of its own, the portal serves it, and a real browser
looks at it as each role. The pictures lie in `screenshots/`, to be looked at; what is not as it
should be (an address that fails, a script that breaks, a page wider than the screen, a picture
that does not come, words left in the other language, whom it shuts out by axe-core) is said and
makes the run fail.

    python -m tests.screenshots [--small] [NAME …]

A name picks pages: of a role, or one page. What the demo city has no case for is shot in the
small city of the tests, which has one in every status; with `--small` everything is.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pendulum
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

from documents.store import Store
from duban import demo
from duban.demo_accounts import ACCOUNTS
from duban.session import now
from duban.settings import Settings
from ledger import accounts, loading, measures, reference, sweeps
from ledger.changes import table
from ledger.database import Ledger, connect, migrate
from ledger.look_back import draw
from models.instants import plain
from models.person import Person
from models.unit import Area, Unit
from portal.app import create
from rules.permission import Grant
from tasks import sending
from tasks.papers import take
from tests.browser.conftest import CALM, PC, PHONE, Server
from tests.browser.looking import AXE, faults
from tests.browser.pages import PAGES, Page
from tests.browser.stage import ROLES, SIGN_IN, Stage, furnish, stage_on
from tests.portal.readers import open_portal
from tests.world import World

OUT = Path("screenshots")
SIZES: dict[str, dict[str, Any]] = {"pc": PC, "phone": PHONE}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
SETTLED = 250
"""Milliseconds for scripts to have drawn."""
UNIT = "dc-zhzf"
"""The unit of Bob's account in the demo city."""
TROUBLES = """lang => {
  const found = [];
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 1) found.push(`${wide} px wider than the screen`);
  const heads = document.querySelectorAll('h1').length;
  if (heads !== 1) found.push(`${heads} headings of the first order`);
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  const twice = ids.filter((id, n) => ids.indexOf(id) !== n);
  if (twice.length) found.push(`ids that occur twice: ${[...new Set(twice)]}`);
  for (const img of document.images)
    if (img.complete && !img.naturalWidth) found.push(`no picture: ${img.getAttribute('src')}`);
  if (/\\bNone\\b|\\{\\{|%\\(|\\[object/.test(document.body.innerText))
    found.push('something unfinished is printed');
  if (lang === 'en') {
    const own = e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('');
    const said = 'label, legend, th, h2, .label, .hint, button > span, summary > span';
    const left = [...document.querySelectorAll(said)].map(own)
      .filter(t => /[\\u4e00-\\u9fff]/.test(t) && !/[a-z]/i.test(t));
    if (left.length) found.push(`not translated: ${[...new Set(left)].slice(0, 5)}`);
  }
  return found;
}"""


def main(arguments: list[str]) -> int:
    """Take the pictures; 1 when a page was not as it should be."""
    OUT.mkdir(exist_ok=True)
    names = {word for word in arguments if not word.startswith("-")}
    left = [page for page in PAGES if not names or {page.role, page.name} & names]
    wrong = 0
    for city in [small] if "--small" in arguments else [played_city, small]:
        wrong += _visit(city, left)
        left = [page for page in left if not _file(page, "pc", "zh").exists()]
    for page in left:
        print(f"{page.role} {page.name}: nowhere is such a case")
    print(f"pages as they should be are in {OUT}/; {wrong + len(left)} things are not")
    return 1 if wrong or left else 0


def _visit(city: Callable[[Path], AbstractContextManager[Stage]], pages: list[Page]) -> int:
    """Shoot the pages that a city has; says what was wrong, and gives how much."""
    if not pages:
        return 0
    for page in pages:
        _file(page, "pc", "zh").unlink(missing_ok=True)
    with TemporaryDirectory() as folder, city(Path(folder)) as stage, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=list(CALM))
        wrong = 0
        for said in _all(browser, stage, pages):
            print(said, flush=True)
            wrong += 1
        browser.close()
    return wrong


def _file(page: Page, size: str, lang: str) -> Path:
    return OUT / f"{page.role or 'nobody'}-{page.name}-{size}-{lang}.png"


def _all(browser: Browser, stage: Stage, wanted: list[Page]) -> Iterator[str]:
    asked = [stage.filled(page) for page in wanted if not stage.lacks(page)]
    for size, look in SIZES.items():
        for lang, locale in LOCALES.items():
            for role in dict.fromkeys(page.role for page in asked):
                context = browser.new_context(
                    base_url=stage.address, bypass_csp=True, locale=locale, **look
                )
                context.add_init_script(path=AXE)
                context.add_cookies(stage.cookies(role, lang))
                shown = [each for each in asked if each.role == role]
                print(f"{role or 'nobody'} · {size} · {lang}: {len(shown)}", file=sys.stderr)
                for page in shown:
                    file = _file(page, size, lang)
                    tab = context.new_page()
                    yield from (f"{file.name}: {said}" for said in _shoot(tab, page, lang, file))
                    tab.close()
                context.close()


def _shoot(tab: Tab, page: Page, lang: str, file: Path) -> Iterator[str]:
    said: list[str] = []
    tab.on("pageerror", lambda error: said.append(f"script: {error}"))
    tab.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    answer = tab.goto(page.address, wait_until="load")
    tab.wait_for_timeout(SETTLED)
    tab.screenshot(path=file, full_page=True)
    if answer is None or answer.status != page.status:
        yield f"{answer.status if answer else 'no answer'} {page.address}"
    yield from tab.evaluate(TROUBLES, lang)
    yield from faults(tab)
    # A page that is answered with a refusal on purpose is an error to the console.
    yield from (each for each in said if f"{page.status} (" not in each)


# -- the demo city -----------------------------------------------------------------------------


@contextmanager
def played_city(folder: Path) -> Iterator[Stage]:
    """The demo city after its fortnight, seen by those who have an account there."""
    settings = _settings(folder)
    ledger = played(folder, Store(settings.store()))
    held = {account.role.value: _account(ledger, account) for account in reversed(ACCOUNTS)}
    with _served(create(ledger, settings)) as server:
        yield stage_on(server.app, _at(server), held, UNIT, now())


def _settings(folder: Path) -> Settings:
    (folder / "sign-in.yaml").write_text(SIGN_IN, "utf-8")
    return Settings(home=folder, sign_in_file=folder / "sign-in.yaml", _env_file=None)  # type: ignore[call-arg]


@contextmanager
def _served(app: Any) -> Iterator[Server]:
    server = Server(app)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _at(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def played(folder: Path, store: Store | None = None, days: int = 14) -> Ledger:
    """A ledger on which the demo's fortnight has been played, without Prefect."""
    ledger = _loaded(folder)
    with ledger.transaction() as connection:
        loading.load_city(connection, demo.city())
    zone = reference.zone(ledger)
    start = plain(pendulum.now(zone.key).start_of("day").subtract(days=days))

    def sweep(at: datetime) -> None:
        sweeps.dispatch_filed(ledger, at)
        sweeps.follow_up(ledger, at)
        measures.propose(ledger, at)
        sending.deliver(ledger, at, folder / "messages")

    def hand_in(name: str, data: bytes, at: datetime) -> None:
        take(ledger, data, name, at, folder / f"refused-{name}")

    demo.play(ledger, start, sweep, hand_in, days=days, store=store)
    draw(ledger, start + timedelta(days=days))
    return ledger


def _loaded(folder: Path) -> Ledger:
    url = f"sqlite:///{folder / 'duban.db'}"
    migrate(url)
    ledger = connect(url)
    with ledger.transaction() as connection:
        loading.load_shipped(connection, datetime(2026, 1, 1, tzinfo=UTC))
    return ledger


def _account(ledger: Ledger, account: Any) -> int:
    with ledger.transaction() as connection:
        grant = Grant(
            account.role, _id(connection, Unit, account.unit), _id(connection, Area, account.area)
        )
        person = _id(connection, Person, account.person)
        assert person is not None, account
        return accounts.add_account(
            connection, person, account.login, "a plain long sentence", [grant], now(),
            must_change=False,
        )  # fmt: skip


def _id(connection: sa.Connection, model: Any, code: str) -> int | None:
    rows = table(model)
    return connection.execute(sa.select(rows.c.id).where(rows.c.code == code)).scalar()


# -- the small city ----------------------------------------------------------------------------


@contextmanager
def small(folder: Path) -> Iterator[Stage]:
    """The small city of the tests, with a case in every status."""
    world = World(_loaded(folder), folder / "messages")
    hashed = accounts._hasher().hash("a plain long sentence")
    with pytest.MonkeyPatch.context() as patch:
        settings = _settings(folder)
        portal = open_portal(world, folder, hashed, patch, sign_in_file=settings.sign_in_file)
    furnish(portal)
    held = {role: portal.accounts[code] for role, code in ROLES.items()}
    with _served(portal.app) as server:
        yield stage_on(portal.app, _at(server), held, "csgl", world.now)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
