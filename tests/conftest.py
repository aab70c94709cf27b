"""Real databases: every test of the ledger runs on SQLite and on PostgreSQL.

Each test gets a fresh copy of a database that was migrated and loaded once.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from ledger.database import Ledger, connect, migrate
from ledger.loading import load_shipped
from tests.ledger import postgresql
from tests.world import World, found

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


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Engines of a kind share what they have compiled, though each test has its own database."""
    create, first = sa.create_engine, dict[str, sa.Engine]()

    def sharing(url: Any, **more: Any) -> sa.Engine:
        engine = create(url, query_cache_size=5_000, **more)
        known = first.get(engine.dialect.name, engine)
        if hasattr(known.dialect, "default_isolation_level"):  # it has been connected
            engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
        else:
            first[engine.dialect.name] = engine
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sa, "create_engine", sharing)
        yield


Templates = Callable[[str, str], str]


def file_of(url: str) -> str:
    """The file of a database on SQLite."""
    return str(make_url(url).database)


class Databases(Protocol):
    """Gives the URL of a new database of a kind: empty (""), with what is "shipped", or with the
    small "city" too.
    """

    def __call__(self, kind: str, holds: str = "shipped") -> str: ...


@pytest.fixture(scope="session")
def pg_server() -> Iterator[URL]:
    """A PostgreSQL server that lives as long as this run."""
    if os.environ.get("DUBAN_TEST_NO_PG") == "1":
        pytest.skip("DUBAN_TEST_NO_PG=1")
    with postgresql.server() as url:
        yield url


@pytest.fixture(scope="session")
def _new_on_postgresql(pg_server: URL) -> Iterator[Callable[[str], str]]:
    """Makes an empty database that lasts as long as this run."""
    made: list[str] = []

    def new(name: str) -> str:
        made.append(name)
        return postgresql.create(pg_server, name)

    yield new
    for name in made:
        postgresql.drop(pg_server, name)


@pytest.fixture(scope="session")
def templates(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Templates:
    """The URL of the database of a kind that is copied for each test; made when first asked for."""

    @cache
    def template(kind: str, holds: str) -> str:
        name = f"duban_{holds}_{os.getpid()}"
        if kind == "postgresql":
            url = str(request.getfixturevalue("_new_on_postgresql")(name))
        else:
            url = f"sqlite:///{tmp_path_factory.mktemp(name) / 'duban.db'}"
        _prepare(url, holds)
        return url

    return template


def _prepare(url: str, holds: str) -> None:
    migrate(url)
    ledger = connect(url)
    with ledger.transaction() as connection:
        load_shipped(connection, LOADED_AT)
    if holds == "city":
        found(ledger)
    ledger.engine.dispose()


_serial = count(1)


@pytest.fixture
def databases(
    request: pytest.FixtureRequest, templates: Templates, tmp_path: Path
) -> Iterator[Databases]:
    """Makes databases for one test, and removes them."""
    made: list[str] = []

    def on_postgresql(name: str, holds: str) -> str:
        copied = make_url(templates("postgresql", holds)).database if holds else "template0"
        made.append(name)
        return postgresql.create(request.getfixturevalue("pg_server"), name, str(copied))

    def on_sqlite(name: str, holds: str) -> str:
        file = tmp_path / f"{name}.db"
        if holds:
            shutil.copy(file_of(templates("sqlite", holds)), file)
        return f"sqlite:///{file}"

    make: dict[str, Callable[[str, str], str]] = {
        "sqlite": on_sqlite,
        "postgresql": on_postgresql,
    }

    def database(kind: str, holds: str = "shipped") -> str:
        return make[kind](f"duban_{os.getpid()}_{next(_serial)}", holds)

    yield database
    for name in made:
        postgresql.drop(request.getfixturevalue("pg_server"), name)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, databases: Databases) -> str:
    """The URL of a fresh ledger with the shipped reference data, on both databases.

    Of the small city, where that is asked for too.
    """
    return databases(request.param, "city" if "world" in request.fixturenames else "shipped")


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
    opened = connect(databases("sqlite", "city"))
    yield World(opened, tmp_path / "messages")
    opened.engine.dispose()


@pytest.fixture
def pg_world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    """A small city on PostgreSQL only, for what SQLite cannot show."""
    opened = connect(databases("postgresql", "city"))
    yield World(opened, tmp_path / "messages")
    opened.engine.dispose()
