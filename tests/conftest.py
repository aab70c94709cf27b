"""Real databases: every test of the ledger runs on SQLite and on PostgreSQL.

Each test gets a fresh copy of a database that was migrated and loaded once.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy.engine import URL

from ledger.database import Ledger, connect, migrate
from ledger.loading import load_shipped
from tests.ledger import postgresql
from tests.world import World

BOTH = ("sqlite", "postgresql")
LOADED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_surroundings() -> Iterator[None]:
    """What a command puts into the environment for its children ends with its test."""
    before = _surroundings()
    yield
    for name in _surroundings().keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("DUBAN_")}


class Databases(Protocol):
    """Gives the URL of a new database of a kind: empty, or with the shipped reference data."""

    def __call__(self, kind: str, *, empty: bool = False) -> str: ...


@pytest.fixture(scope="session")
def pg_server() -> Iterator[URL]:
    """A PostgreSQL server that lives as long as this run."""
    if os.environ.get("DUBAN_TEST_NO_PG") == "1":
        pytest.skip("DUBAN_TEST_NO_PG=1")
    with postgresql.server() as url:
        yield url


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "duban.db"
    _prepare(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _pg_template(pg_server: URL) -> Iterator[str]:
    name = f"duban_template_{os.getpid()}"
    _prepare(postgresql.create(pg_server, name))
    yield name
    postgresql.drop(pg_server, name)


def _prepare(url: str) -> None:
    migrate(url)
    ledger = connect(url)
    with ledger.transaction() as connection:
        load_shipped(connection, LOADED_AT)
    ledger.engine.dispose()


_serial = count(1)


@pytest.fixture
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Makes databases for one test, and removes them."""
    made: list[str] = []

    def on_postgresql(name: str, empty: bool) -> str:
        server = request.getfixturevalue("pg_server")
        template = "template0" if empty else request.getfixturevalue("_pg_template")
        made.append(name)
        return postgresql.create(server, name, template)

    def on_sqlite(name: str, empty: bool) -> str:
        file = tmp_path / f"{name}.db"
        if not empty:
            shutil.copy(request.getfixturevalue("_sqlite_template"), file)
        return f"sqlite:///{file}"

    make: dict[str, Callable[[str, bool], str]] = {
        "sqlite": on_sqlite,
        "postgresql": on_postgresql,
    }

    def database(kind: str, *, empty: bool = False) -> str:
        return make[kind](f"duban_{os.getpid()}_{next(_serial)}", empty)

    yield database
    for name in made:
        postgresql.drop(request.getfixturevalue("pg_server"), name)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, databases: Databases) -> str:
    """The URL of a fresh ledger with the shipped reference data, on both databases."""
    return databases(request.param)


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    """A fresh ledger with the shipped reference data, on both databases."""
    opened = connect(database)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def world(ledger: Ledger, tmp_path: Path) -> World:
    """A small city on a fresh ledger, on both databases."""
    return World(ledger, tmp_path / "messages")


@pytest.fixture
def sqlite_world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    """A small city on SQLite only, where the database makes no difference."""
    opened = connect(databases("sqlite"))
    yield World(opened, tmp_path / "messages")
    opened.engine.dispose()


@pytest.fixture
def pg_world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    """A small city on PostgreSQL only, for what SQLite cannot show."""
    opened = connect(databases("postgresql"))
    yield World(opened, tmp_path / "messages")
    opened.engine.dispose()
