"""Portals for tests, on real databases."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from ledger import accounts
from tests.portal.readers import PASSWORD, Portal, open_portal
from tests.world import World


@pytest.fixture(scope="session")
def hashed() -> str:
    """Hashing takes a sixth of a second on purpose; accounts of tests share one hash."""
    return accounts._hasher().hash(PASSWORD)


Routed = Callable[[FastAPI], FastAPI]


@pytest.fixture(scope="session")
def routed() -> Routed:
    """Lends a new application the routes of the first: to make them takes a seventh of a second."""
    first: list[FastAPI] = []

    def lend(fresh: FastAPI) -> FastAPI:
        first[:] = first or [fresh]
        for old, new in zip(_parts(first[0]), _parts(fresh), strict=True):
            old.state = new.state
        return first[0]

    return lend


def _parts(app: FastAPI) -> list[FastAPI]:
    """The application and those mounted in it: each has a state of its own."""
    mounts = (getattr(route, "app", None) for route in app.routes)
    return [app, *(mount for mount in mounts if isinstance(mount, FastAPI))]


@pytest.fixture
def portal(
    world: World, tmp_path: Path, hashed: str, monkeypatch: pytest.MonkeyPatch, routed: Routed
) -> Portal:
    """A portal on both databases."""
    return open_portal(world, tmp_path / "home", hashed, monkeypatch, routed)


@pytest.fixture
def sqlite_portal(
    sqlite_world: World,
    tmp_path: Path,
    hashed: str,
    monkeypatch: pytest.MonkeyPatch,
    routed: Routed,
) -> Portal:
    """A portal on SQLite only, where the database makes no difference."""
    return open_portal(sqlite_world, tmp_path / "home", hashed, monkeypatch, routed)


@pytest.fixture
def words() -> Callable[[str], str]:
    """The words of a page without its marks, in one line."""
    return lambda html: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
