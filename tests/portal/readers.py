"""The portal in tests: a real application on a real ledger, and people who are signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from duban.settings import Settings
from ledger import accounts
from ledger.changes import table
from models.account import AccountRole
from models.person import Person
from models.unit import Area, Unit
from portal.app import create
from portal.seeing import token_of
from rules.permission import Grant
from tests.world import World

PASSWORD = "a plain long sentence"

PEOPLE: dict[str, tuple[tuple[AccountRole, str, str], ...]] = {
    "alice": ((AccountRole.INSPECTOR, "", "city"),),
    "bob": ((AccountRole.CONTACT, "csgl", ""),),
    "head": ((AccountRole.HEAD, "csgl", ""),),
    "builder": ((AccountRole.CONTACT, "zjj", ""),),
    "carol": ((AccountRole.SUPERVISOR, "", ""),),
    "leader": ((AccountRole.LEADER, "", "city"),),
    "mallory": (
        (AccountRole.CONTACT, "west", ""),
        (AccountRole.INSPECTOR, "", "west"),
        (AccountRole.SUPERVISOR, "", "west"),
    ),
    "discipline": ((AccountRole.ADMINISTRATOR, "", ""),),
}
"""Who has which role, and where: of a unit, or of an area. Mallory has everything in the west."""


@dataclass
class Reader:
    """Somebody at a browser. Pages are asked for as a browser does, forms sent as a page does."""

    client: TestClient
    csrf: str

    def get(self, url: str, **more: Any) -> Any:
        """The answer to an address; redirects are not followed."""
        return self.client.get(url, follow_redirects=False, **more)

    def post(self, url: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """The answer to a form; redirects are not followed."""
        fields = {"csrf": self.csrf, **(data or {})}
        return self.client.post(url, data=fields, follow_redirects=False, **more)

    def text(self, url: str) -> str:
        """A page that must be there, as text."""
        answer = self.get(url)
        assert answer.status_code == 200, (url, answer.status_code, answer.text[:300])
        return str(answer.text)


@dataclass
class Portal:
    """The portal of a small city at the clock of its world."""

    world: World
    app: FastAPI
    accounts: dict[str, int]

    def reader(self, who: str = "") -> Reader:
        """Somebody signed in by their code; nobody in particular without one."""
        client = TestClient(self.app, base_url="http://testserver", raise_server_exceptions=False)
        if not who:
            client.get("/sign-in")
            before = client.cookies.get("duban-before") or ""
            return Reader(client, token_of(before))
        ledger, account = self.world.ledger, self.accounts[who]
        opened = accounts.open_session(ledger, account, self.world.now, "test browser")
        assert isinstance(opened, accounts.Opened)
        client.cookies.set("duban", opened.token)
        return Reader(client, token_of(opened.token))


def open_portal(
    world: World,
    home: Path,
    hashed: str,
    patch: pytest.MonkeyPatch,
    routed: Callable[[FastAPI], FastAPI] = lambda app: app,
    **more: Any,
) -> Portal:
    """Open the portal of a city; `routed` may lend it an application that has its routes."""
    settings = Settings(home=home, _env_file=None, **more)  # type: ignore[call-arg]
    app = routed(create(world.ledger, settings))
    app.state.house.clock = lambda: world.now
    patch.setattr(accounts._hasher().__class__, "hash", lambda _self, _password, **_: hashed)
    made = {}
    with world.ledger.transaction() as connection:
        ids = _ids(connection, Person), _ids(connection, Unit), _ids(connection, Area)
        for code, roles in PEOPLE.items():
            grants = [Grant(role, ids[1].get(unit), ids[2].get(area)) for role, unit, area in roles]
            made[code] = accounts.add_account(
                connection, ids[0][code], code, PASSWORD, grants, world.now, must_change=False
            )
    patch.undo()
    return Portal(world, app, made)


def _ids(connection: sa.Connection, model: Any) -> dict[str, int]:
    rows = table(model)
    return {row.code: row.id for row in connection.execute(sa.select(rows.c.id, rows.c.code))}
