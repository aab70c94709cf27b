"""What /metrics shows, asked once for all tests of what reads it."""

import shutil

import pytest

from ledger.database import connect
from tests.conftest import Templates, file_of
from tests.deploy.shown import Shown, shown_of


@pytest.fixture(scope="session")
def shown(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Of a small city that has lived through a little of everything."""
    folder = tmp_path_factory.mktemp("shown")
    shutil.copy(file_of(templates("sqlite", "city")), folder / "duban.db")
    ledger = connect(f"sqlite:///{folder / 'duban.db'}")
    found = shown_of(ledger, folder)
    ledger.engine.dispose()
    return found
