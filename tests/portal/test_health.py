"""探活: the process lives, and is ready or says why not; people hear of it kindly."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from documents.store import Store
from ledger.database import REVISION
from portal.pages import health
from tests.portal.readers import Portal, open_portal
from tests.world import World

Words = Callable[[str], str]


@pytest.fixture
def pg_portal(
    pg_world: World, tmp_path: Path, hashed: str, monkeypatch: pytest.MonkeyPatch
) -> Portal:
    """A portal on PostgreSQL, which can be taken away from it."""
    return open_portal(pg_world, tmp_path / "home", hashed, monkeypatch)


@contextmanager
def away(world: World) -> Iterator[None]:
    """The database of a world lets nobody in, and has thrown out whoever was in."""
    url = world.ledger.engine.url
    beside = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    name, throw = url.database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    with beside.connect() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.exec_driver_sql(f"{throw} WHERE datname = '{name}'")
        try:
            yield
        finally:
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    beside.dispose()


def test_a_portal_that_can_work_is_ready(portal: Portal) -> None:
    nobody = portal.reader()
    for path, said in (("/health", "ok"), ("/ready", "ready")):
        answer = nobody.get(path)
        assert (answer.status_code, answer.text) == (200, said)
        assert answer.headers["cache-control"] == "no-store"


def test_without_its_database_it_lives_is_not_ready_and_recovers_by_itself(
    pg_portal: Portal, words: Words
) -> None:
    carol, nobody = pg_portal.reader("carol"), pg_portal.reader()
    number = pg_portal.world.report("东湖路1号", "垃圾堆放未清理")
    with away(pg_portal.world):
        assert nobody.get("/health").status_code == 200
        ready = nobody.get("/ready")
        assert (ready.status_code, ready.text) == (503, "ledger: the database cannot be used\n")
        for path in ("/board", "/sign-in", "/no-such-page", f"/cases/{number}"):
            page = carol.get(path)
            assert page.status_code == 503
            assert "数据库暂时没有应答" in words(page.text)
            assert "postgresql" not in page.text
            assert page.headers["retry-after"] == "30"
        problem = carol.get("/api/v1/cases")
        assert (problem.status_code, problem.json()["status"]) == (503, 503)
        assert "postgresql" not in problem.text
    assert nobody.get("/ready").status_code == 200
    assert number in carol.text(f"/cases/{number}")


def test_a_database_away_is_said_in_the_language_the_browser_asks_for(pg_portal: Portal) -> None:
    carol = pg_portal.reader("carol")
    with away(pg_portal.world):
        page = carol.get("/board", headers={"accept-language": "en-GB"}).text
    assert "The database of the system does not answer just now" in page
    assert 'lang="en"' in page


def test_a_ledger_of_another_revision_is_not_ready(sqlite_portal: Portal) -> None:
    with sqlite_portal.world.ledger.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0005'")
    answer = sqlite_portal.reader().get("/ready")
    assert answer.status_code == 503
    assert answer.text == f"ledger: of revision 0005, this program needs {REVISION}\n"


def test_a_store_that_cannot_be_written_is_not_ready(sqlite_portal: Portal, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    sqlite_portal.app.state.house.store = Store(str(folder))
    assert sqlite_portal.reader().get("/ready").status_code == 200
    assert not [file for file in folder.rglob("*") if file.is_file()]
    shutil.rmtree(folder)
    folder.write_text("a file where the folder was")
    answer = sqlite_portal.reader().get("/ready")
    assert (answer.status_code, answer.text) == (503, "evidence store: cannot be written\n")


def test_what_hangs_holds_up_no_probe_and_is_asked_once_for_all(
    sqlite_portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, asked = threading.Event(), []

    class Hanging:
        def probe(self) -> None:
            asked.append(1)
            gate.wait(10)

    sqlite_portal.app.state.house.store = Hanging()
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    nobody = sqlite_portal.reader()
    for _ in range(2):
        answer = nobody.get("/ready")
        assert answer.status_code == 503
        assert "no answer" in answer.text
        assert nobody.get("/health").status_code == 200
    assert len(asked) == 1
    gate.set()
