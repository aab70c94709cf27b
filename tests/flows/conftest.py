"""Prefect's test server, once for all flows; and the surroundings a flow finds its ledger by."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness

from tests.world import World


@pytest.fixture(scope="package")
def prefect_server() -> Iterator[None]:
    """A Prefect server of this run's own."""
    with prefect_test_harness(server_startup_timeout=300):
        yield


@pytest.fixture
def city(
    sqlite_world: World,
    prefect_server: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> World:
    """A small city whose ledger and home the flows find in the environment."""
    monkeypatch.setenv("DUBAN_DATABASE_URL", str(sqlite_world.ledger.engine.url))
    monkeypatch.setenv("DUBAN_HOME", str(tmp_path))
    (tmp_path / "inbox").mkdir()
    return sqlite_world.at("2026-09-24 15:00")
