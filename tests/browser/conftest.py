"""A real browser on a real server: each portal is served on a free port of this machine.

Without Chromium these tests are skipped; with DUBAN_BROWSER=required they fail instead.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ledger import accounts
from ledger.database import connect
from tests.browser.looking import Look, look_at
from tests.browser.stage import ROLES, SIGN_IN, Stage, furnish, stage_on
from tests.conftest import Databases, Templates, file_of
from tests.portal.readers import PASSWORD, Portal, open_portal
from tests.world import World

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True,
}  # fmt: skip
PC: dict[str, Any] = {"viewport": {"width": 1366, "height": 850}}
CALM = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
)  # fmt: skip
PATIENCE = 15_000
"""Milliseconds a page may take on a busy machine before its test fails."""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser of these tests. It goes with them: others could not use an event loop here."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        missing = "no chromium on the PATH (Debian: apt-get install chromium)"
        if os.environ.get("DUBAN_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=list(CALM))
        yield browser
        browser.close()


@dataclass
class Server:
    """A portal on a free port of this machine. `stop` and `start` keep the port."""

    app: FastAPI
    port: int = 0
    _running: tuple[uvicorn.Server, Thread] | None = None

    def start(self) -> None:
        """Serve from now on."""
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=self.port, log_level="warning", lifespan="off",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive(), "the portal did not come up"
        self.port = server.servers[0].sockets[0].getsockname()[1]
        self._running = server, thread

    def stop(self) -> None:
        """Serve no more."""
        if self._running is not None:
            server, thread = self._running
            server.should_exit = True
            thread.join(10)
            self._running = None


@dataclass
class BrowserPortal:
    """A served portal and the browsers that look at it."""

    portal: Portal
    server: Server
    chromium: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The city behind it."""
        return self.portal.world

    @property
    def url(self) -> str:
        """Its address, without a slash at its end."""
        return f"http://127.0.0.1:{self.server.port}"

    def phone(self, who: str = "", **more: Any) -> Page:
        """A page on a phone, signed in as somebody if named."""
        return self._page(who, {**PHONE, **more})

    def pc(self, who: str = "", **more: Any) -> Page:
        """A page on an office PC, signed in as somebody if named."""
        return self._page(who, {**PC, **more})

    def sign_in(self, page: Page, who: str) -> None:
        """Let the page's browser be signed in, as if by the door."""
        ledger, account = self.world.ledger, self.portal.accounts[who]
        opened = accounts.open_session(ledger, account, self.world.now, "test browser")
        assert isinstance(opened, accounts.Opened)
        page.context.add_cookies([{"name": "duban", "value": opened.token, "url": self.url}])

    def _page(self, who: str, options: dict[str, Any]) -> Page:
        context = self.chromium.new_context(base_url=self.url, locale="zh-CN", **options)
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        page = context.new_page()
        if who:
            self.sign_in(page, who)
        return page


@pytest.fixture(scope="session")
def browser_hash() -> str:
    """Hashing takes a sixth of a second on purpose; accounts of tests share one hash."""
    return accounts._hasher().hash(PASSWORD)


@pytest.fixture
def browser_portal(
    chromium: Browser,
    databases: Databases,
    tmp_path: Path,
    browser_hash: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[BrowserPortal]:
    """A portal on SQLite, served; its pages are closed and its server ended afterwards."""
    ledger = connect(databases("sqlite", "city"))
    world = World(ledger, tmp_path / "messages")
    portal = open_portal(world, tmp_path / "home", browser_hash, monkeypatch)
    server = Server(portal.app)
    server.start()
    served = BrowserPortal(portal, server, chromium)
    yield served
    for context in served.contexts:
        context.close()
    server.stop()
    ledger.engine.dispose()


@pytest.fixture(scope="session")
def stage(
    templates: Templates, tmp_path_factory: pytest.TempPathFactory, browser_hash: str
) -> Iterator[Stage]:
    """The furnished city, served once for all who only look at its pages."""
    home = tmp_path_factory.mktemp("stage")
    shutil.copy(file_of(templates("sqlite", "city")), home / "duban.db")
    (home / "sign-in.yaml").write_text(SIGN_IN, "utf-8")
    world = World(connect(f"sqlite:///{home / 'duban.db'}"), home / "messages")
    with pytest.MonkeyPatch.context() as patch:
        portal = open_portal(world, home, browser_hash, patch, sign_in_file=home / "sign-in.yaml")
    furnish(portal)
    server = Server(portal.app)
    server.start()
    who = {role: portal.accounts[code] for role, code in ROLES.items()}
    yield stage_on(portal.app, f"http://127.0.0.1:{server.port}", who, "csgl", world.now)
    server.stop()
    world.ledger.engine.dispose()


@pytest.fixture(scope="package")
def looks(stage: Stage, chromium: Browser) -> list[Look]:
    """One look at each kind of page, for all that is promised of every page.

    With DUBAN_BROWSER=every at every page of the list, as `make screenshots` does.
    """
    every = os.environ.get("DUBAN_BROWSER") == "every"
    return look_at(stage, chromium, (page for page in stage.pages() if every or page.telling))
