"""Portals for tests, on real databases."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import accounts
from tests.portal.readers import PASSWORD, Portal, open_portal
from tests.world import World


@pytest.fixture(scope="session")
def hashed() -> str:
    """Hashing takes a sixth of a second on purpose; accounts of tests share one hash."""
    return accounts._hasher().hash(PASSWORD)


@pytest.fixture
def portal(world: World, tmp_path: Path, hashed: str, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """A portal on both databases."""
    return open_portal(world, tmp_path / "home", hashed, monkeypatch)


@pytest.fixture
def sqlite_portal(
    sqlite_world: World, tmp_path: Path, hashed: str, monkeypatch: pytest.MonkeyPatch
) -> Portal:
    """A portal on SQLite only, where the database makes no difference."""
    return open_portal(sqlite_world, tmp_path / "home", hashed, monkeypatch)


@pytest.fixture
def words() -> Callable[[str], str]:
    """The words of a page without its marks, in one line."""
    return lambda html: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
